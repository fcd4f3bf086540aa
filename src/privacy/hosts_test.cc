#include "privacy/hosts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>
#include <string>

namespace aybiza::privacy {
namespace {

// The rivals: what is meant, as regular expressions.
const RE2 domain_shape("(?:[a-zA-Z0-9\\-]|[^\\x00-\\x7f])+(?:\\.(?:[a-zA-Z0-9\\-]|[^\\x00-\\x7f])+)*\\.(?:[a-zA-Z]|[^\\x00-\\x7f]){2,63}", RE2::Latin1);
const RE2 host_shape(
    "(?i)( at | ?@ ?| ?[(\\[]at[)\\]] ?)((?:(g mail|hot mail|y mail|proton mail|fast mail|out look|i cloud) dot |([a-z0-9\\-]+)(?: dot |\\.| ?[(\\[]dot[)\\]] ?))"
    "(?:[a-z0-9\\-]+(?: dot |\\.| ?[(\\[]dot[)\\]] ?))*"
    "(?:com|org|net|edu|gov|io|co|uk|de|fr|es|it|nl|ca|au|in|me|info|biz|ru|ch|at|be|se|no|pl|br|mx|jp)\\b(?:(?: dot |\\.)(?:uk|au|in|jp|nz|za|br|mx)\\b)?)", RE2::Latin1);

std::string all_hosts(std::string_view text) {
  std::string out;
  for (auto host = find_host(text, 0); host; host = find_host(text, host->end))
    out += fmt::format("{} {} {} {};", host->at, host->domain, host->end, host->provider_bytes);
  return out;
}
std::string all_hosts_of_rival(std::string_view text) {
  std::string out;
  re2::StringPiece rest(text.data(), text.size()), at, domain, apart, provider;
  while (RE2::FindAndConsume(&rest, host_shape, &at, &domain, &apart, &provider))
    out += fmt::format("{} {} {} {};", at.data() - text.data(), domain.data() - text.data(), domain.data() + domain.size() - text.data(), apart.size() + provider.size());
  return out;
}

template <std::size_t Size>
std::string drawn(std::mt19937_64& rng, const std::string_view (&pieces)[Size], unsigned most) {
  std::string out;
  for (unsigned count = unsigned(rng() % most); count > 0; --count) out += pieces[rng() % Size];
  return out;
}

TEST(Hosts, of_addresses_as_they_are_said) {
  EXPECT_EQ(all_hosts("jane at example dot org."), "4 8 23 7;");
  EXPECT_EQ(all_hosts("j@b.com, k (at) c [dot] co.uk"), "1 2 7 1;10 16 29 1;");
  EXPECT_EQ(all_hosts("a@b.c.com-x.nz"), "1 2 9 1;");
  EXPECT_EQ(all_hosts("jay at g mail dot com, kim at Out Look dot co dot uk"), "3 7 21 6;26 30 52 8;");
  EXPECT_EQ(all_hosts("at g mail.com"), "");  // nobody writes so
  EXPECT_EQ(all_hosts("meet me at noon. ok"), "");
}

TEST(Hosts, are_those_of_the_regular_expression) {
  constexpr std::string_view pieces[] = {"@", " @ ", " at ", "at", "AT", "(at)", " [At] ", " (at ", ")", "]", "(", "[", ".", ".", " dot ", " DOT ", "(dot)", " [dot) ", "dot", " ", " ",
                                         "com", "Com", "co", "uk", "nz", "za", "in", "info", "at", "io", "no", "com_", "-", "_", "1", "x", "gmail", "g mail", "I cloud", "b-c", "\xC3\xA9", "comx", ","};
  std::mt19937_64 rng(11);
  std::size_t found = 0;
  for (int round = 0; round < 300'000; ++round) {
    const std::string text = drawn(rng, pieces, 14);
    const std::string hosts = all_hosts(text);
    ASSERT_EQ(hosts, all_hosts_of_rival(text)) << text;
    found += !hosts.empty();
  }
  EXPECT_GT(found, 1'000u);
}

TEST(Hosts, domains_are_those_of_the_regular_expression) {
  constexpr std::string_view pieces[] = {".", ".", "a", "com", "x-y", "1", "-", "\xC3\xA9", "_", " ", "Z", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij"};
  std::mt19937_64 rng(13);
  std::size_t found = 0;
  for (int round = 0; round < 200'000; ++round) {
    const std::string text = drawn(rng, pieces, 7);
    const bool is = is_domain(text);
    ASSERT_EQ(is, RE2::FullMatch(text, domain_shape)) << text;
    found += is;
  }
  EXPECT_GT(found, 1'000u);
  const std::string longest(63, 'a');
  EXPECT_TRUE(is_domain("b." + longest));
  EXPECT_FALSE(is_domain("b." + longest + "a"));
}

}  // namespace
}  // namespace aybiza::privacy
