#include "codec/arena.h"

#include <algorithm>

namespace aybiza {

char* Arena::grow(std::size_t bytes) {
  capacity_ = std::max(bytes, chunk_bytes);
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(capacity_));  // aligned for any type, being new char[]
  current_ = chunks_.back().get();
  total_ += capacity_;
  used_ = bytes;
  return current_;
}

void Arena::clear() {
  used_ = 0;
  if (chunks_.empty()) return;
  if (chunks_.size() > 1 || capacity_ > chunk_bytes) {  // a large batch does not keep its memory for ever
    chunks_.clear();
    current_ = nullptr;
    capacity_ = total_ = 0;
  }
}

}  // namespace aybiza
