#include "server/price_keeper.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/ids.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

class PriceKeeperTest : public ::testing::Test {
 protected:
  void open() {
    auto opened = Pipeline::open({.data = data_, .shards = 2, .clock = &clock_, .store_memory_bytes = 0});
    ASSERT_TRUE(opened) << opened.error().message;
    pipeline_ = std::move(*opened);
    ledger_ = std::make_unique<Ledger>(clock_.now());
    keeper_ = std::make_unique<PriceKeeper>(*pipeline_, *ledger_, data_);
  }
  void close() {
    keeper_.reset();
    pipeline_.reset();
  }
  void TearDown() override {
    close();
    std::filesystem::remove_all(data_);
  }
  void write(std::string_view text) { std::ofstream(price_file(data_), std::ios::trunc) << text; }
  std::uint64_t last() const { return pipeline_->spool().visible().value; }

  const SystemClock clock_;
  const std::filesystem::path data_ = std::filesystem::temp_directory_path() / ("aybiza-keeper-" + to_string(random_id()));
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<PriceKeeper> keeper_;
};

TEST_F(PriceKeeperTest, a_file_is_ordered_once_and_what_was_before_is_known_by_its_place) {
  open();
  EXPECT_EQ(last(), 0u);  // nothing of its own: nothing to order
  EXPECT_TRUE(pipeline_->prices() == PriceBook::built_in());
  write("input\t*\tours\t1\t1M\n");
  keeper_->look();
  keeper_->look();
  EXPECT_EQ(last(), 1u);
  EXPECT_EQ(pipeline_->prices().file(), "input\t*\tours\t1\t1M\n");
  EXPECT_EQ(ledger_->snapshot().total.accepted, 1u);
  write("input\t*\tours\t25\t1M\n");
  keeper_->look();
  close();
  open();
  EXPECT_EQ(last(), 2u);  // a start with the same file orders nothing
  EXPECT_EQ(pipeline_->prices().file(), "input\t*\tours\t25\t1M\n");
  // As if the log had let go of its beginning.
  EXPECT_TRUE(prices_before(data_, 1).value() == PriceBook::built_in());
  EXPECT_EQ(prices_before(data_, 2).value().file(), "input\t*\tours\t1\t1M\n");
  EXPECT_EQ(prices_before(data_, 1'000).value().file(), "input\t*\tours\t25\t1M\n");
}

TEST_F(PriceKeeperTest, a_damaged_file_changes_nothing_and_says_so) {
  open();
  write("input\t*\tours\t1\t1M\n");
  keeper_->look();
  write("input\t*\tours\tone\t1M\n");
  keeper_->look();
  EXPECT_EQ(last(), 1u);
  EXPECT_NE(keeper_->status().error.find("line 1: usd: 'one' is not a price"), std::string::npos) << keeper_->status().error;
  EXPECT_EQ(keeper_->status().book.file(), "input\t*\tours\t1\t1M\n");
  std::filesystem::remove(price_file(data_));
  keeper_->look();
  EXPECT_EQ(keeper_->status().error, "");
  EXPECT_TRUE(pipeline_->prices() == PriceBook::built_in());
}

TEST_F(PriceKeeperTest, the_list_a_directory_began_with_is_what_its_log_is_folded_by) {
  std::filesystem::create_directories(data_);
  std::ofstream(data_ / "prices.first") << "input\t*\told\t1\t1M\n";
  open();
  EXPECT_EQ(prices_before(data_, 1).value().shipped(), "input\t*\told\t1\t1M\n");
  EXPECT_EQ(last(), 1u);  // this program ships another, which comes into force by an order
  EXPECT_TRUE(pipeline_->prices() == PriceBook::built_in());
  close();
  std::ofstream(data_ / "prices.first") << "nonsense\n";
  const auto refused = Pipeline::open({.data = data_, .shards = 2, .clock = &clock_, .store_memory_bytes = 0});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("prices.first"), std::string::npos);
}

}  // namespace
}  // namespace aybiza
