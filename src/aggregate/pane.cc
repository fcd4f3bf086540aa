#include "aggregate/pane.h"

#include <cstring>

#include "assemble/bytes.h"
#include "base/check.h"

namespace aybiza {
namespace {

enum class Tag : std::uint8_t { turn, usage, call };

}  // namespace

void append_entry(std::string& entry, const TurnFacts& facts) {
  bytes::Writer out(entry);
  out.byte(std::uint8_t(Tag::turn));
  out.byte(facts.interrupted ? 1 : 0);
  for (const Number* number : {&facts.sentiment_e4, &facts.sentiment_confidence_e4, &facts.response_us, &facts.stt_us, &facts.llm_us, &facts.tts_us})
    out.optional(*number);
}

void append_entry(std::string& entry, const UsageFacts& facts) {
  bytes::Writer out(entry);
  out.byte(std::uint8_t(Tag::usage));
  out.byte(facts.cost_unknown ? 1 : 0);
  for (const Number& kind : facts.tokens) out.optional(kind);
  out.optional(facts.cost_nano);
}

void append_entry(std::string& entry, const CallFacts& facts, bool counts_cost) {
  bytes::Writer out(entry);
  out.byte(std::uint8_t(Tag::call));
  const bool flags[] = {facts.known_outcome, facts.successful, facts.known_resolution, facts.resolved, facts.escalated, facts.intervened, counts_cost};
  std::uint8_t bits = 0;
  for (std::size_t i = 0; i < std::size(flags); ++i) bits = std::uint8_t(bits | (flags[i] ? 1u << i : 0u));
  out.byte(bits);
  out.number(facts.errors);
  for (const Number* number : {&facts.satisfaction_e4, &facts.quality_e4, &facts.efficiency_e4, &facts.duration_us, &facts.voice_latency_us, &facts.cost_nano, &facts.reported_cost_nano})
    out.optional(*number);
}

void add_entries(std::string_view entries, Tally& into, bool calls, bool turns, bool usage) {
  bytes::Reader in(entries);
  while (!in.done()) {
    const auto tag = Tag(in.byte());
    const std::uint8_t bits = in.byte();
    if (tag == Tag::turn) {
      TurnFacts facts;
      facts.interrupted = bits != 0;
      for (Number* number : {&facts.sentiment_e4, &facts.sentiment_confidence_e4, &facts.response_us, &facts.stt_us, &facts.llm_us, &facts.tts_us})
        *number = in.optional();
      if (turns) into.add(facts);
    } else if (tag == Tag::usage) {
      UsageFacts facts;
      facts.cost_unknown = bits != 0;
      for (Number& kind : facts.tokens) kind = in.optional();
      facts.cost_nano = in.optional();
      if (usage) into.add(facts);
    } else {
      CallFacts facts;
      bool* flags[] = {&facts.known_outcome, &facts.successful, &facts.known_resolution, &facts.resolved, &facts.escalated, &facts.intervened};
      for (std::size_t i = 0; i < std::size(flags); ++i) *flags[i] = (bits >> i & 1) != 0;
      facts.errors = in.number();
      for (Number* number : {&facts.satisfaction_e4, &facts.quality_e4, &facts.efficiency_e4, &facts.duration_us, &facts.voice_latency_us, &facts.cost_nano, &facts.reported_cost_nano})
        *number = in.optional();
      if (calls) into.add(facts);
      if (usage && (bits >> std::size(flags) & 1) != 0 && facts.reported_cost_nano) into.add_reported_cost(*facts.reported_cost_nano);
    }
  }
  CHECK(!in.bad());  // a pane's own bytes
}

void Pane::append(std::string_view entry) {
  if (used_ + entry.size() > capacity_) {
    std::size_t larger = std::max<std::size_t>(64, capacity_);
    while (larger < used_ + entry.size()) larger += larger / 2;
    std::unique_ptr<char[]> wider(new char[larger]);
    if (used_ > 0) std::memcpy(wider.get(), bytes_.get(), used_);
    bytes_ = std::move(wider);
    capacity_ = std::uint16_t(larger);
  }
  std::memcpy(bytes_.get() + used_, entry.data(), entry.size());
  used_ += std::uint32_t(entry.size());
  raw_ = true;
}

Tally Pane::thawed() const {
  Tally tally;
  if (used_ == 0) return tally;
  if (raw_) {
    add_entries(held(), tally);
    return tally;
  }
  auto parsed = parse_tally(held());
  CHECK(parsed.has_value());  // our own bytes; those of a snapshot were parsed when it was restored
  return std::move(*parsed);
}

Tally& Pane::warm() {
  if (!hot_) {
    hot_ = std::make_unique<Tally>(thawed());
    bytes_.reset();
    used_ = 0;
    capacity_ = 0;
    raw_ = false;
  }
  return *hot_;
}

void Pane::cool() {
  if (wants_cooling()) return set_cold(bytes());
  if (capacity_ == used_ || used_ == 0) return;
  std::unique_ptr<char[]> exact(new char[used_]);
  std::memcpy(exact.get(), bytes_.get(), used_);
  bytes_ = std::move(exact);
  capacity_ = std::uint16_t(used_);
}

void Pane::merge_into(Tally& into, bool calls, bool turns, bool usage) const {
  if (hot_) into.merge(*hot_, calls, turns, usage);
  else if (raw_) add_entries(held(), into, calls, turns, usage);
  else if (used_ > 0) into.merge(thawed(), calls, turns, usage);
}

std::string Pane::bytes() const {
  if (!hot_ && !raw_) return std::string(held());
  if (hot_) return hot_->empty() ? std::string() : serialise(*hot_);
  return serialise(thawed());
}

void Pane::set_cold(std::string_view serialised) {
  std::unique_ptr<char[]> fresh(serialised.empty() ? nullptr : new char[serialised.size()]);
  if (!serialised.empty()) std::memcpy(fresh.get(), serialised.data(), serialised.size());
  hot_.reset();
  bytes_ = std::move(fresh);
  used_ = std::uint32_t(serialised.size());
  capacity_ = std::uint16_t(std::min<std::size_t>(serialised.size(), UINT16_MAX));
  raw_ = false;
}

}  // namespace aybiza
