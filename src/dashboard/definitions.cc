#include "dashboard/definitions.h"

#include <algorithm>
#include <array>

namespace aybiza::dashboard {
namespace {

constexpr std::array table{
    Definition{"active_agents", "Active agents", "Agents with at least one call in progress during the last second.",
               "distinct agents whose call overlaps [now − 1 s, now)", "call events, counted live", "agents", Format::count, "agents"},
    Definition{"active_calls", "Active calls",
               "Calls in progress. A call covers the time from its start to its end; one that has not ended is still on.",
               "highest number of calls at one instant of the last second", "call events, counted live", "calls", Format::count, "calls"},
    Definition{"calls_today", "Calls today",
               "Calls that started since midnight in the time zone of this page, calls in progress included.",
               "count of calls with start in [midnight, now)", "call.started, call.ended", "calls", Format::count, "calls"},
    Definition{"success_rate", "Success rate",
               "How many of the calls with a known outcome were successful. Calls in progress and unknown outcomes are left out.",
               "successful calls / calls with a known outcome", "call_outcome of call.ended", "", Format::share, "calls"},
    Definition{"avg_resolution_ms", "Avg resolution time", "Mean duration of the calls that were resolved in this range.",
               "mean total_duration_ms over calls with resolution_status = resolved", "call.ended", "", Format::minutes, "calls"},
    Definition{"p95_voice_latency_ms", "p95 voice latency",
               "19 of 20 calls answer faster than this on average: from the end of the caller's words to the agent's first sound.",
               "95th percentile of voice_processing_latency_ms over calls", "call.ended, else the mean of the call's turns", "",
               Format::milliseconds, "calls"},
    Definition{"avg_sentiment", "Avg sentiment", "Mean sentiment of what callers said, from −1 (negative) to +1 (positive).",
               "mean sentiment_score over caller turns", "as sent, else scored from the words by lexicon and rules", "", Format::score, "turns"},
    Definition{"spend_today_usd", "Spend today", "Known cost since midnight in the time zone of this page: models, speech and telephony.",
               "sum of cost_usd of usage, plus cost reported with a call", "usage and call.ended; prices from the price book", "", Format::usd, "calls"},
    Definition{"volume", "Call volume", "Calls by the time they started, calls in progress included.", "count of calls per interval",
               "call.started, call.ended", "calls", Format::count, "calls"},
    Definition{"sentiment", "Sentiment", "Mean sentiment of caller turns: now on the dial, below it over the range.",
               "mean sentiment_score over caller turns per interval", "as sent, else scored from the words by lexicon and rules", "", Format::score, "turns"},
    Definition{"regions", "Activity by region", "Calls of the range by region; the size of a mark is the number of calls, its colour the success rate.",
               "count of calls by region", "the call's last known region", "calls", Format::count, "calls"},
    Definition{"latency", "Response time", "How long agents took to respond, turn by turn: half of the turns are faster than p50, 1 in 100 is slower than p99.",
               "quantiles of response_time_ms over turns per interval", "turn events; live figures come from a sketch accurate to 0.5 %", "",
               Format::milliseconds, "turns"},
    Definition{"spend_usd", "Spend", "Known cost of the range: models, speech and telephony.", "sum of cost_usd of usage, plus cost reported with a call",
               "usage and call.ended; prices from the price book", "", Format::usd, "calls"},
    Definition{"cost_per_call", "Cost per call", "Mean cost of the calls whose cost is known.", "mean cost_usd over calls with a known cost",
               "as reported, else priced from usage", "", Format::usd, "calls"},
    Definition{"cost_per_resolved", "Cost per resolved call", "All known cost of the range divided by the calls that were resolved: what one solved problem costs.",
               "sum of cost_usd / calls with resolution_status = resolved", "usage and call.ended", "", Format::usd, "resolved calls"},
    Definition{"cache_share", "Read from cache", "How much of what the models read came from their cache, where it is cheaper.",
               "cache_read_tokens / (cache_read_tokens + input_tokens)", "usage", "", Format::share, "calls"},
    Definition{"spend", "Spend over time", "Known cost by the time it arose.", "sum of cost_usd per interval", "usage and call.ended; prices from the price book", "", Format::usd, "known cost"},
    Definition{"cost_map", "Where it goes", "Region, kind of agent, model: the size of a field is its cost, its colour how efficient its calls were: the stronger, the more.",
               "sum of cost_usd by region, agent_type and model_used; mean efficiency_score", "usage, call.ended", "", Format::usd, "known cost"},
    Definition{"resolution_rate", "Resolution rate", "How many of the calls with a known resolution were resolved.", "calls with resolution_status = resolved / calls with a known one",
               "resolution_status of call.ended", "", Format::share, "calls"},
    Definition{"avg_satisfaction", "Satisfaction", "Mean of the ratings callers gave, 1 to 5. The sample says how many rated.", "mean customer_satisfaction_score over rated calls",
               "call.rated, call.ended", "of 5", Format::rating, "rated calls"},
    Definition{"interruption_share", "Interrupted turns", "How many turns were cut off: on an agent's turn, the caller cut in.", "turns with interrupted / turns", "turn events", "", Format::share, "turns"},
    Definition{"moods", "How callers feel", "Caller turns by their mood, as shares of those whose mood is known.", "turns by sentiment_class per interval / all three",
               "as sent, else scored from the words by lexicon and rules", "", Format::share, "rated caller turns"},
    Definition{"topics", "What they talk about", "Turns by topic. A turn may have several.", "count of turns by topic", "as sent, else found in the words by lexicon", "turns", Format::count, "turns with a topic"},
    Definition{"emotions", "Emotions", "Turns by the emotion they show.", "count of turns by emotion", "as sent, else found in the words by lexicon", "turns", Format::count, "turns with an emotion"},
    Definition{"lengths", "How long calls take", "Ended calls by their length, in twenty steps from the shortest to the longest.", "histogram of total_duration_ms", "call.ended", "calls", Format::count, "ended calls"},
    Definition{"stages", "Where the time goes", "What happens between the caller's last word and the agent's first sound. The stages overlap, so they do not add up to the response.",
               "median and 95th percentile of each stage over turns", "turn events", "", Format::milliseconds, "timed turns"},
    Definition{"outcomes", "Outcome mix", "How the calls of the range ended. Unknown includes calls in progress.", "count of calls by call_outcome",
               "call.ended", "calls", Format::count, "calls"},
    Definition{"masked", "Personal data masked",
               "What was found in texts and hidden before anything was written. Region and range do not matter here.",
               "finds by class since the start of this server", "every way in, also events that came twice", "finds", Format::count, "finds"},
};
constexpr Definition unknown{"", "Unknown", "There is no definition of this figure.", "", "", "", Format::count, ""};

}  // namespace

int number_of(const Definition& definition) {
  return &definition == &unknown ? int(table.size()) + 1 : int(&definition - table.data()) + 1;
}

int number_of_moving(const Definition& definition) { return number_of(definition) + int(table.size()) + 1; }

const Definition& definition_of(std::string_view name) {
  const auto at = std::ranges::find(table, name, &Definition::name);
  return at == table.end() ? unknown : *at;
}

}  // namespace aybiza::dashboard
