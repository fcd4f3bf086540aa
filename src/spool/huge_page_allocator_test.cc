#include "spool/huge_page_allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace aybiza::spool {
namespace {

// From the heap, over the edge to memory of its own, and back: what was in stays, and what is new is zero.
TEST(Huge_page_allocator, hold_what_a_vector_puts_there) {
  constexpr std::size_t edge = HugePageAllocator<std::uint64_t>::page_bytes / sizeof(std::uint64_t);
  for (const std::size_t size : {std::size_t(1), edge - 1, edge, edge + 1, 3 * edge + 7}) {
    std::vector<std::uint64_t, HugePageAllocator<std::uint64_t>> table(size);
    for (std::size_t i = 0; i < size; i += 511) EXPECT_EQ(table[i], 0u);
    for (std::size_t i = 0; i < size; ++i) table[i] = i * 3;
    auto copy = table;
    table.resize(2 * size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(table[i], i * 3);
    EXPECT_EQ(table[2 * size - 1], 0u);
    table.swap(copy);
    EXPECT_EQ(table.back(), (size - 1) * 3);
    table.resize(1);
    table.shrink_to_fit();
    EXPECT_EQ(table[0], 0u);
  }
}

}  // namespace
}  // namespace aybiza::spool
