// How the same calls could cost less, computed from this deployment's own traffic: each piece of advice with its saving and its evidence.
//
// Shape    cheaper model: of a kind of agent, against the model it spends most on, one whose calls cost less and whose success is equal within the
//          interval: the always-valid interval of the difference reaches no lower than advice_margin and does not lie below zero. Cache: of a model,
//          the kinds of agents that read less from the cache than the best one does; what they would save by the price list. Long calls: what those that did
//          not succeed cost beyond the length of the successful ones. Silence: its part of the cost beyond that of the kind of agent with the least. What is not known
//          (why a call went to that model) cannot be corrected: calls were not assigned at random, and the page says so.
// Units    USD over the range; shares 0..1.
// Errors   a refused question becomes `error`. Sampled calls are no observations: then there is no advice, and `estimate` says why.
// Threads  pure; `ask` may be slow and is called on a live thread.
// Source   live/always_valid.h; interface.md "Costs"; docs/money.md "Recommendations".
#pragma once

#include "live/always_valid.h"
#include "live/asking.h"
#include "query/spend_leaks.h"

namespace aybiza {

inline constexpr double advice_margin = 0.05;          // of success that an interval may leave open
inline constexpr double advice_alpha = 0.05;
inline constexpr double advice_least_calls = 100;      // with a known outcome, of either model
inline constexpr double advice_least_tokens = 100'000; // read, of either kind of agent
inline constexpr double advice_least_share = 0.10;     // between the share read from the cache and the best one's
inline constexpr double advice_least_silence = 0.10;   // between the share of silence and the least one
inline constexpr double advice_least_usd = 0.01;       // of the range
inline constexpr std::size_t advice_shown = 10;

enum class AdviceKind : std::uint8_t { cheaper_model, cache, long_calls, silence };
struct Advice {
  AdviceKind kind{};
  std::string agent_type, model;   // of whom; "" = not known
  std::string other;               // the cheaper model, or the kind of agent that does best
  double saving_usd = 0;           // over the range
  double n = 0, other_n = 0;       // calls with a known outcome; tokens read; long calls of all; calls that tell of silence
  double share = 0, other_share = 0;  // success; read from the cache; silence
  Known cost, other_cost;          // of a call
  Known length_ms;                 // 95 of 100 successful calls are no longer
  std::optional<Effect> effect;    // of the other model on success
};

struct AdviceState {
  Instant as_of{};
  Duration length{};               // of the range
  std::vector<Advice> list;        // most saved first
  bool estimate = false;
  std::string error;
};

// USD for one token read by `model`, from its cache or not; unknown: the price list has none.
using TokenPrice = std::function<Known(std::string_view model, bool cached)>;
using AskLeaks = std::function<Answered<std::vector<SpendLeak>>(const FleetQuestion&)>;
AdviceState compute_advice(const Ask& ask, const AskLeaks& leaks, const TokenPrice& price, const ViewScope& scope, Instant now);

}  // namespace aybiza
