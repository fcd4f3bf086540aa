// The privacy step: every text of a decoded batch masked or replaced by a token, before identities and before the spool.
//
// Shape    phone fields become tokens; labels, ids and names become tokens where they look personal; what was said, tags,
//          entities, tools and ext keep their words and lose their numbers. Look-ups call the same Tokenizer. A turn's text as
//          it was written leaves its figures (Field::text_facts) before anything is hidden. Where a customer's policy drops
//          content, its meaning and the classes of its entities are read here and the words, the sender's entities, the
//          embedding and ext go; where it keeps them encrypted, the original is sealed (Field::text_sealed)
//          and the embedding goes.
// Errors   none: any text has a masked form. A text whose key cannot be kept is masked and not sealed.
// Cost     labels repeat, so each different one of a batch is looked at once; text without digits or '@' is passed. Figures
//          take about 0.15 us a turn.
// Threads  none: owned by one Preparer.
// Source   decisions.md 15.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/event_batch.h"
#include "ingest/caller_keys.h"
#include "ingest/masking_policies.h"
#include "privacy/tokenizer.h"

namespace aybiza {

struct MaskCounts {
  using ByClass = std::array<std::uint64_t, pii_class_count>;
  ByClass texts{};                             // finds in text, by class
  std::uint64_t phone_fields = 0, labels = 0;  // replaced by tokens
  std::uint64_t texts_dropped = 0, texts_sealed = 0, texts_not_sealed = 0;
  std::map<std::string, ByClass, std::less<>> customers;  // the finds in text; at most limits::masked_customers, the rest is __other__

  void found(std::string_view customer, const ByClass& by_class);
  MaskCounts& operator+=(const MaskCounts& other);
};

// What is shared by all ways in; either may be absent.
struct Masking {
  MaskingPolicies* policies = nullptr;
  CallerKeys* keys = nullptr;
};

class BatchMasker {
 public:
  explicit BatchMasker(const Tokenizer& tokenizer, Masking masking = {}) : tokenizer_(tokenizer), masking_(masking) {}
  // `customer` is the key's, or empty for a platform's; `vendor` whose calls those are that have no id yet.
  MaskCounts mask(EventBatch& batch, std::string_view customer = {}, Instant received = {}, std::string_view vendor = "events");
  // Of calls that turned out to be one, both callers' words go when one is forgotten.
  void join(std::span<const CallerKeys::Joined> joined, Instant received);

 private:
  struct Known {
    std::string_view from, to;
  };
  struct Said {
    std::string_view written, masked;
  };
  void mask_event(EventBatch& batch, std::size_t at);
  void add_facts(Arena& arena, Event& event, std::string_view written);
  void keep_meaning(Arena& arena, Event& event, const Said& said);
  void seal(Arena& arena, Event& event, const Id& call, std::string_view written);
  void ensure_keys(const EventBatch& batch, Instant received);
  Id call_of(const Event& event, std::string_view masked_id) const;
  std::string_view customer_of(const Event& event) const { return key_customer_.empty() ? event.text(Field::customer_id) : key_customer_; }
  std::string_view label(Arena& arena, std::string_view text);
  std::string_view phone(Arena& arena, std::string_view text);
  std::string_view text(Arena& arena, std::string_view text);
  std::string_view json(Arena& arena, std::string_view text);
  void count(const MaskReport& report);

  const Tokenizer& tokenizer_;
  const Masking masking_;
  std::vector<Known> labels_, phones_;  // of this batch, by hash
  std::string buffer_;
  MaskCounts counts_;
  std::shared_ptr<const MaskingTable> table_;  // of this batch; null when nobody has a policy
  std::string_view key_customer_, customer_;   // of the batch's key, of the event at hand
  std::string_view vendor_;
  MaskingRule rule_;                           // its customer's
};

}  // namespace aybiza
