#include "poller.h"

#include <uv.h>

// libuv wants the handle to live until its close callback, which may be after the owner is gone, and the loop wants it
// closed before the environment (a Worker's, say) ends: hence a block of its own, and an asynchronous clean-up hook.
struct PollHandle {
  uv_poll_t poll;
  napi_env env;
  Poller* poller;
  int events;
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;

  static void OnReady(uv_poll_t* poll, int status, int events);
  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle hook, void* data);
  void Close();
};

void PollHandle::OnReady(uv_poll_t* poll, int status, int events) {
  auto* self = static_cast<PollHandle*>(poll->data);
  if (self->poller == nullptr) return;
  // libuv gives up on a descriptor with an error pending; ours have one whenever their interface goes down, and live on.
  if (status < 0) uv_poll_start(&self->poll, self->events, OnReady);
  const napi_env env = self->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value owner = nullptr;
  napi_value callback = nullptr;
  napi_get_reference_value(env, self->poller->owner_, &owner);
  napi_get_reference_value(env, self->poller->callback_, &callback);
  if (owner != nullptr && callback != nullptr) {
    // Reading clears the error: report it as readable.
    napi_value argument;
    napi_create_int32(env, status < 0 ? UV_READABLE : events, &argument);
    napi_value result;
    // The callback may close the owner: neither it nor `self` is touched after this.
    if (napi_make_callback(env, self->context, owner, callback, 1, &argument, &result) == napi_pending_exception) {
      napi_value error;
      if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
    }
  }
  napi_close_handle_scope(env, scope);
}

void PollHandle::OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<PollHandle*>(data);
  if (self->poller != nullptr) self->poller->Detach();
}

void PollHandle::Close() {
  poller = nullptr;
  uv_poll_stop(&poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll), [](uv_handle_t* closed) {
    auto* self = static_cast<PollHandle*>(closed->data);
    napi_remove_async_cleanup_hook(self->hook);
    delete self;
  });
}

void Poller::Detach() {
  if (handle_ == nullptr) return;
  PollHandle* handle = handle_;
  handle_ = nullptr;
  handle->Close();
}

int Poller::Watch(napi_env env, napi_value owner, int fd, int events, napi_value callback) {
  if (handle_ == nullptr) {
    uv_loop_t* loop = nullptr;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok || loop == nullptr) return UV_EINVAL;
    auto* handle = new PollHandle{};
    const int error = uv_poll_init(loop, &handle->poll, fd);
    if (error != 0) {
      delete handle;
      return error;
    }
    handle->poll.data = handle;
    handle->env = env;
    handle->poller = this;
    napi_value name;
    napi_create_string_utf8(env, "ipsec-lab", NAPI_AUTO_LENGTH, &name);
    napi_async_init(env, owner, name, &handle->context);
    napi_add_async_cleanup_hook(env, PollHandle::OnEnvironmentEnd, handle, &handle->hook);
    napi_create_reference(env, owner, 1, &owner_);
    handle_ = handle;
  }
  if (callback_ != nullptr) napi_delete_reference(env, callback_);
  callback_ = nullptr;
  napi_create_reference(env, callback, 1, &callback_);
  handle_->events = events;
  return uv_poll_start(&handle_->poll, events, PollHandle::OnReady);
}

void Poller::Stop(napi_env env) {
  if (handle_ != nullptr && handle_->context != nullptr) napi_async_destroy(env, handle_->context);
  Detach();
  if (owner_ != nullptr) napi_delete_reference(env, owner_);
  if (callback_ != nullptr) napi_delete_reference(env, callback_);
  owner_ = nullptr;
  callback_ = nullptr;
}
