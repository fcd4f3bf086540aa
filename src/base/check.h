// CHECK: a statement that is true unless the program has a bug. On in every build; a failure ends the process.
//
// Errors   prints file, line and the condition to stderr, then abort(): the supervisor restarts, the spool replays.
//          Nothing that arrives from outside may reach a CHECK.
// Threads  any.
#pragma once

#include <cstdio>
#include <cstdlib>

#define CHECK(condition)                                                                      \
  do {                                                                                        \
    if (!(condition)) [[unlikely]] {                                                          \
      std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", __FILE__, __LINE__, #condition);      \
      std::abort();                                                                           \
    }                                                                                         \
  } while (false)
