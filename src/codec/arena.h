// Bytes that live as long as a batch: texts that had to be changed, values of events, messages of errors.
//
// Shape    chunks that only grow; clear() keeps the first one, so a decoder that is used again allocates nothing.
// Cost     a pointer bump; what is bigger than a chunk gets its own.
// Threads  none: owned by one batch.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace aybiza {

class Arena {
 public:
  static constexpr std::size_t chunk_bytes = 64 * 1024;

  char* allocate(std::size_t bytes, std::size_t alignment = 1) {
    const std::size_t at = (used_ + alignment - 1) / alignment * alignment;
    if (at + bytes <= capacity_) [[likely]] {
      used_ = at + bytes;
      return current_ + at;
    }
    return grow(bytes);
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = allocate(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  template <typename T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= alignof(std::max_align_t));
    T* first = reinterpret_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    std::uninitialized_value_construct_n(first, count);
    return {first, count};
  }
  // Gives back the end of the last allocation: `bytes` of it are not used after all.
  void shrink(std::size_t bytes) { used_ -= bytes; }
  void clear();
  std::size_t bytes() const { return total_; }

 private:
  char* grow(std::size_t bytes);

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* current_ = nullptr;
  std::size_t used_ = 0, capacity_ = 0, total_ = 0;
};

}  // namespace aybiza
