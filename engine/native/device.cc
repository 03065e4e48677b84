// The JavaScript face of a device: arguments are checked here, so that no misuse reaches the kernel or the memory of others.
#include "device.h"

#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <vector>

#include "arguments.h"

// Marks our objects: a method called on anything else must not find foreign memory behind it.
static const napi_type_tag kDeviceTag = {0x69707365636c6162ULL, 0x6465766963650001ULL};

/// `this` as a device, and its arguments; null with a pending exception.
static Device* Unwrap(napi_env env, napi_callback_info info, size_t* count, napi_value* arguments, napi_value* self) {
  napi_get_cb_info(env, info, count, arguments, self, nullptr);
  bool ours = false;
  if (!IsObject(env, *self) || napi_check_object_type_tag(env, *self, &kDeviceTag, &ours) != napi_ok || !ours) {
    ThrowType(env, "not a device");
    return nullptr;
  }
  void* device = nullptr;
  napi_unwrap(env, *self, &device);
  return static_cast<Device*>(device);
}

static Device* UnwrapOpen(napi_env env, napi_callback_info info, size_t* count, napi_value* arguments, napi_value* self) {
  Device* device = Unwrap(env, info, count, arguments, self);
  if (device != nullptr && device->fd < 0) {
    napi_throw_error(env, "EBADF", "the device is closed");
    return nullptr;
  }
  return device;
}

static napi_value Receive(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_value self;
  Device* device = UnwrapOpen(env, info, &count, arguments, &self);
  if (device == nullptr) return nullptr;
  Octets arena;
  Words descriptors;
  if (!ToOctets(env, arguments[0], "the arena must be a Uint8Array", &arena)) return nullptr;
  if (!ToWords(env, arguments[1], "the descriptors must be a Uint32Array", &descriptors)) return nullptr;
  const size_t slots = std::min(arena.length / kSlotOctets, descriptors.length / kReceiveWords);
  if (slots == 0) {
    ThrowType(env, "the arena or the descriptors have no room for one frame");
    return nullptr;
  }
  const int received = device->Receive(arena.data, descriptors.data, static_cast<uint32_t>(std::min<size_t>(slots, kBatchFrames)));
  if (received < 0) {
    ThrowSystem(env, "receive", -received);
    return nullptr;
  }
  return ToNumber(env, received);
}

/// The elements first, which may run getters of the caller's, and only then their memory, which those could have moved.
static bool CollectFrames(napi_env env, napi_value array, napi_value offloads, std::vector<Frame>* frames) {
  bool is_array = false;
  uint32_t count = 0;
  if (napi_is_array(env, array, &is_array) != napi_ok || !is_array || napi_get_array_length(env, array, &count) != napi_ok) {
    ThrowType(env, "the frames must be an array");
    return false;
  }
  if (count > 65536) {
    ThrowType(env, "too many frames for one call");
    return false;
  }
  std::vector<napi_value> elements(count);
  for (uint32_t i = 0; i < count; i++) {
    if (napi_get_element(env, array, i, &elements[i]) != napi_ok) return false;
  }
  Words words;
  if (!ToWords(env, offloads, "the offloads must be a Uint32Array", &words)) return false;
  if (words.length / kSendWords < count) {
    ThrowType(env, "fewer offloads than frames");
    return false;
  }
  frames->resize(count);
  for (uint32_t i = 0; i < count; i++) {
    Octets octets;
    if (!ToOctets(env, elements[i], "each frame must be a Uint8Array", &octets)) return false;
    (*frames)[i] = {octets.data, octets.length, words.data + static_cast<size_t>(i) * kSendWords};
  }
  return true;
}

static napi_value Send(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_value self;
  if (UnwrapOpen(env, info, &count, arguments, &self) == nullptr) return nullptr;
  std::vector<Frame> frames;
  if (!CollectFrames(env, arguments[0], arguments[1], &frames)) return nullptr;
  // A getter among the elements could have closed the device.
  count = 2;
  Device* device = UnwrapOpen(env, info, &count, arguments, &self);
  if (device == nullptr) return nullptr;
  const int sent = device->Send(frames.data(), static_cast<uint32_t>(frames.size()));
  if (sent < 0) {
    ThrowSystem(env, "send", -sent);
    return nullptr;
  }
  return ToNumber(env, sent);
}

static napi_value Watch(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_value self;
  Device* device = UnwrapOpen(env, info, &count, arguments, &self);
  if (device == nullptr) return nullptr;
  double events = -1;
  if (napi_get_value_double(env, arguments[0], &events) != napi_ok ||
      !(events == 0 || events == UV_READABLE || events == UV_WRITABLE || events == (UV_READABLE | UV_WRITABLE))) {
    ThrowType(env, "events must be 0, READABLE, WRITABLE or both");
    return nullptr;
  }
  if (events == 0) {
    device->poller.Stop(env);
    return nullptr;
  }
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments[1], &type);
  if (type != napi_function) {
    ThrowType(env, "the callback must be a function");
    return nullptr;
  }
  const int error = device->poller.Watch(env, self, device->fd, static_cast<int>(events), arguments[1]);
  if (error != 0) ThrowSystem(env, "watch", -error);
  return nullptr;
}

static napi_value ReadStatistics(napi_env env, napi_callback_info info) {
  size_t count = 0;
  napi_value self;
  Device* device = Unwrap(env, info, &count, nullptr, &self);
  if (device == nullptr) return nullptr;
  device->CountKernelDrops();
  const Statistics& s = device->statistics;
  napi_value result;
  napi_create_object(env, &result);
  const struct {
    const char* name;
    uint64_t value;
  } fields[] = {{"received", s.received}, {"kernelDrops", s.kernel_drops}, {"sent", s.sent}, {"refused", s.refused}, {"dropped", s.dropped}};
  for (const auto& field : fields) napi_set_named_property(env, result, field.name, ToNumber(env, static_cast<double>(field.value)));
  return result;
}

static napi_value Offloads(napi_env env, napi_callback_info info) {
  size_t count = 0;
  napi_value self;
  Device* device = Unwrap(env, info, &count, nullptr, &self);
  return device == nullptr ? nullptr : ToNumber(env, device->offloads);
}

static napi_value Close(napi_env env, napi_callback_info info) {
  size_t count = 0;
  napi_value self;
  Device* device = Unwrap(env, info, &count, nullptr, &self);
  if (device == nullptr || device->fd < 0) return nullptr;
  device->CountKernelDrops();
  device->poller.Stop(env);
  close(device->fd);
  device->fd = -1;
  return nullptr;
}

// Objects are made by the open functions alone: one that a caller constructs carries no tag, and every method refuses it.
static napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr);
  return self;
}

bool Device::Define(napi_env env, napi_value* constructor) {
  const napi_property_descriptor methods[] = {
      {"receive", nullptr, ::Receive, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"send", nullptr, ::Send, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"watch", nullptr, Watch, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"statistics", nullptr, ReadStatistics, nullptr, nullptr, nullptr, napi_default_method, nullptr},
      {"offloads", nullptr, nullptr, Offloads, nullptr, nullptr, napi_default, nullptr},
      {"close", nullptr, Close, nullptr, nullptr, nullptr, napi_default_method, nullptr},
  };
  return napi_define_class(env, "Device", NAPI_AUTO_LENGTH, Construct, nullptr, sizeof methods / sizeof *methods, methods, constructor) == napi_ok;
}

napi_value Device::Wrap(napi_env env, std::unique_ptr<Device> device) {
  void* constructor_reference = nullptr;
  napi_get_instance_data(env, &constructor_reference);
  napi_value constructor = nullptr;
  napi_value object = nullptr;
  napi_get_reference_value(env, static_cast<napi_ref*>(constructor_reference)[0], &constructor);
  if (constructor == nullptr || napi_new_instance(env, constructor, 0, nullptr, &object) != napi_ok) return nullptr;
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Device*>(data); };
  if (napi_wrap(env, object, device.get(), finalize, nullptr, nullptr) != napi_ok) return nullptr;
  device.release();
  napi_type_tag_object(env, object, &kDeviceTag);
  return object;
}
