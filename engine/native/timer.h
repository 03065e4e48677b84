// A timer with the kernel's resolution (timerfd): Node's own count whole milliseconds.
#pragma once

#include <node_api.h>

bool DefineTimer(napi_env env, napi_value* constructor);
napi_value OpenTimer(napi_env env, napi_callback_info info);
