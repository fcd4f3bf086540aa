// Huge pages for the heap: a fold that jumps about in hundreds of megabytes spends a tenth of its time on address translation otherwise.
//
// Shape    glibc's malloc asks the kernel for them only if a setting says so that it reads before main(); so a program that
//          wants them starts itself anew with the setting, once. What the user has set in GLIBC_TUNABLES stays as it is. Blocks of
//          4 MiB and more are mapped apart from the heap, and go back to the kernel when they are freed.
// Errors   none: where the kernel gives no huge pages on request, or the restart fails, the program goes on without.
// Cost     one execve, about a millisecond, same process id.
// Threads  call it first in main(), while there is one.
// Source   glibc manual, "Memory Allocation Tunables": glibc.malloc.hugetlb=1 (MADV_HUGEPAGE).
#pragma once

namespace aybiza {

void restart_with_huge_pages(char** argv);

}  // namespace aybiza
