#include "base/hash_stream.h"

#include <xxhash.h>

#include "base/check.h"

namespace aybiza {

struct Hash64Stream::State {
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> xxh{XXH3_createState()};
};

Hash64Stream::Hash64Stream() : state_(std::make_unique<State>()) {
  CHECK(state_->xxh && XXH3_64bits_reset(state_->xxh.get()) == XXH_OK);
}
Hash64Stream::~Hash64Stream() = default;
Hash64Stream::Hash64Stream(Hash64Stream&&) noexcept = default;

void Hash64Stream::add(std::string_view piece) {
  CHECK(XXH3_64bits_update(state_->xxh.get(), piece.data(), piece.size()) == XXH_OK);
}

std::uint64_t Hash64Stream::value() const { return XXH3_64bits_digest(state_->xxh.get()); }

}  // namespace aybiza
