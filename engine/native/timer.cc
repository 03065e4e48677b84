#include "timer.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

#include "arguments.h"
#include "poller.h"

static const napi_type_tag kTimerTag = {0x69707365636c6162ULL, 0x74696d6572000001ULL};

namespace {
struct Timer {
  int fd;
  Poller poller;
  ~Timer() {
    if (fd >= 0) close(fd);
  }
};
}  // namespace

static Timer* Unwrap(napi_env env, napi_callback_info info, size_t* count, napi_value* arguments) {
  napi_value self;
  napi_get_cb_info(env, info, count, arguments, &self, nullptr);
  bool ours = false;
  if (!IsObject(env, self) || napi_check_object_type_tag(env, self, &kTimerTag, &ours) != napi_ok || !ours) {
    ThrowType(env, "not a timer");
    return nullptr;
  }
  void* timer = nullptr;
  napi_unwrap(env, self, &timer);
  return static_cast<Timer*>(timer);
}

/// arm(nanoseconds from now): 0 is as soon as possible, a negative number disarms. Replaces what was armed before.
static napi_value Arm(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  Timer* timer = Unwrap(env, info, &count, &argument);
  if (timer == nullptr) return nullptr;
  double nanoseconds = 0;
  if (napi_get_value_double(env, argument, &nanoseconds) != napi_ok || !(nanoseconds <= 9e15)) {
    ThrowType(env, "nanoseconds must be a number up to 9e15");
    return nullptr;
  }
  if (timer->fd < 0) {
    napi_throw_error(env, "EBADF", "the timer is closed");
    return nullptr;
  }
  itimerspec when = {};
  if (nanoseconds >= 0) {
    const auto whole = static_cast<int64_t>(nanoseconds < 1 ? 1 : nanoseconds);  // all zeros would disarm
    when.it_value.tv_sec = whole / 1000000000;
    when.it_value.tv_nsec = whole % 1000000000;
  }
  // Setting the time clears an expiration that nobody has read.
  timerfd_settime(timer->fd, 0, &when, nullptr);
  return nullptr;
}

/// Reads the expiration, so that readiness ends; true when there was one.
static napi_value Take(napi_env env, napi_callback_info info) {
  size_t count = 0;
  const Timer* timer = Unwrap(env, info, &count, nullptr);
  if (timer == nullptr) return nullptr;
  uint64_t expirations = 0;
  const bool expired = timer->fd >= 0 && read(timer->fd, &expirations, sizeof expirations) == sizeof expirations;
  napi_value result;
  napi_get_boolean(env, expired, &result);
  return result;
}

static napi_value Close(napi_env env, napi_callback_info info) {
  size_t count = 0;
  Timer* timer = Unwrap(env, info, &count, nullptr);
  if (timer == nullptr || timer->fd < 0) return nullptr;
  timer->poller.Stop(env);
  close(timer->fd);
  timer->fd = -1;
  return nullptr;
}

static napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr);
  return self;
}

bool DefineTimer(napi_env env, napi_value* constructor) {
  const napi_property_descriptor methods[] = {
      {"arm", nullptr, Arm, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"take", nullptr, Take, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"close", nullptr, Close, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  return napi_define_class(env, "Timer", NAPI_AUTO_LENGTH, Construct, nullptr, sizeof methods / sizeof *methods, methods, constructor) == napi_ok;
}

/// openTimer(callback): the callback runs on expiry, and calls take().
napi_value OpenTimer(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value callback;
  napi_get_cb_info(env, info, &count, &callback, nullptr, nullptr);
  napi_valuetype type = napi_undefined;
  napi_typeof(env, callback, &type);
  if (type != napi_function) {
    ThrowType(env, "the callback must be a function");
    return nullptr;
  }
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) {
    ThrowSystem(env, "timer", errno);
    return nullptr;
  }
  auto* timer = new Timer{fd, {}};
  void* references = nullptr;
  napi_get_instance_data(env, &references);
  napi_value constructor = nullptr;
  napi_value object = nullptr;
  napi_get_reference_value(env, static_cast<napi_ref*>(references)[1], &constructor);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Timer*>(data); };
  if (constructor == nullptr || napi_new_instance(env, constructor, 0, nullptr, &object) != napi_ok ||
      napi_wrap(env, object, timer, finalize, nullptr, nullptr) != napi_ok) {
    delete timer;
    return nullptr;
  }
  napi_type_tag_object(env, object, &kTimerTag);
  const int error = timer->poller.Watch(env, object, fd, UV_READABLE, callback);
  if (error != 0) {
    ThrowSystem(env, "timer", -error);
    return nullptr;
  }
  return object;
}
