// Where the pages get their data: a handful of questions, answered by the server.
//
// Shape    the server implements it over live state and store; tests over rows in memory.
// Errors   a Refusal or an Error becomes the text of one tile or of one page.
// Threads  called on both live threads at once; a call may take as long as limits::query_timeout.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "live/inventory.h"
#include "live/spend_budget.h"
#include "live/system.h"
#include "model/rows.h"
#include "query/answer.h"
#include "query/fleet_signals.h"
#include "query/spend_leaks.h"
#include "query/spend_parts.h"
#include "query/state_flow.h"
#include "query/talk_time.h"
#include "query/turn_search.h"
#include "query/learning.h"

namespace aybiza::dashboard {

struct CallsFilter {
  std::vector<std::string> customers;  // whom the viewer may see; empty: all
  std::string customer, region, agent, outcome, state, model;  // empty: any; state: active | ended
  std::optional<Instant> from, to;     // of the start; empty: open
  std::string caller_number, phone_number;  // tokens; empty: any
  std::vector<Id> ids;                 // of these alone; empty: any
};

struct CallsPage {
  std::vector<CallRow> calls;  // calls in flight first, then by start, latest first
  std::string next;            // the cursor of the next page; empty: this is the last
};

struct CallDetail {
  CallRow call;
  std::vector<TurnRow> turns;  // by number
  std::vector<UsageRow> usage;
  std::vector<InterventionRow> interventions;
};

// Personal data that was found and hidden before anything was written.
struct MaskedFinds {
  Instant since{};                                              // the counts' start
  std::vector<std::pair<std::string, std::uint64_t>> classes;  // "phone", 12; all of them, also those never found
};

// Usage of a range priced by another list.
struct Repriced {
  std::uint64_t usage = 0, changed = 0, found = 0, lost = 0;  // looked at; of another cost; unknown before, known then; and the reverse
  double before_usd = 0, after_usd = 0;                       // what is known of their cost
};

// Turns to be found again by their words, or by what a text is about.
struct TurnsWanted {
  std::string text;
  bool by_meaning = false;
  std::vector<std::string> customers;  // whom the viewer may see; empty: all
  std::string customer, region;        // empty: any
  Instant from{}, to{};
  std::size_t most = 20;
};
struct FoundTurns {
  TurnMatches matches;
  std::vector<std::string> words;  // folded, as they were looked for
};

class Source {
 public:
  virtual ~Source() = default;
  virtual Answered<Answer> ask(const Question& question) = 0;
  // The place in the log up to which every event is in what live state answers from now on.
  virtual std::uint64_t folded() { return 0; }
  virtual std::vector<Answered<Answer>> ask_together(std::span<const Question> questions) {
    return one_by_one([this](const Question& question) { return ask(question); })(questions);
  }
  virtual Answered<Flow> flow(const FlowQuestion& question) = 0;
  virtual Answered<std::vector<AgentSignals>> fleet(const FleetQuestion& question) = 0;
  virtual Answered<std::vector<SpendLeak>> leaks(const FleetQuestion& question) = 0;
  // By the price list in force.
  virtual Answered<SpendParts> spend_parts(const FleetQuestion& question) = 0;
  virtual Answered<FoundTurns> find_turns(const TurnsWanted& wanted) = 0;
  virtual Answered<TalkTime> talk(const FleetQuestion& question) = 0;
  // Rows of learning and changes, in order.
  virtual Answered<LearningPartial> learning(const LearningQuestion& question) = 0;
  virtual Result<CallsPage> calls(const CallsFilter& filter, const std::string& cursor, std::size_t limit) = 0;
  virtual std::string cursor_after(const CallRow& call) = 0;  // of the page that begins behind it
  // By our id or the sender's. nullopt: there is none, or it belongs to nobody the viewer may see.
  virtual Result<std::optional<CallDetail>> call(std::string_view id, const std::vector<std::string>& customers) = 0;
  // In what `customers` sent (empty: all), and of them `customer` alone if it is not empty.
  virtual MaskedFinds masked(const std::vector<std::string>& customers, const std::string& customer) = 0;
  virtual std::vector<SpendBudget> budgets() = 0;
  // USD for one token that `model` reads, from its cache or not, by the price list in force.
  virtual std::optional<double> token_price(std::string_view model, bool cached) = 0;
  // By the lines of `prices` before those in force; of one customer, or (empty) of all. Nothing is stored.
  virtual Result<Repriced> what_if(std::string_view prices, const std::string& customer, Instant from, Instant to) = 0;
  // How the program is doing; for `customers` (empty: all) only what they sent.
  virtual SystemFigures system(const std::vector<std::string>& customers) = 0;
  // What is held, for how long, and by which models; for those who see all customers.
  virtual Inventory inventory() = 0;
  // Who may come in; for admins of all customers.
  virtual Admission admission() = 0;
  // Live state against the store, in what `customers` (empty: all) sent. It waits for the store, and asks for a day of minutes.
  virtual Answered<Reconciled> reconcile(const std::vector<std::string>& customers) = 0;
  // What machines reported of themselves: the newest of each region since `since`, by customer and region.
  virtual Result<std::vector<SystemRow>> machines(const std::vector<std::string>& customers, const std::string& customer, Instant since) = 0;
};

}  // namespace aybiza::dashboard
