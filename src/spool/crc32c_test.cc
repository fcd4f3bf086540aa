#include "spool/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace aybiza::spool {
namespace {

void check(const std::string& bytes, std::uint32_t expected) {
  EXPECT_EQ(crc32c(bytes), expected);
  EXPECT_EQ(crc32c_software(bytes), expected);
}

TEST(Crc32c, Rfc3720) {
  std::string up, down;
  for (int i = 0; i < 32; ++i) up.push_back(char(i)), down.push_back(char(31 - i));
  check("", 0);
  check("123456789", 0xE3069283u);
  check(std::string(32, '\0'), 0x8A9136AAu);
  check(std::string(32, '\xff'), 0x62A8AB43u);
  check(up, 0x46DD794Eu);
  check(down, 0x113FDB5Cu);
}

TEST(Crc32c, InstructionAndTableAgreeAtEveryLengthAndCut) {
  std::mt19937_64 random(1);
  std::string bytes(300, '\0');
  for (auto& byte : bytes) byte = char(random());
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    const std::string_view all(bytes.data(), n);
    EXPECT_EQ(crc32c(all), crc32c_software(all));
    const std::size_t cut = n / 3;
    EXPECT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all));
  }
}

}  // namespace
}  // namespace aybiza::spool
