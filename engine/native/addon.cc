// What Node lacks: packet sockets, TUN devices and UDP sockets with batches, sockets in other network namespaces, a fine timer, giving up rights.
// engine/native/addon.ts has the types and the documentation of what is exported here.
#include <node_api.h>
#include <uv.h>

#include "arguments.h"
#include "confine.h"
#include "device.h"
#include "open.h"
#include "timer.h"

static bool ExportNumber(napi_env env, napi_value exports, const char* name, double value) {
  return napi_set_named_property(env, exports, name, ToNumber(env, value)) == napi_ok;
}

NAPI_MODULE_INIT() {
  // One per environment (the main thread, each Worker): the classes of the objects that the open functions return.
  auto* classes = new napi_ref[2]{};
  napi_set_instance_data(env, classes, [](napi_env, void* data, void*) { delete[] static_cast<napi_ref*>(data); }, nullptr);
  napi_value device;
  napi_value timer;
  if (!Device::Define(env, &device) || !DefineTimer(env, &timer)) return nullptr;
  napi_create_reference(env, device, 1, &classes[0]);
  napi_create_reference(env, timer, 1, &classes[1]);

  const napi_property_descriptor functions[] = {
      {"openPacketSocket", nullptr, OpenPacketSocket, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"openTun", nullptr, OpenTun, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"openDatagrams", nullptr, OpenDatagrams, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"openSocket", nullptr, OpenSocket, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"openTimer", nullptr, OpenTimer, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"confine", nullptr, Confine, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  ExportNumber(env, exports, "slotOctets", kSlotOctets);
  ExportNumber(env, exports, "batchFrames", kBatchFrames);
  ExportNumber(env, exports, "readable", UV_READABLE);
  ExportNumber(env, exports, "writable", UV_WRITABLE);
  return exports;
}
