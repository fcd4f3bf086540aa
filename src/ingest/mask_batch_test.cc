#include "ingest/mask_batch.h"

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>

#include "base/limits.h"
#include "codec/event_binary.h"
#include "codec/event_json.h"
#include "codec/identity.h"
#include "text/text_facts.h"

namespace aybiza {
namespace {

constexpr std::string_view said = "PLEASE help, my number is +1 415 555 0100 and it costs $20!";
constexpr std::string_view masked_said = "PLEASE help, my number is [phone:\u202600] and it costs $20!";

class Mask_batch : public ::testing::Test {
 protected:
  Mask_batch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "aybiza-mask-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    policies_ = *MaskingPolicies::open(directory_);
    auth::KeyBytes master;
    master.fill(9);
    keys_ = *CallerKeys::open(directory_, master);
  }
  ~Mask_batch() override { std::filesystem::remove_all(directory_); }

  void policy(std::string_view customer, MaskingPolicy policy, PiiClasses classes = all_pii_classes) {
    ASSERT_TRUE(policies_->set({std::string(customer), {policy, classes}, now_}));
  }
  // The events of the lines as they would stand in the log.
  std::vector<Event> take(std::string_view lines, std::string_view customer = "acme") {
    now_ += std::chrono::seconds(2);
    JsonDecoder decoder;
    EXPECT_TRUE(decoder.decode(BodyFormat::ndjson, std::string(lines), {.customer = customer, .source = "test", .received = now_}, batch_));
    EXPECT_EQ(batch_.rejected_total(), 0u) << (batch_.errors.empty() ? "" : batch_.errors[0].message);
    BatchMasker masker(tokenizer_, {.policies = policies_.get(), .keys = keys_.get()});
    counts_ = masker.mask(batch_, customer, now_);
    Identity().assign(batch_, customer);
    log_.clear();
    for (const Event& event : batch_.events) append_event(log_, event);
    std::vector<Event> out;
    values_.clear();
    for (std::string_view rest = log_; !rest.empty();) {
      auto decoded = decode_event(rest, values_.emplace_back());
      if (!decoded) {
        ADD_FAILURE() << decoded.error().message;
        break;
      }
      out.push_back(decoded->event);
      rest.remove_prefix(decoded->size);
    }
    return out;
  }
  std::string turn(std::string_view more = "", std::string_view call = "c-1") const {
    return fmt::format(R"({{"type":"turn","id":"t","time":"2025-11-21T08:00:00Z","data":{{"call_id":"{}","turn_number":1,"speaker":"caller","text_content":"{}"{}}}}})"
                       "\n", call, said, more);
  }
  static TextFacts facts(const Event& event) {
    const auto found = read_text_facts(event.text(Field::text_facts));
    EXPECT_TRUE(found);
    return found.value_or(TextFacts{});
  }

  std::filesystem::path directory_;
  std::unique_ptr<MaskingPolicies> policies_;
  std::unique_ptr<CallerKeys> keys_;
  Tokenizer tokenizer_{"a key of the test, 16 bytes"};
  EventBatch batch_;
  std::deque<std::vector<Value>> values_;
  std::string log_;
  MaskCounts counts_;
  Instant now_ = from_micros(1'763'712'000'000'000);
};

TEST_F(Mask_batch, figures_are_of_the_text_as_written) {
  const auto events = take(turn());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].text(Field::text_content), masked_said);
  EXPECT_EQ(facts(events[0]), (TextFacts{.counts = counts_of(said), .meaning = {}}));
  EXPECT_NE(counts_of(said), counts_of(masked_said));
  EXPECT_EQ(counts_.texts[std::size_t(PiiClass::phone)], 1u);
  ASSERT_EQ(counts_.customers.size(), 1u);
  EXPECT_EQ(counts_.customers.at("acme")[std::size_t(PiiClass::phone)], 1u);
}

TEST_F(Mask_batch, dropped_content_leaves_its_meaning) {
  policy("acme", MaskingPolicy::drop_content);
  const auto events = take(turn(R"(,"entities":[{"v":"Jane"}],"state":"billing","note":"Jane said so")") +
                           R"({"type":"call.ended","id":"e","time":"2025-11-21T08:01:00Z","data":{"call_id":"c-1","summary":"Jane was angry"}})");
  ASSERT_EQ(events.size(), 2u);
  const Event& event = events[0];
  EXPECT_EQ(event.find(Field::text_content), nullptr);
  EXPECT_EQ(event.text(Field::state), "billing");
  const std::size_t phone = masked_said.find('['), amount = masked_said.find('$');
  EXPECT_EQ(event.text(Field::entities), fmt::format(R"([{{"class":"phone","start":{},"end":{}}},{{"class":"amount","start":{},"end":{}}}])", phone,
                                                     masked_said.find(']') + 1, amount, amount + 3));
  EXPECT_EQ(facts(event).counts, counts_of(said));
  EXPECT_EQ(facts(event).meaning, analyze(masked_said));
  for (const std::string_view word : {"help", "Jane", "costs", "angry"}) EXPECT_EQ(log_.find(word), std::string::npos) << word;
  EXPECT_EQ(counts_.texts_dropped, 1u);
  // Somebody else's are kept.
  EXPECT_EQ(take(turn(), "beta")[0].text(Field::text_content), masked_said);
}

TEST_F(Mask_batch, a_platform_event_has_the_policy_of_the_customer_it_names) {
  policy("acme", MaskingPolicy::drop_content);
  EXPECT_EQ(take(turn(R"(,"customer_id":"acme")"), "")[0].find(Field::text_content), nullptr);
  EXPECT_NE(take(turn(R"(,"customer_id":"beta")"), "")[0].find(Field::text_content), nullptr);
  EXPECT_EQ(take(turn(), "")[0].find(Field::text_content), nullptr);  // whose it is is not known: it may be acme's
  policy("*", MaskingPolicy::mask);
  EXPECT_NE(take(turn(), "")[0].find(Field::text_content), nullptr);
}

TEST_F(Mask_batch, only_the_classes_of_the_policy_are_hidden_in_texts) {
  policy("acme", MaskingPolicy::mask, bit(PiiClass::card));
  const auto events = take(turn(R"(,"note":"+1 415 555 0100, 4111 1111 1111 1111")"));
  EXPECT_EQ(events[0].text(Field::text_content), said);
  EXPECT_EQ(events[0].ext, "{\"note\":\"+1 415 555 0100, [card:\u202611]\"}");
  EXPECT_EQ(counts_.texts[std::size_t(PiiClass::phone)], 0u);
  EXPECT_EQ(counts_.texts[std::size_t(PiiClass::card)], 1u);
}

TEST_F(Mask_batch, an_original_that_is_kept_is_read_until_its_caller_is_forgotten) {
  policy("acme", MaskingPolicy::keep_encrypted);
  const auto events = take(R"({"type":"call.started","id":"s","time":"2025-11-21T07:59:00Z","data":{"call_id":"c-1","agent_id":"a","caller_number":"+49 30 1234567"}})"
                           "\n" + turn());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].text(Field::text_content), masked_said);
  const std::string sealed(events[1].text(Field::text_sealed));
  EXPECT_EQ(log_.find("555 0100"), std::string::npos);
  EXPECT_EQ(keys_->unseal(sealed).value_or("?"), said);
  EXPECT_EQ(counts_.texts_sealed, 1u);
  EXPECT_EQ(keys_->forget(tokenizer_.phone_field("+49 30 1234567"), "").value_or(0), 1u);
  EXPECT_FALSE(keys_->unseal(sealed));
  const auto later = take(turn());  // the call goes on: it counts, its originals are kept no more
  ASSERT_EQ(later.size(), 1u);
  EXPECT_EQ(later[0].text(Field::text_content), masked_said);
  EXPECT_EQ(later[0].find(Field::text_sealed), nullptr);
  EXPECT_EQ(facts(later[0]).counts, counts_of(said));
  EXPECT_EQ(counts_.texts_sealed, 0u);
  EXPECT_EQ(counts_.texts_not_sealed, 1u);
}

// What was made of the original would outlast the key that ends it.
TEST_F(Mask_batch, an_embedding_is_kept_where_words_are_neither_dropped_nor_sealed) {
  std::string numbers = "0.5";
  for (int i = 1; i < 1536; ++i) numbers += ",0.5";
  const std::string spoken = turn(",\"text_embedding\":[" + numbers + "],\"tools\":[{\"name\":\"crm\"}]");
  for (const auto kept : {MaskingPolicy::mask, MaskingPolicy::keep_encrypted, MaskingPolicy::drop_content}) {
    policy("acme", kept);
    const auto events = take(spoken);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].find(Field::text_embedding) != nullptr, kept == MaskingPolicy::mask) << to_string(kept);
    EXPECT_NE(events[0].find(Field::tools), nullptr) << to_string(kept);
    EXPECT_EQ(events[0].find(Field::text_sealed) != nullptr, kept == MaskingPolicy::keep_encrypted) << to_string(kept);
  }
}

TEST_F(Mask_batch, an_event_without_an_id_is_the_same_however_often_it_is_sealed) {
  policy("acme", MaskingPolicy::keep_encrypted);
  std::string without_id = turn();
  without_id.erase(without_id.find(R"("id":"t",)"), 9);
  const Id first = take(without_id)[0].id;
  const std::string sealed(batch_.events[0].text(Field::text_sealed));
  EXPECT_EQ(take(without_id)[0].id, first);
  EXPECT_NE(batch_.events[0].text(Field::text_sealed), sealed);
}

TEST_F(Mask_batch, an_escaped_digit_is_a_digit) {
  const auto events = take(turn(R"(,"entities":[{"v":"\u0034111 1111 1111 1111"}])"));
  EXPECT_EQ(log_.find("111 1111"), std::string::npos) << events[0].text(Field::entities);
}

TEST_F(Mask_batch, customers_beyond_the_bound_are_counted_together) {
  MaskCounts all;
  for (std::size_t i = 0; i < limits::masked_customers + 5; ++i) all.found(fmt::format("c-{}", i), {1});
  EXPECT_EQ(all.customers.size(), limits::masked_customers + 1);
  EXPECT_EQ(all.customers.at("__other__")[0], 5u);
}

}  // namespace
}  // namespace aybiza
