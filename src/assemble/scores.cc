#include <algorithm>

#include "assemble/assembled_call.h"

namespace aybiza {
namespace {

__extension__ using Wide = __int128;

// 1 at or below `good`, 0 at or above `bad`, linear between; floored to 1/10000.
std::int64_t falling_e4(std::int64_t value, std::int64_t good, std::int64_t bad) {
  if (value <= good) return 10'000;
  if (value >= bad) return 0;
  return std::int64_t(Wide(bad - value) * 10'000 / (bad - good));
}

class WeightedMean {
 public:
  void part(std::int64_t weight, std::int64_t e4) {
    sum_ += weight * e4;
    weight_ += weight;
  }
  Number floored() const { return weight_ == 0 ? Number{} : Number(sum_ / weight_); }

 private:
  std::int64_t sum_ = 0, weight_ = 0;
};

bool known(std::string_view word) { return !word.empty() && word != "unknown"; }

}  // namespace

Number quality_of(const CallFigures& call, std::int64_t sentiment_sum_e4, std::int64_t sentiment_count) {
  const bool outcome = known(call.call_outcome), resolution = known(call.resolution_status);
  if (!outcome && !resolution && !call.satisfaction_e4 && !call.conversation_quality_e4) return {};
  WeightedMean mean;
  if (outcome) mean.part(30, call.call_outcome == "successful" ? 10'000 : 0);
  if (resolution) mean.part(20, call.resolution_status == "resolved" ? 10'000 : 0);
  if (call.satisfaction_e4) mean.part(20, (*call.satisfaction_e4 - 10'000) / 4);
  if (sentiment_count > 0)  // (m + 1) / 2 with m as an exact fraction; never negative
    mean.part(10, std::int64_t((Wide(sentiment_sum_e4) + Wide(10'000) * sentiment_count) / (2 * Wide(sentiment_count))));
  if (call.voice_latency_us) mean.part(10, falling_e4(*call.voice_latency_us, 800'000, 4'000'000));
  if (call.conversation_quality_e4) mean.part(5, *call.conversation_quality_e4 / 5);
  if (call.audio_quality_e4) mean.part(5, (*call.audio_quality_e4 - 10'000) / 4);
  return mean.floored();
}

Number efficiency_of(const CallFigures& call) {
  const bool outcome = known(call.call_outcome), resolution = known(call.resolution_status);
  if (call.state != CallState::ended || (!outcome && !resolution)) return {};
  WeightedMean mean;
  mean.part(40, (resolution ? call.resolution_status == "resolved" : call.call_outcome == "successful") ? 10'000 : 0);
  if (call.duration_us) mean.part(20, falling_e4(*call.duration_us, 60'000'000, 600'000'000));
  if (call.cost_nano) mean.part(20, falling_e4(*call.cost_nano, 0, 1'000'000'000));
  if (call.turns > 0) mean.part(10, falling_e4(call.turns, 8, 48));
  if (call.error_count) mean.part(10, *call.error_count == 0 ? 10'000 : 0);
  return mean.floored();
}

}  // namespace aybiza
