#pragma once

#include <node_api.h>

/// See NativeAddon.confine in addon.ts.
napi_value Confine(napi_env env, napi_callback_info info);
