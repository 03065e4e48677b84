#include "arguments.h"

#include <uv.h>

#include <cmath>

void ThrowType(napi_env env, const std::string& message) { napi_throw_type_error(env, nullptr, message.c_str()); }

void ThrowSystem(napi_env env, const std::string& what, int error) {
  const char* code = uv_err_name(-error);
  const std::string message = what + ": " + code + ": " + uv_strerror(-error);
  napi_throw_error(env, code, message.c_str());
}

static napi_valuetype TypeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type;
}

bool IsObject(napi_env env, napi_value value) { return TypeOf(env, value) == napi_object; }

bool GetProperty(napi_env env, napi_value options, const char* name, napi_value* value) {
  // Fails only when a getter of the caller's throws: that exception is pending then.
  return napi_get_named_property(env, options, name, value) == napi_ok;
}

static bool ReadString(napi_env env, napi_value value, const char* name, size_t limit, std::string* text) {
  size_t length = 0;
  if (TypeOf(env, value) != napi_string || napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    ThrowType(env, std::string(name) + " must be a string");
    return false;
  }
  if (length == 0 || length > limit) {
    ThrowType(env, std::string(name) + " must have 1 to " + std::to_string(limit) + " octets");
    return false;
  }
  text->resize(length + 1);
  napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length);
  text->resize(length);
  if (text->find('\0') != std::string::npos) {
    ThrowType(env, std::string(name) + " must not contain a NUL");
    return false;
  }
  return true;
}

bool GetString(napi_env env, napi_value options, const char* name, size_t limit, std::string* text) {
  napi_value value;
  return GetProperty(env, options, name, &value) && ReadString(env, value, name, limit, text);
}

bool GetOptionalString(napi_env env, napi_value options, const char* name, size_t limit, std::string* text) {
  napi_value value;
  if (!GetProperty(env, options, name, &value)) return false;
  const napi_valuetype type = TypeOf(env, value);
  if (type == napi_undefined || type == napi_null) return true;
  return ReadString(env, value, name, limit, text);
}

bool GetBoolean(napi_env env, napi_value options, const char* name, bool fallback, bool* result) {
  napi_value value;
  if (!GetProperty(env, options, name, &value)) return false;
  const napi_valuetype type = TypeOf(env, value);
  *result = fallback;
  if (type == napi_undefined) return true;
  if (type != napi_boolean) {
    ThrowType(env, std::string(name) + " must be a boolean");
    return false;
  }
  napi_get_value_bool(env, value, result);
  return true;
}

bool GetInteger(napi_env env, napi_value options, const char* name, int64_t least, int64_t most, int64_t fallback, int64_t* result) {
  napi_value value;
  if (!GetProperty(env, options, name, &value)) return false;
  *result = fallback;
  if (TypeOf(env, value) == napi_undefined) return true;
  double number = 0;
  if (TypeOf(env, value) != napi_number || napi_get_value_double(env, value, &number) != napi_ok ||
      !(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || std::floor(number) != number) {
    ThrowType(env, std::string(name) + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return false;
  }
  *result = static_cast<int64_t>(number);
  return true;
}

static bool TypedMemory(napi_env env, napi_value value, napi_typedarray_type wanted, const char* what, void** data, size_t* length) {
  bool is = false;
  napi_typedarray_type type;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is ||
      napi_get_typedarray_info(env, value, &type, length, data, nullptr, nullptr) != napi_ok || type != wanted) {
    ThrowType(env, what);
    return false;
  }
  return true;
}

bool ToOctets(napi_env env, napi_value value, const char* what, Octets* octets) {
  void* data = nullptr;
  if (!TypedMemory(env, value, napi_uint8_array, what, &data, &octets->length)) return false;
  octets->data = static_cast<uint8_t*>(data);
  return true;
}

bool ToWords(napi_env env, napi_value value, const char* what, Words* words) {
  void* data = nullptr;
  if (!TypedMemory(env, value, napi_uint32_array, what, &data, &words->length)) return false;
  words->data = static_cast<uint32_t*>(data);
  return true;
}

napi_value ToNumber(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}
