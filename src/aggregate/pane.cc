#include "aggregate/pane.h"

#include <cstring>

#include "assemble/bytes.h"
#include "base/check.h"

namespace aybiza {
namespace {

enum class Tag : std::uint8_t { turn, usage, call };  // two bits of an entry's first byte
constexpr unsigned tag_mask = 3, flag = 4;

// What is known of several numbers: a bit each, then those that are. REQUIRES: none is negative.
template <std::size_t n>
void put_known(bytes::Writer& out, const Number* const (&numbers)[n]) {
  static_assert(n <= 8);
  unsigned present = 0;
  for (std::size_t i = 0; i < n; ++i) present |= *numbers[i] ? 1u << i : 0u;
  out.byte(std::uint8_t(present));
  for (const Number* number : numbers)
    if (*number) out.count(std::uint64_t(**number));
}

template <std::size_t n>
void take_known(bytes::Reader& in, Number* const (&numbers)[n]) {
  const unsigned present = in.byte();
  for (std::size_t i = 0; i < n; ++i)
    if ((present >> i & 1) != 0) *numbers[i] = std::int64_t(in.count());
}

constexpr std::uint64_t sentiment_zero = 20'000;  // so that none is negative

}  // namespace

void append_entry(std::string& entry, const TurnFacts& facts) {
  bytes::Writer out(entry);
  out.byte(std::uint8_t(unsigned(Tag::turn) | (facts.interrupted ? flag : 0u)));
  Number sentiment = facts.sentiment_e4;
  if (sentiment) *sentiment += sentiment_zero;
  put_known(out, {&sentiment, &facts.sentiment_confidence_e4, &facts.response_us, &facts.stt_us, &facts.llm_us, &facts.tts_us});
}

void append_entry(std::string& entry, const UsageFacts& facts) {
  bytes::Writer out(entry);
  static_assert(token_kinds == 7);
  out.byte(std::uint8_t(unsigned(Tag::usage) | (facts.cost_unknown ? flag : 0u)));
  const auto& t = facts.tokens;
  put_known(out, {&t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &facts.cost_nano});
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

void add_entries(std::string_view entries, Tally& into, const TallyParts& parts) {
  bytes::Reader in(entries);
  while (!in.done()) {
    const unsigned head = in.byte();
    const auto tag = Tag(head & tag_mask);
    if (tag == Tag::turn) {
      TurnFacts facts;
      facts.interrupted = (head & flag) != 0;
      take_known(in, {&facts.sentiment_e4, &facts.sentiment_confidence_e4, &facts.response_us, &facts.stt_us, &facts.llm_us, &facts.tts_us});
      if (facts.sentiment_e4) *facts.sentiment_e4 -= sentiment_zero;
      if (parts.turns) into.add(facts, parts);
    } else if (tag == Tag::usage) {
      UsageFacts facts;
      facts.cost_unknown = (head & flag) != 0;
      auto& t = facts.tokens;
      take_known(in, {&t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &facts.cost_nano});
      if (parts.usage) into.add(facts);
    } else {
      const std::uint8_t bits = in.byte();
      CallFacts facts;
      bool* flags[] = {&facts.known_outcome, &facts.successful, &facts.known_resolution, &facts.resolved, &facts.escalated, &facts.intervened};
      for (std::size_t i = 0; i < std::size(flags); ++i) *flags[i] = (bits >> i & 1) != 0;
      facts.errors = in.number();
      for (Number* number : {&facts.satisfaction_e4, &facts.quality_e4, &facts.efficiency_e4, &facts.duration_us, &facts.voice_latency_us, &facts.cost_nano, &facts.reported_cost_nano})
        *number = in.optional();
      if (parts.calls) into.add(facts, parts);
      if (parts.usage && (bits >> std::size(flags) & 1) != 0 && facts.reported_cost_nano) into.add_reported_cost(*facts.reported_cost_nano);
    }
  }
  CHECK(!in.bad());  // a pane's own bytes
}

void Pane::hold(std::string_view content, Form form) {
  release();
  if (content.empty()) return;
  at_ = new char[content.size()];
  std::memcpy(at_, content.data(), content.size());
  used_ = std::uint32_t(content.size());
  capacity_ = std::uint16_t(std::min<std::size_t>(content.size(), UINT16_MAX));
  form_ = form;
}

void Pane::release() {
  if (hot()) delete &tally();
  else delete[] bytes();
  at_ = nullptr;
  used_ = 0;
  capacity_ = 0;
  form_ = Form::none;
}

void Pane::append(std::string_view entry) {
  if (used_ + entry.size() > capacity_) {
    std::size_t larger = std::max<std::size_t>(64, capacity_);
    while (larger < used_ + entry.size()) larger += larger / 2;
    char* wider = new char[larger];
    if (used_ > 0) std::memcpy(wider, at_, used_);
    delete[] bytes();
    at_ = wider;
    capacity_ = std::uint16_t(larger);
  }
  std::memcpy(bytes() + used_, entry.data(), entry.size());
  used_ += std::uint32_t(entry.size());
  form_ = Form::raw;
}

void Pane::merge_into(Tally& into, const TallyParts& parts) const {
  switch (form_) {
    case Form::none: return;
    case Form::raw: return add_entries(held(), into, parts);
    case Form::hot: return into.merge(tally(), parts);
    case Form::packed: CHECK(merge_packed(held(), into, parts));  // our own; a snapshot's were read when it was restored
  }
}

Tally& Pane::warm() {
  if (hot()) return tally();
  auto fresh = std::make_unique<Tally>();
  merge_into(*fresh);
  release();
  at_ = fresh.release();
  form_ = Form::hot;
  return tally();
}

void Pane::cool() {
  if (wants_cooling()) {
    thread_local std::string room;  // its memory serves again
    room.clear();
    append_packed(room);
    return hold(room, Form::packed);
  }
  if (form_ == Form::raw && capacity_ != used_) hold(std::string(held()), Form::raw);
}

void Pane::append_packed(std::string& out) const {
  if (form_ == Form::packed) out.append(held());
  else if (hot() && !tally().empty()) pack(tally(), out);
  else if (form_ == Form::raw) {
    Tally sum;
    merge_into(sum);
    pack(sum, out);
  }
}

bool Pane::set_packed(std::string_view packed) {
  Tally read;
  if (!merge_packed(packed, read)) return false;
  hold(packed, Form::packed);
  return true;
}

}  // namespace aybiza
