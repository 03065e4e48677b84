// The system calls that a confined process may not make any more.
#pragma once

enum class FilterState { kOn, kNotInKernel, kUnknownArchitecture };

/// Filters the calls of every thread of the process, for good: no_new_privs must be set. Returns 0 or a positive errno.
int FilterSystemCalls(FilterState* state);
