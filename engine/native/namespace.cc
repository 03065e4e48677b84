#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

namespace {
struct Job {
  int namespace_fd;
  int (*work)(void*);
  void* argument;
  int result;
};

void* Run(void* data) {
  auto* job = static_cast<Job*>(data);
  job->result = setns(job->namespace_fd, CLONE_NEWNET) == 0 ? job->work(job->argument) : -errno;
  return nullptr;
}
}  // namespace

int InNamespace(const std::string& path, int (*work)(void*), void* argument) {
  if (path.empty()) return work(argument);
  Job job = {open(path.c_str(), O_RDONLY | O_CLOEXEC), work, argument, 0};
  if (job.namespace_fd < 0) return -errno;
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, Run, &job);
  if (error == 0) pthread_join(thread, nullptr);
  close(job.namespace_fd);
  return error == 0 ? job.result : -error;
}
