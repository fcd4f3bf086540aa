#include "runtime/huge_pages.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace aybiza {

#ifndef AYBIZA_SANITIZED  // whose allocators are not glibc's
namespace {

// glibc raises its threshold to the size of every block that is given back: then tables that double leave holes of their size in
// the heap, which nothing else fits as long as small things are kept around them.
constexpr int large_block_bytes = 4 << 20, heap_spare_bytes = 32 << 20;

}  // namespace
#endif

void restart_with_huge_pages(char** argv) {
#ifndef AYBIZA_SANITIZED
  ::mallopt(M_MMAP_THRESHOLD, large_block_bytes);
  ::mallopt(M_TRIM_THRESHOLD, heap_spare_bytes);  // which the other setting would leave at 128 KiB
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
