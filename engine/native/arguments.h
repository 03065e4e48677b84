// Reading JavaScript arguments and throwing errors, for the rest of the addon. Every function that can fail leaves a
// pending exception and returns false (or null): the caller returns at once.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

struct Octets {
  uint8_t* data;
  size_t length;
};

struct Words {
  uint32_t* data;
  size_t length;
};

/// Throws a TypeError.
void ThrowType(napi_env env, const std::string& message);

/// Throws an Error whose `code` is the name of `error` (a positive errno), like Node's own: `bind net0: EPERM: …`.
void ThrowSystem(napi_env env, const std::string& what, int error);

/// The value of `options[name]`; undefined when it is not there.
bool GetProperty(napi_env env, napi_value options, const char* name, napi_value* value);

/// A string without NUL, of 1 to `limit` octets.
bool GetString(napi_env env, napi_value options, const char* name, size_t limit, std::string* text);

/// The same, or null and undefined, which leave `text` empty.
bool GetOptionalString(napi_env env, napi_value options, const char* name, size_t limit, std::string* text);

bool GetBoolean(napi_env env, napi_value options, const char* name, bool fallback, bool* value);

/// A whole number from `least` to `most`; `fallback` when it is not there.
bool GetInteger(napi_env env, napi_value options, const char* name, int64_t least, int64_t most, int64_t fallback, int64_t* value);

bool IsObject(napi_env env, napi_value value);

/// The memory of a Uint8Array: valid until JavaScript runs again.
bool ToOctets(napi_env env, napi_value value, const char* what, Octets* octets);

/// The memory of a Uint32Array: valid until JavaScript runs again.
bool ToWords(napi_env env, napi_value value, const char* what, Words* words);

napi_value ToNumber(napi_env env, double value);
