#include "ingest/masking_policies.h"

#include <gtest/gtest.h>

#include <fstream>

namespace aybiza {
namespace {

using namespace std::chrono_literals;
using enum MaskingPolicy;

class Masking_policies : public ::testing::Test {
 protected:
  Masking_policies() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aybiza-masking-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~Masking_policies() override { std::filesystem::remove_all(directory_); }
  std::unique_ptr<MaskingPolicies> open() {
    auto opened = MaskingPolicies::open(directory_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::filesystem::path directory_;
  const Instant now_ = from_micros(1'763'712'000'000'000);
};

TEST_F(Masking_policies, everybody_is_masked_unless_a_line_says_otherwise) {
  const auto policies = open();
  EXPECT_TRUE(policies->look(now_)->empty());
  EXPECT_EQ(policies->look(now_)->rule_of("acme"), MaskingRule{});
  EXPECT_EQ(policies->look(now_)->rule_of(""), MaskingRule{});
}

TEST_F(Masking_policies, what_one_process_sets_another_sees_within_a_second) {
  const auto server = open();
  EXPECT_TRUE(server->look(now_)->empty());
  const auto cli = open();
  ASSERT_TRUE(cli->set({"acme", {drop_content, all_pii_classes}, now_}));
  ASSERT_TRUE(cli->set({"beta", {mask, PiiClasses(bit(PiiClass::phone) | bit(PiiClass::card))}, now_}));
  const auto table = server->look(now_ + 1s);
  EXPECT_EQ(table->rule_of("acme").policy, drop_content);
  EXPECT_EQ(table->rule_of("beta").classes, bit(PiiClass::phone) | bit(PiiClass::card));
  EXPECT_EQ(table->rule_of("gamma"), MaskingRule{});
  ASSERT_TRUE(cli->set({"acme", {keep_encrypted, all_pii_classes}, now_}));  // in place of the line there was
  EXPECT_EQ(server->look(now_ + 2s)->entries().size(), 2u);
  EXPECT_EQ(server->look(now_ + 2s)->rule_of("acme").policy, keep_encrypted);
  ASSERT_TRUE(cli->remove("acme"));
  EXPECT_EQ(server->look(now_ + 3s)->rule_of("acme"), MaskingRule{});
  EXPECT_EQ(cli->remove("acme").error().code, Code::not_found);
}

TEST_F(Masking_policies, a_platform_event_without_customer_has_the_strictest_policy_or_that_of_the_star) {
  const auto policies = open();
  ASSERT_TRUE(policies->set({"acme", {keep_encrypted, all_pii_classes}, now_}));
  EXPECT_EQ(policies->look(now_)->rule_of("").policy, keep_encrypted);
  ASSERT_TRUE(policies->set({"beta", {drop_content, all_pii_classes}, now_}));
  EXPECT_EQ(policies->look(now_ + 1s)->rule_of("").policy, drop_content);
  ASSERT_TRUE(policies->set({"*", {mask, all_pii_classes}, now_}));
  EXPECT_EQ(policies->look(now_ + 2s)->rule_of("").policy, mask);
}

TEST_F(Masking_policies, what_is_no_policy_is_refused) {
  const auto policies = open();
  EXPECT_EQ(policies->set({"", {}, now_}).error().code, Code::invalid);
  EXPECT_EQ(policies->set({"a\tb", {}, now_}).error().code, Code::invalid);
  EXPECT_FALSE(parse_masking_policy("drop"));
  EXPECT_FALSE(parse_classes("phone,fax"));
  EXPECT_FALSE(parse_classes(""));
  EXPECT_EQ(classes_text(*parse_classes("card,phone")), "phone,card");
  EXPECT_EQ(classes_text(0), "none");
  std::ofstream(directory_ / "masking") << "acme\tdrop\tall\t2026-11-21T09:00:00Z\n";
  const auto broken = MaskingPolicies::open(directory_);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("line 1 is not a masking policy"), std::string::npos) << broken.error().message;
}

}  // namespace
}  // namespace aybiza
