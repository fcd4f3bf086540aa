// hash64() of bytes that come in pieces.
//
// Cost     as hash64(); half a KiB of state.
// Threads  none.
// Source   XXH3-64, seed 0.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace aybiza {

class Hash64Stream {
 public:
  Hash64Stream();
  ~Hash64Stream();
  Hash64Stream(Hash64Stream&&) noexcept;
  void add(std::string_view piece);
  std::uint64_t value() const;  // of everything added so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aybiza
