// Readiness of a file descriptor on the event loop of the environment (uv_poll), delivered to a JavaScript callback.
#pragma once

#include <node_api.h>

struct PollHandle;

/// Belongs to one JavaScript object (its owner), which it keeps alive while it watches.
class Poller {
 public:
  Poller() = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  /// Stops without touching JavaScript references: for an owner that is being collected.
  ~Poller() { Detach(); }

  /// Calls `callback(events)` when `fd` is ready, with UV_READABLE and UV_WRITABLE as asked for in `events` (not 0).
  /// Replaces an earlier watch. Returns 0 or a negative libuv error.
  int Watch(napi_env env, napi_value owner, int fd, int events, napi_value callback);

  /// After this the callback does not run again, and the fd may be closed.
  void Stop(napi_env env);

 private:
  friend struct PollHandle;
  void Detach();

  PollHandle* handle_ = nullptr;
  napi_ref owner_ = nullptr;
  napi_ref callback_ = nullptr;
};
