// The same work in every thread of the process. Rights belong to threads, and Node has a dozen of them.
#pragma once

/// Does `work(argument)` in this thread first and then in every other; it may make system calls and nothing else. Returns the first
/// result that is not 0 (a positive errno), or 0: then it was done in all threads, and new ones inherit from these.
int InEveryThread(int (*work)(void*), void* argument);
