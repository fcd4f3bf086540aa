// Which number a turn gets whose sender does not number it: a function of all keys of the call, whatever order they come in.
//
// Shape    every event with Field::turn_key belongs to a key: a single turn ("t", "i") or an exchange of a caller's and an
//          agent's turn ("x"). Exchanges that were numbered by their own span have 2n - 1 and 2n; the others are numbered
//          on from the one before them, in order of (first event's time, key). So numbers are right while spans are still
//          missing, and move only when something earlier comes late. Of several vocabularies of one call (spans, then the
//          report of all of it) the one of the greatest rank counts; the turns of the others leave. After freeze() what
//          has a number keeps it. An exchange has no caller's turn while the greatest Field::text_order of its caller's side
//          is that of an event without a speaker: what the agent then answered was not the caller.
// Errors   see() answers full beyond limits::turns_per_call keys: the event is not merged.
// Cost     linear in the keys of the call for a key that is new or earlier than thought; one look-up otherwise.
// Threads  none: owned by one call.
// Source   ingest-formats.md 3.3, 4.5; ARCHITECTURE.md "Turns that nobody numbers".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "assemble/bytes.h"
#include "model/event.h"

namespace aybiza {

class TurnKeys {
 public:
  enum class Seen : std::uint8_t { known, renumbered, superseded, full };
  struct Move { std::int32_t from, to; };  // to 0: the turn leaves

  // Takes note of an event with Field::turn_key. `moves` gets the turns whose number is another now: what was `from`
  // before all of them is `to` after all of them.
  Seen see(const Event& event, std::vector<Move>& moves);
  void freeze() { frozen_ = true; }  // the texts are gone: a turn cannot be written elsewhere any more
  // The number of the turn that `event` tells of. REQUIRES: see() said known or renumbered for this event.
  std::int32_t number(const Event& event) const;
  // Whether it tells of a turn at all, or only numbers one.
  static bool tells_turn(const Event& event) { return event.find(Field::speaker) != nullptr; }

  std::size_t size() const { return keys_.size(); }
  std::size_t heap_bytes() const { return keys_.capacity() * sizeof(Key); }
  void write(bytes::Writer& out) const;
  bool read(bytes::Reader& in);

 private:
  struct Key {
    std::uint64_t hash = 0;
    Instant start{};
    std::int32_t declared = 0;  // the sender's number of the exchange; 0: not told
    std::int32_t number = 0;    // of its last turn: 2n, or the single turn's; 0: superseded
    Rank rank = Rank::span;
    bool exchange = false;
    std::int64_t said = 0, silent = 0;  // the greatest order of the caller's text, and of what says that it is not the caller's turn
    bool silences() const { return silent > said; }
    void note_order(const Event& event);
    friend bool operator==(const Key&, const Key&) = default;
  };
  Key* find(std::uint64_t hash);
  const Key* find(std::uint64_t hash) const { return const_cast<TurnKeys*>(this)->find(hash); }
  void renumber(std::vector<Move>& moves);
  void number_on(Rank greatest, std::vector<Move>& moves);

  bool frozen_ = false;
  std::vector<Key> keys_;  // by (start, hash): the order of the call
};

}  // namespace aybiza
