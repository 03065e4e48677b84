#include "every-thread.h"

#include <dirent.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <set>

namespace {
/// The one by which glibc changes the user of all threads: no thread can have blocked it, whatever it blocks.
constexpr int kSignal = 33;
constexpr size_t kKernelMaskOctets = 8;
constexpr int kLookAgainNs = 20'000'000;
constexpr int kLooksMax = 1500;

/// The kernel's struct sigaction as it is, whose layout is none of our business.
using KernelAction = unsigned char[128];

int (*the_work)(void*);
void* the_argument;
std::atomic<int> first_error;
sem_t is_done;

void Run(int) {
  const int saved = errno;
  int expected = 0;
  first_error.compare_exchange_strong(expected, the_work(the_argument));
  sem_post(&is_done);
  errno = saved;
}

int SwapKernelAction(int signal, const void* wanted, void* before) {
  return syscall(SYS_rt_sigaction, signal, wanted, before, kKernelMaskOctets) == 0 ? 0 : errno;
}

/// Our handler in the kernel's form: libc makes it, for a signal that it lets us have, with the way back that the machine needs.
int MakeKernelAction(KernelAction* action) {
  struct sigaction ours = {};
  struct sigaction before;
  ours.sa_handler = Run;
  ours.sa_flags = SA_RESTART;
  sigfillset(&ours.sa_mask);
  if (sigaction(SIGRTMAX, &ours, &before) != 0) return errno;
  const int error = SwapKernelAction(SIGRTMAX, nullptr, *action);
  sigaction(SIGRTMAX, &before, nullptr);
  return error;
}

/// Waits until the thread has done its work, or is gone.
int Await(pid_t process, pid_t thread) {
  for (int looks = 0; looks < kLooksMax; looks++) {
    timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += kLookAgainNs;
    if (until.tv_nsec >= 1'000'000'000) {
      until.tv_sec++;
      until.tv_nsec -= 1'000'000'000;
    }
    int waited;
    do waited = sem_timedwait(&is_done, &until);
    while (waited != 0 && errno == EINTR);
    if (waited == 0) return first_error;
    if (syscall(SYS_tgkill, process, thread, 0) != 0) return 0;
  }
  return ETIMEDOUT;
}

/// One look at all threads: adds those that have done their work to `done`, and tells whether there were any new ones.
int Visit(std::set<pid_t>* done, bool* some) {
  *some = false;
  DIR* threads = opendir("/proc/self/task");
  if (threads == nullptr) return errno;
  const pid_t process = getpid();
  int error = 0;
  while (error == 0) {
    const dirent* entry = readdir(threads);
    if (entry == nullptr) break;
    const pid_t thread = atoi(entry->d_name);
    if (thread == 0 || !done->insert(thread).second) continue;
    *some = true;
    if (syscall(SYS_tgkill, process, thread, kSignal) == 0) error = Await(process, thread);
    else if (errno != ESRCH) error = errno;
  }
  closedir(threads);
  return error;
}
}  // namespace

int InEveryThread(int (*work)(void*), void* argument) {
  int error = work(argument);
  if (error != 0) return error;
  the_work = work;
  the_argument = argument;
  first_error = 0;
  KernelAction ours = {};
  KernelAction before = {};
  error = MakeKernelAction(&ours);
  if (error == 0) error = SwapKernelAction(kSignal, ours, before);
  if (error != 0) return error;
  sem_init(&is_done, 0, 0);
  std::set<pid_t> done = {static_cast<pid_t>(syscall(SYS_gettid))};
  // A thread that was made meanwhile may be of one that had not been visited; when a look finds none, all are done.
  bool some = true;
  while (some && error == 0) error = Visit(&done, &some);
  // A thread that did not answer may still: its handler stays, and what it works on is never freed.
  if (error == 0) {
    SwapKernelAction(kSignal, before, nullptr);
    sem_destroy(&is_done);
  }
  return error;
}
