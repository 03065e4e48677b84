// The functions that open descriptors: packet sockets, TUN devices, UDP sockets for batches, and plain sockets inside a namespace.
#pragma once

#include <node_api.h>

napi_value OpenPacketSocket(napi_env env, napi_callback_info info);
napi_value OpenTun(napi_env env, napi_callback_info info);
napi_value OpenDatagrams(napi_env env, napi_callback_info info);
napi_value OpenSocket(napi_env env, napi_callback_info info);
