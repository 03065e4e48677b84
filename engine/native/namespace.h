// Doing something inside another network namespace, on a thread of its own: the caller's thread never leaves its own.
#pragma once

#include <string>

/// Runs `work(argument)` in the namespace whose file is `path`, or right here when `path` is empty. Returns what it
/// returns, or a negative errno when the namespace cannot be entered.
int InNamespace(const std::string& path, int (*work)(void* argument), void* argument);
