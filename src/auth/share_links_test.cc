// Links: what is kept of them, when they hold, what is refused.
#include "auth/share_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/file.h"
#include "base/ids.h"

namespace aybiza::auth {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ShareLinksTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::unique_ptr<ShareLinks> open() { return *ShareLinks::open(dir_); }
  ShareLink wanted() const {
    ShareLink link;
    link.customer = "acme", link.page = "/costs", link.query = "range=24h", link.origins = "https://a.example http://localhost:3000", link.name = "board room", link.by = "ada";
    link.expires = now_ + 24h;
    return link;
  }
  std::string refused(const ShareLink& link) { return open()->create(link, now_).error().message; }

  const std::filesystem::path dir_ = std::filesystem::temp_directory_path() / ("aybiza-share-" + to_string(random_id()));
  const Instant now_ = from_micros(1'800'000'000'000'000);
};

TEST_F(ShareLinksTest, HoldsUntilItEnds) {
  auto links = open();
  const auto made = *links->create(wanted(), now_);
  ASSERT_TRUE(links->find(made.token, now_).has_value());
  EXPECT_EQ(links->find(made.token, now_)->page, "/costs");
  EXPECT_EQ(links->find(made.token, now_)->origins, "https://a.example http://localhost:3000");
  EXPECT_TRUE(links->find(made.token, now_ + 24h - 1us).has_value());
  EXPECT_FALSE(links->find(made.token, now_ + 24h).has_value());
  EXPECT_FALSE(links->find(made.token + "x", now_).has_value());
  EXPECT_FALSE(links->find("", now_).has_value());
  EXPECT_TRUE(links->holds(made.link.id, now_));
  EXPECT_THAT(*read_file(dir_ / "share_links"), Not(HasSubstr(made.token)));
}

TEST_F(ShareLinksTest, AnotherProcessEndsIt) {
  auto links = open();
  const auto made = *links->create(wanted(), now_);
  ASSERT_TRUE(open()->revoke(made.link.id, now_).has_value());
  EXPECT_FALSE(links->holds(made.link.id, now_ + 2s));
  EXPECT_FALSE(links->find(made.token, now_ + 2s).has_value());
  EXPECT_EQ(links->revoke("nobody", now_).error().code, Code::not_found);
  EXPECT_EQ(links->list(now_ + 2s).size(), 1u);
}

TEST_F(ShareLinksTest, SaysWhatIsWrong) {
  auto link = wanted();
  link.page = "/calls";
  EXPECT_THAT(refused(link), HasSubstr("'/calls' cannot be shared; known are /, /agents"));
  link = wanted(), link.expires = now_;
  EXPECT_THAT(refused(link), HasSubstr("at most 366 days"));
  link = wanted(), link.expires = now_ + 24h * 367;
  EXPECT_THAT(refused(link), HasSubstr("at most 366 days"));
  link = wanted(), link.board = "abc";
  EXPECT_THAT(refused(link), HasSubstr("a board is named by its id"));
  link = wanted(), link.page = "/boards";
  EXPECT_THAT(refused(link), HasSubstr("a board is named by its id"));
  link = wanted(), link.customer = "";
  EXPECT_THAT(refused(link), HasSubstr("a customer is"));
  link = wanted(), link.name = "a\tb";
  EXPECT_THAT(refused(link), HasSubstr("a name is"));
  for (const std::string_view origins : {"https://", "a.example", "https://a.example/path", "https://a.example; script-src *", "https://a\r\nX: y", "'self'", "https://a.example  https://b.example"}) {
    link = wanted(), link.origins = origins;
    EXPECT_THAT(refused(link), HasSubstr("are not origins")) << origins;
  }
}

TEST_F(ShareLinksTest, ALineComesBack) {
  const auto made = *open()->create(wanted(), now_);
  const auto again = parse_share_line(to_line(made.link));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_line(*again), to_line(made.link));
  for (const std::string_view broken : {"", "a", "a\tb\tc\td\te\tf\tg\th\ti\tj\tk\tl"}) EXPECT_FALSE(parse_share_line(broken).has_value());
}

}  // namespace
}  // namespace aybiza::auth
