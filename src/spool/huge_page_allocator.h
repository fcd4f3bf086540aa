// An allocator for tables that are read here and there: large ones lie in huge pages where the system has any to give.
//
// Shape    from 2 MiB on memory is mapped by itself and marked for transparent huge pages; less comes from the heap. A table
//          of 32 MiB has 8 192 small pages, more than a core remembers the addresses of: then every look-up is two misses.
// Errors   std::bad_alloc, as any allocator; where huge pages are refused there are small ones.
// Threads  none of its own.
// Source   madvise(2), MADV_HUGEPAGE; the kernel's Documentation/admin-guide/mm/transhuge.rst.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace aybiza::spool {

template <typename T>
struct HugePageAllocator {
  using value_type = T;
  static constexpr std::size_t page_bytes = std::size_t(2) << 20;

  HugePageAllocator() = default;
  template <typename Other>
  HugePageAllocator(const HugePageAllocator<Other>&) {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < page_bytes) return static_cast<T*>(::operator new(bytes));
    void* const at = ::mmap(nullptr, whole_pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    (void)::madvise(at, whole_pages(bytes), MADV_HUGEPAGE);
    return static_cast<T*>(at);
  }
  void deallocate(T* at, std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < page_bytes) return ::operator delete(at, bytes);
    (void)::munmap(at, whole_pages(bytes));
  }
  template <typename Other>
  bool operator==(const HugePageAllocator<Other>&) const {
    return true;
  }

 private:
  static constexpr std::size_t whole_pages(std::size_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }
};

}  // namespace aybiza::spool
