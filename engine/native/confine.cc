#include "confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.h"
#include "every-thread.h"
#include "syscall-filter.h"

namespace {
struct Rights {
  /// -1: as they are.
  int64_t uid;
  int64_t gid;
  bool is_main_done;
  bool user_kept;
  bool bounding_kept;
};

/// System calls alone, without libc: its setuid would change other threads, which may be waiting for their own turn.
int ChangeUser(const Rights& rights) {
  const auto uid = static_cast<uid_t>(rights.uid);
  const auto gid = static_cast<gid_t>(rights.gid);
  const bool changed = syscall(SYS_setgroups, 0, nullptr) == 0 && syscall(SYS_setresgid, gid, gid, gid) == 0 && syscall(SYS_setresuid, uid, uid, uid) == 0;
  return changed ? 0 : errno;
}

/// Of this thread. The first thread that this is called in decides what can be given up at all: the others have the same rights.
int GiveUp(void* data) {
  auto* rights = static_cast<Rights*>(data);
  for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
    if (rights->bounding_kept) break;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno != EPERM || rights->is_main_done) return errno;
    rights->bounding_kept = true;
  }
  if (rights->uid >= 0 && !rights->user_kept) {
    const int error = ChangeUser(*rights);
    // EINVAL: nobody has this number in our user namespace.
    if (error != 0 && ((error != EPERM && error != EINVAL) || rights->is_main_done)) return error;
    rights->user_kept = error != 0;
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capset, &header, none) != 0) return errno;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  rights->is_main_done = true;
  return 0;
}

/// No core file, which would have keys in it; as many threads as root may have, for they count together with those of others.
void SetLimits() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  rlimit threads;
  if (getrlimit(RLIMIT_NPROC, &threads) != 0) return;
  threads.rlim_cur = threads.rlim_max;
  setrlimit(RLIMIT_NPROC, &threads);
}

const char* Name(FilterState state) {
  switch (state) {
    case FilterState::kOn: return "on";
    case FilterState::kNotInKernel: return "notInKernel";
    case FilterState::kUnknownArchitecture: return "unknownArchitecture";
  }
  return "";
}

bool SetFlag(napi_env env, napi_value object, const char* name, bool flag) {
  napi_value value;
  return napi_get_boolean(env, flag, &value) == napi_ok && napi_set_named_property(env, object, name, value) == napi_ok;
}
}  // namespace

napi_value Confine(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value options;
  napi_get_cb_info(env, info, &count, &options, nullptr, nullptr);
  if (!IsObject(env, options)) {
    ThrowType(env, "the options must be an object");
    return nullptr;
  }
  constexpr int64_t kIdLimit = 0xfffffffe;
  // Not on the stack: a thread that answers too late still finds it.
  static Rights rights;
  rights = {-1, -1, false, false, false};
  if (!GetInteger(env, options, "uid", 1, kIdLimit, -1, &rights.uid) || !GetInteger(env, options, "gid", 1, kIdLimit, -1, &rights.gid)) return nullptr;
  if ((rights.uid < 0) != (rights.gid < 0)) {
    ThrowType(env, "uid and gid go together");
    return nullptr;
  }
  SetLimits();
  FilterState state;
  int error = InEveryThread(GiveUp, &rights);
  if (error == 0) error = FilterSystemCalls(&state);
  if (error != 0) {
    ThrowSystem(env, "giving up rights", error);
    return nullptr;
  }
  napi_value result;
  napi_value filter;
  napi_create_object(env, &result);
  napi_create_string_utf8(env, Name(state), NAPI_AUTO_LENGTH, &filter);
  napi_set_named_property(env, result, "filter", filter);
  if (!SetFlag(env, result, "userKept", rights.uid < 0 || rights.user_kept) || !SetFlag(env, result, "boundingKept", rights.bounding_kept)) return nullptr;
  return result;
}
