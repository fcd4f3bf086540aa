#include "base/hash_stream.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/ids.h"

namespace aybiza {
namespace {

TEST(Hash64Stream, is_hash64_however_the_bytes_are_cut) {
  std::mt19937 random(3);
  for (const std::size_t size : {0u, 1u, 255u, 256u, 257u, 5'000u, 100'000u}) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = char(random());
    Hash64Stream whole;
    for (std::size_t at = 0; at < size;) {
      const std::size_t step = std::min<std::size_t>(size - at, random() % 3'000);
      whole.add(std::string_view(bytes).substr(at, step));
      at += step;
    }
    EXPECT_EQ(whole.value(), hash64(bytes)) << size;
  }
}

}  // namespace
}  // namespace aybiza
