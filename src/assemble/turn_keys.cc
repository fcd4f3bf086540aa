#include "assemble/turn_keys.h"

#include <algorithm>
#include <tuple>

#include "base/limits.h"

namespace aybiza {
namespace {

// The same text of another rank is another vocabulary's: it never makes a turn visible again whose events were let go.
std::uint64_t hash_of(const Event& event) { return hash64(event.text(Field::turn_key), std::uint64_t(event.rank)); }

bool earlier(const auto& a, const auto& b) { return std::tie(a.start, a.hash) < std::tie(b.start, b.hash); }

constexpr std::uint8_t exchange_flag = 0x80, ordered_flag = 0x40;  // of the rank's byte

bool of_caller(const Event& event) { return event.number(Field::speaker).value_or(1) == 0; }

}  // namespace

void TurnKeys::Key::note_order(const Event& event) {
  const std::int64_t order = event.number(Field::text_order).value_or(0);
  if (!tells_turn(event)) silent = std::max(silent, order);
  else if (of_caller(event)) said = std::max(said, order);
}

TurnKeys::Key* TurnKeys::find(std::uint64_t hash) {
  // The key of what comes now is mostly the newest.
  const auto at = std::find_if(keys_.rbegin(), keys_.rend(), [&](const Key& key) { return key.hash == hash; });
  return at == keys_.rend() ? nullptr : &*at;
}

TurnKeys::Seen TurnKeys::see(const Event& event, std::vector<Move>& moves) {
  const std::uint64_t hash = hash_of(event);
  Key* known = find(hash);
  if (!known && keys_.size() >= limits::turns_per_call) return Seen::full;
  Key key = known ? *known : Key{.hash = hash, .start = event.time, .rank = event.rank, .exchange = event.text(Field::turn_key).starts_with('x')};
  key.start = std::min(key.start, event.time);
  const std::int64_t declared = event.number(Field::turn_exchange).value_or(0);
  if (declared > 0) key.declared = key.declared == 0 ? std::int32_t(declared) : std::min(key.declared, std::int32_t(declared));
  // Only the text of the greatest order counts, so that what leaves here comes back with whatever brings the turn back.
  const bool told = key.exchange && key.number != 0 && !key.silences();
  const std::int32_t before = key.number - 1;
  key.note_order(event);
  const bool leaves = told && key.silences();
  const bool changed = !known || *known != key;
  if (changed) {
    if (known) keys_.erase(keys_.begin() + (known - keys_.data()));
    const auto place = std::upper_bound(keys_.begin(), keys_.end(), key, [](const Key& a, const Key& b) { return earlier(a, b); });
    keys_.insert(place, key);
    renumber(moves);
    known = find(hash);
  }
  if (leaves) {
    const auto move = std::ranges::find(moves, before, &Move::from);
    if (move != moves.end()) move->to = 0;
    else moves.push_back({before, 0});
  }
  if (known->number == 0 || (known->silences() && of_caller(event))) return Seen::superseded;
  return changed ? Seen::renumbered : Seen::known;
}

std::int32_t TurnKeys::number(const Event& event) const {
  const Key* key = find(hash_of(event));
  if (!key) return 0;
  return key->exchange && event.number(Field::speaker).value_or(0) == 0 ? key->number - 1 : key->number;
}

void TurnKeys::renumber(std::vector<Move>& moves) {
  Rank greatest = Rank::carrier;
  for (const Key& key : keys_) greatest = std::max(greatest, key.rank);
  if (frozen_) return number_on(greatest, moves);
  std::vector<std::int32_t> declared;  // numbers of exchanges that are told, each given to the earliest that tells it
  for (const Key& key : keys_)
    if (key.rank == greatest && key.exchange && key.declared > 0) declared.push_back(key.declared);
  std::sort(declared.begin(), declared.end());
  declared.erase(std::unique(declared.begin(), declared.end()), declared.end());
  std::vector<bool> given(declared.size());
  const auto taken = [&](std::int32_t exchange) { return std::binary_search(declared.begin(), declared.end(), exchange); };
  std::int32_t last = 0;  // the number given last, or a later one that was told
  for (Key& key : keys_) {
    std::int32_t number = 0;
    if (key.rank == greatest) {
      const auto told = std::lower_bound(declared.begin(), declared.end(), key.declared) - declared.begin();
      const bool keeps_own = key.exchange && key.declared > 0 && !given[std::size_t(told)];
      if (keeps_own) {
        given[std::size_t(told)] = true;
        number = 2 * key.declared;
      } else if (key.exchange) {
        std::int32_t exchange = last / 2 + 1 + (last % 2);
        while (taken(exchange)) ++exchange;
        number = 2 * exchange;
      } else {
        number = last + 1;
        while (taken((number + 1) / 2)) ++number;
      }
      last = std::max(last, number);
    }
    if (key.number != 0 && key.number != number) {
      moves.push_back({key.number, number});
      if (key.exchange) moves.push_back({key.number - 1, number == 0 ? 0 : number - 1});
    }
    key.number = number;
  }
}

void TurnKeys::number_on(Rank greatest, std::vector<Move>& moves) {
  std::int32_t last = 0;
  for (const Key& key : keys_)
    if (key.rank == greatest) last = std::max(last, key.number);
  for (Key& key : keys_) {
    const std::int32_t before = key.number;
    if (key.rank < greatest) key.number = 0;
    else if (before == 0) last = key.number = key.exchange ? 2 * (last / 2 + 1 + last % 2) : last + 1;
    if (before == 0 || key.number != 0) continue;
    moves.push_back({before, 0});
    if (key.exchange) moves.push_back({before - 1, 0});
  }
}

void TurnKeys::write(bytes::Writer& out) const {
  out.byte(frozen_ ? 1 : 0);
  out.count(keys_.size());
  for (const Key& key : keys_) {
    out.fixed(key.hash);
    out.instant(key.start);
    out.count(std::uint64_t(key.declared));
    out.count(std::uint64_t(key.number));
    const bool ordered = key.said != 0 || key.silent != 0;
    out.byte(std::uint8_t(std::uint8_t(key.rank) | (key.exchange ? exchange_flag : 0) | (ordered ? ordered_flag : 0)));
    if (!ordered) continue;
    out.count(std::uint64_t(key.said));
    out.count(std::uint64_t(key.silent));
  }
}

bool TurnKeys::read(bytes::Reader& in) {
  frozen_ = in.byte() != 0;
  keys_.resize(in.length(12));
  for (Key& key : keys_) {
    key.hash = in.fixed();
    key.start = in.instant();
    const std::uint64_t declared = in.count(), number = in.count();
    const std::uint8_t rank = in.byte();
    if (declared > 500'000 || number > 2'000'000) return false;
    key.declared = std::int32_t(declared);
    key.number = std::int32_t(number);
    key.rank = Rank(rank & ~(exchange_flag | ordered_flag));
    key.exchange = (rank & exchange_flag) != 0;
    if ((rank & ordered_flag) == 0) continue;
    key.said = std::int64_t(in.count());
    key.silent = std::int64_t(in.count());
    if (key.said < 0 || key.silent < 0) return false;
  }
  return !in.bad() && keys_.size() <= limits::turns_per_call &&
         std::is_sorted(keys_.begin(), keys_.end(), [](const Key& a, const Key& b) { return earlier(a, b); });
}

}  // namespace aybiza
