#include "runtime/huge_pages.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace aybiza {

void restart_with_huge_pages(char** argv) {
#ifndef AYBIZA_SANITIZED  // their allocators are not glibc's
  if (std::getenv("GLIBC_TUNABLES")) return;  // the user's, or ours after the restart
  std::string modes;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), modes);
  if (modes.find("[madvise]") == std::string::npos) return;  // always given, or never
  ::setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
  ::execv("/proc/self/exe", argv);
#else
  static_cast<void>(argv);
#endif
}

}  // namespace aybiza
