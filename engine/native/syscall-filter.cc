#include "syscall-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

// A list of what is refused, not of what is allowed: what V8, libuv and libc call differs from release to release, and a process that
// meets a refusal where none can be handled is a gateway that dies. What is refused here nothing of an engine ever needs once its
// sockets are open: to become another program, to look into other processes, to change the machine or a file of it, to come to more
// sockets than those of TCP and UDP. Refusals are errors (EPERM), so that whoever asks can go on.

#if defined(__x86_64__)
static constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
static constexpr uint32_t kArchitecture = 0;
#endif

#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif

// Numbers that all architectures share, for headers that are older than the kernel.
static constexpr uint32_t kPidfdSendSignal = 424;
static constexpr uint32_t kIoUringSetup = 425;
static constexpr uint32_t kIoUringRegister = 427;
static constexpr uint32_t kOpenTree = 428;
static constexpr uint32_t kMoveMount = 429;
static constexpr uint32_t kFsopen = 430;
static constexpr uint32_t kFsconfig = 431;
static constexpr uint32_t kFsmount = 432;
static constexpr uint32_t kFspick = 433;
static constexpr uint32_t kPidfdOpen = 434;
static constexpr uint32_t kClone3 = 435;
static constexpr uint32_t kOpenat2 = 437;
static constexpr uint32_t kPidfdGetfd = 438;
static constexpr uint32_t kProcessMadvise = 440;
static constexpr uint32_t kMountSetattr = 442;
static constexpr uint32_t kQuotactlFd = 443;
static constexpr uint32_t kProcessMrelease = 448;
static constexpr uint32_t kFchmodat2 = 452;

static const uint32_t kRefused[] = {
    // Another program, another process. (Threads are made by clone, see below.)
    __NR_execve, __NR_execveat,
#ifdef __NR_fork
    __NR_fork, __NR_vfork,
#endif
    // Other processes.
    __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev, __NR_kcmp, __NR_tkill, __NR_rt_sigqueueinfo, __NR_rt_tgsigqueueinfo,
    kPidfdSendSignal, kPidfdOpen, kPidfdGetfd, kProcessMadvise, kProcessMrelease, __NR_move_pages, __NR_migrate_pages,
    // Namespaces and mounts.
    __NR_setns, __NR_unshare, __NR_mount, __NR_umount2, __NR_pivot_root, __NR_chroot, kOpenTree, kMoveMount, kFsopen, kFsconfig, kFsmount,
    kFspick, kMountSetattr,
    // The kernel.
    __NR_bpf, __NR_perf_event_open, __NR_userfaultfd, kIoUringSetup, kIoUringRegister, __NR_kexec_load,
#ifdef __NR_kexec_file_load
    __NR_kexec_file_load,
#endif
    __NR_init_module, __NR_finit_module, __NR_delete_module, __NR_reboot, __NR_syslog, __NR_personality, __NR_add_key, __NR_request_key, __NR_keyctl,
#ifdef __NR_iopl
    __NR_iopl, __NR_ioperm, __NR_modify_ldt,
#endif
    // The machine.
    __NR_swapon, __NR_swapoff, __NR_acct, __NR_quotactl, kQuotactlFd, __NR_nfsservctl, __NR_vhangup, __NR_settimeofday, __NR_clock_settime,
    __NR_clock_adjtime, __NR_adjtimex, __NR_sethostname, __NR_setdomainname, __NR_fanotify_init, __NR_name_to_handle_at, __NR_open_by_handle_at,
    // Files, but for reading.
    __NR_truncate, __NR_mknodat, __NR_mkdirat, __NR_unlinkat, __NR_renameat2, __NR_linkat, __NR_symlinkat, __NR_fchmod, __NR_fchmodat, kFchmodat2,
    __NR_fchown, __NR_fchownat, __NR_setxattr, __NR_lsetxattr, __NR_fsetxattr, __NR_removexattr, __NR_lremovexattr, __NR_fremovexattr, __NR_utimensat,
#ifdef __NR_renameat
    __NR_renameat,
#endif
#ifdef __NR_creat
    __NR_creat, __NR_mknod, __NR_mkdir, __NR_rmdir, __NR_unlink, __NR_rename, __NR_link, __NR_symlink, __NR_chmod, __NR_chown, __NR_lchown, __NR_utime,
    __NR_utimes, __NR_futimesat,
#endif
    // A pair of local sockets could send to any other.
    __NR_socketpair,
};

static constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
static constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
/// What libc takes as a hint to go the older way, which can be looked at.
static constexpr uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;

static sock_filter Statement(uint16_t code, uint32_t k) { return BPF_STMT(code, k); }
static sock_filter Jump(uint16_t code, uint32_t k, size_t yes, size_t no) {
  return BPF_JUMP(code, k, static_cast<uint8_t>(yes), static_cast<uint8_t>(no));
}
static sock_filter Load(size_t offset) { return Statement(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
static sock_filter Return(uint32_t action) { return Statement(BPF_RET | BPF_K, action); }

/// The lower half of an argument: both architectures are little-endian, and no kernel looks at more of an int.
static sock_filter LoadArgument(size_t index) { return Load(offsetof(seccomp_data, args) + index * sizeof(uint64_t)); }

using Program = std::vector<sock_filter>;

/// Decides the call `number` by `block`, which ends in a return on every way.
static void Decide(Program* program, uint32_t number, const Program& block) {
  program->push_back(Jump(BPF_JMP | BPF_JEQ | BPF_K, number, 0, block.size()));
  program->insert(program->end(), block.begin(), block.end());
}

static Program IfAnyBit(size_t argument, uint32_t bits, uint32_t yes, uint32_t no) {
  return {LoadArgument(argument), Jump(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1), Return(yes), Return(no)};
}

static Program IfEqual(size_t argument, uint32_t value, uint32_t yes, uint32_t no) {
  return {LoadArgument(argument), Jump(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1), Return(yes), Return(no)};
}

static Program IfEither(size_t argument, uint32_t one, uint32_t other, uint32_t yes, uint32_t no) {
  return {LoadArgument(argument), Jump(BPF_JMP | BPF_JEQ | BPF_K, one, 1, 0), Jump(BPF_JMP | BPF_JEQ | BPF_K, other, 0, 1), Return(yes), Return(no)};
}

static Program TheFilter() {
  Program program = {
      Load(offsetof(seccomp_data, arch)),
      Jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      Return(SECCOMP_RET_KILL_PROCESS),  // a process has no reason to speak another architecture's numbers
      Load(offsetof(seccomp_data, nr)),
  };
#if defined(__x86_64__)
  // The x32 ABI, whose numbers are others.
  program.push_back(Jump(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  program.push_back(Return(kUnknown));
#endif
  constexpr uint32_t kToWrite = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  const auto self = static_cast<uint32_t>(getpid());
  Decide(&program, kClone3, {Return(kUnknown)});
  Decide(&program, kOpenat2, {Return(kUnknown)});
  Decide(&program, __NR_clone, IfAnyBit(0, CLONE_THREAD, kAllow, kRefuse));
  Decide(&program, __NR_openat, IfAnyBit(2, kToWrite, kRefuse, kAllow));
#ifdef __NR_open
  Decide(&program, __NR_open, IfAnyBit(1, kToWrite, kRefuse, kAllow));
#endif
  Decide(&program, __NR_socket, IfEither(0, AF_INET, AF_INET6, kAllow, kRefuse));
  // Characters that a terminal would take for typed ones.
  Decide(&program, __NR_ioctl, IfEither(1, TIOCSTI, TIOCLINUX, kRefuse, kAllow));
  Decide(&program, __NR_kill, IfEqual(0, self, kAllow, kRefuse));
  Decide(&program, __NR_tgkill, IfEqual(0, self, kAllow, kRefuse));
  Decide(&program, __NR_prlimit64, IfEither(0, 0, self, kAllow, kRefuse));
  const size_t refused = sizeof kRefused / sizeof *kRefused;
  static_assert(refused < 255, "a jump has eight bits");
  for (size_t i = 0; i < refused; i++) program.push_back(Jump(BPF_JMP | BPF_JEQ | BPF_K, kRefused[i], refused - i, 0));
  program.push_back(Return(kAllow));
  program.push_back(Return(kRefuse));
  return program;
}

int FilterSystemCalls(FilterState* state) {
  if (kArchitecture == 0) {
    *state = FilterState::kUnknownArchitecture;
    return 0;
  }
  Program filter = TheFilter();
  sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  // Without SPEC_ALLOW some kernels would slow down all of the process; a gateway runs no code of strangers.
  const unsigned long flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  const long result = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  *state = FilterState::kOn;
  if (result == 0) return 0;
  if (result > 0) return EBUSY;  // a thread that has a filter of its own
  if (errno != ENOSYS && errno != EINVAL) return errno;
  *state = FilterState::kNotInKernel;
  return 0;
}
