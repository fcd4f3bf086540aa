// Any bytes behind the magic and before a checksum that fits them: either refused, or a shard that answers questions, hands
// out its rows, and whose own snapshot brings the same shard back.
#include <cstdint>
#include <string>
#include <string_view>

#include "aggregate/shard.h"
#include "base/check.h"
#include "base/ids.h"

namespace {

using namespace aybiza;

std::string sealed(std::string_view body) {
  static const std::string head = Shard().snapshot().substr(0, 7);  // magic and version
  std::string out = head;
  out += body;
  const std::uint64_t sum = hash64(out);
  out.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return out;
}

void look_around(Shard& shard) {
  using namespace std::chrono_literals;
  const Instant newest = shard.stats().newest;
  const Instant now = newest == Instant::min() ? from_micros(0) : newest;
  constexpr Instant first = from_micros(0), last = from_micros(4'102'444'800'000'000);  // 1970, 2100: what a question may name
  const Instant to = std::clamp(now, first + 24h, last);
  for (const auto& by : {std::vector<Dimension>{}, {Dimension::region}, {Dimension::agent_id}, {Dimension::emotion}}) {
    const bool of_turns = by == std::vector<Dimension>{Dimension::emotion};
    const LiveQuestion question{.by = by, .where = {}, .edges = {to - 1h, to}, .calls = !of_turns, .usage = !of_turns, .intervals = !of_turns};
    if (shard.covers(question, to).covered) (void)shard.ask(question, to);
  }
  (void)shard.live_calls(10, "");
  (void)shard.agents();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Shard shard;
  if (!shard.restore(sealed({reinterpret_cast<const char*>(data), size}))) return 0;
  look_around(shard);
  Shard again;
  CHECK(again.restore(shard.snapshot()).has_value());
  CHECK(again.canonical_dump() == shard.canonical_dump());
  RowBatch rows;
  shard.collect(rows);
  return 0;
}
