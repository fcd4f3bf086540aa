#include "fleet/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "fleet/call_script.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

struct Region {
  const char* name;
  double utc_hours;  // rough civil time of its callers
  double share;
};
constexpr Region regions[] = {{"us-east", -5, .30}, {"us-west", -8, .18}, {"eu-west", 0, .22}, {"eu-central", 1, .14},
                              {"ap-south", 5.5, .07}, {"ap-southeast", 8, .06}, {"sa-east", -3, .03}};

struct Fault {  // one region at a time goes bad for a while
  std::size_t region = 0;
  Instant begin{}, end{};
  Weather weather;
};

constexpr double mean_call_seconds = 42.3;    // of the calls that write_call writes; simulation_test holds both to it
constexpr double mean_events_per_call = 19.1;

// Calls per hour relative to the mean: quiet nights, two humps, half at the weekend.
double season_of(Instant t, double utc_hours) {
  const double hours = double(to_micros(t)) / 3.6e9 + utc_hours;
  const double hour = hours - 24 * std::floor(hours / 24);
  const auto weekday = (std::int64_t(std::floor(hours / 24)) + 3) % 7;  // 1970-01-01 was a Thursday; 0 = Monday
  const double morning = std::exp(-std::pow((hour - 10.5) / 2.4, 2)), evening = std::exp(-std::pow((hour - 16) / 3.0, 2));
  return (0.25 + 1.25 * morning + 1.05 * evening) * (weekday >= 5 ? 0.55 : 1.1);
}

}  // namespace

struct Simulation::Inner {
  SimulationOptions options;
  Random random;
  std::vector<SimulatedAgent> agents;
  std::vector<std::vector<std::size_t>> by_region;
  std::string run;
  Instant now{}, next_arrival{}, next_system{}, next_learning{};
  Random learning_random;  // its own, so that calls do not depend on what is learnt
  std::uint64_t learnt = 0;
  Fault fault;
  std::uint64_t started = 0;
  double arrivals_per_second = 0;
  struct Later {
    bool operator()(const TimedLine& a, const TimedLine& b) const { return a.time > b.time; }
  };
  std::priority_queue<TimedLine, std::vector<TimedLine>, Later> pending;
  std::priority_queue<Instant, std::vector<Instant>, std::greater<>> ends;

  explicit Inner(const SimulationOptions& o) : options(o), random(o.seed), learning_random(o.seed + 1) {
    make_agents();
    double concurrency = options.concurrency > 0 ? options.concurrency : 0.6 * double(options.agents);
    arrivals_per_second = concurrency / mean_call_seconds;
    if (options.events_per_second > 0) arrivals_per_second = options.events_per_second / mean_events_per_call;
    now = next_arrival = next_system = next_learning = options.start;
    run = fmt::format("sim{}-{:x}", options.seed, std::uint64_t(to_micros(options.start)) / 1000);
    plan_fault();
  }

  void make_agents() {
    static constexpr const char* models[] = {"claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"};
    static constexpr const char* types[] = {"support", "sales", "billing", "booking"};
    static constexpr const char* names[] = {"Aya", "Ben", "Cleo", "Dario", "Elif", "Finn", "Gita", "Hugo", "Iris", "Jon"};
    const double model_weights[] = {.55, .33, .12}, type_weights[] = {.45, .25, .18, .12};
    double shares[std::size(regions)];
    for (std::size_t i = 0; i < std::size(regions); ++i) shares[i] = regions[i].share;
    by_region.resize(std::size(regions));
    for (std::size_t i = 0; i < options.agents; ++i) {
      const std::size_t region = random.weighted(shares);
      SimulatedAgent a;
      a.id = fmt::format("agent-{:05}", i + 1);
      a.type = types[random.weighted(type_weights)];
      a.name = fmt::format("{} {}", names[random.below(std::size(names))], i + 1);
      a.version = random.chance(.3) ? "2.1" : "2.0";
      a.customer = fmt::format("customer-{}", 1 + random.below(std::max<std::size_t>(options.customers, 1)));
      a.region = regions[region].name;
      a.model = models[random.weighted(model_weights)];
      a.language = region == 3 ? "de" : region == 6 ? "pt" : "en";
      if (random.chance(.2)) a.campaign = random.chance(.5) ? "autumn-renewal" : "win-back";
      a.skill = std::clamp(.82 + random.normal() * .09, .3, .98);
      a.slowness = random.log_normal(1, .12);
      by_region[region].push_back(i);
      agents.push_back(std::move(a));
    }
  }

  void plan_fault() {
    fault.region = random.below(std::size(regions));
    fault.begin = now + Duration(std::int64_t(random.exponential(25 * 60) * 1e6));
    fault.end = fault.begin + Duration(std::int64_t(random.between(120, 600) * 1e6));
    fault.weather = {random.between(1.8, 3.5), random.between(.1, .35), -random.between(.2, .6)};
  }

  Weather weather_of(std::size_t region, Instant t) const {
    return region == fault.region && t >= fault.begin && t < fault.end ? fault.weather : Weather{};
  }

  void arrive(Instant at) {
    double weights[std::size(regions)];
    for (std::size_t i = 0; i < std::size(regions); ++i)
      weights[i] = by_region[i].empty() ? 0 : regions[i].share * (options.season ? season_of(at, regions[i].utc_hours) : 1);
    const std::size_t region = random.weighted(weights);
    const SimulatedAgent& agent = agents[by_region[region][random.below(by_region[region].size())]];
    std::vector<TimedLine> lines;
    ends.push(write_call({started++, run, at, &agent, weather_of(region, at)}, random, lines));
    for (TimedLine& line : lines) pending.push(std::move(line));
  }

  double rate_at(Instant at) const {
    if (!options.season) return arrivals_per_second;
    double sum = 0, share = 0;
    for (std::size_t i = 0; i < std::size(regions); ++i)
      if (!by_region[i].empty()) sum += regions[i].share * season_of(at, regions[i].utc_hours), share += regions[i].share;
    return arrivals_per_second * std::max(.15, sum / share);
  }

  void learning_event(Instant at, std::string_view type, const std::string& data) {
    pending.push({at, fmt::format(R"({{"type":"{}","id":"{}-learn-{}","time":"{}","data":{{{}}}}})", type, run, learnt++, format_rfc3339(at), data)});
  }

  // What the fleet learns: a pattern, a graph that grows, now and then an improvement, seldom a change.
  void learning_events(Instant at) {
    static constexpr const char* patterns[] = {"apology first", "confirm the number", "offer a callback", "short greeting", "read back the date", "price before terms", "ask once"};
    const std::uint64_t round = learnt;
    const SimulatedAgent &agent = agents[learning_random.below(agents.size())], &other = agents[learning_random.below(agents.size())];
    const std::size_t pattern = learning_random.below(std::size(patterns));
    const bool success = learning_random.chance(.72);
    learning_event(at, "learning.pattern", fmt::format(R"("pattern_id":"p-{}","name":"{}","outcome":"{}","confidence":{:.2f},"customer_id":"{}","agent_id":"{}","region":"{}"{})", pattern, patterns[pattern],
                                                       success ? "success" : "failure", learning_random.between(.6, .98), agent.customer, agent.id, agent.region,
                                                       success && learning_random.chance(.35) ? fmt::format(R"(,"replicated_from":"{}")", other.id) : ""));
    const double size = 900 + double((at - options.start).count()) / 15e6 * 4;
    learning_event(at, "learning.knowledge", fmt::format(R"("graph_id":"faq","nodes":{:.0f},"edges":{:.0f},"orphans":{},"unanswered_questions":{},"customer_id":"{}")", size, size * 2.8,
                                                         learning_random.below(20), learning_random.below(12), agent.customer));
    if (learning_random.chance(.25)) {
      const double before = learning_random.between(.05, .2);
      learning_event(at, "learning.improvement", fmt::format(R"("metric":"error_rate","before":{:.3f},"after":{:.3f},"pattern_id":"p-{}","customer_id":"{}","agent_id":"{}")", before,
                                                             before * learning_random.between(.5, 1.05), pattern, agent.customer, agent.id));
    }
    if (round == 0 || learning_random.chance(.03))
      learning_event(at, "change", fmt::format(R"("what":"{}","version":"{}","customer_id":"{}")", learning_random.chance(.6) ? "prompt" : "model", 2 + round / 30, agent.customer));
  }

  // Every region reports its machines every ten seconds.
  void system_samples(Instant at) {
    const std::string time = format_rfc3339(at);
    for (std::size_t i = 0; i < std::size(regions); ++i) {
      if (by_region[i].empty()) continue;
      const Weather weather = weather_of(i, at);
      const double load = std::min(1.0, rate_at(at) * mean_call_seconds * regions[i].share / std::max(1.0, double(by_region[i].size())));
      pending.push({at, fmt::format(R"({{"type":"system","id":"{}-sys-{}-{}","time":"{}","data":{{"region":"{}","cpu_utilization_pct":{:.1f},"memory_utilization_pct":{:.1f},"network_latency_ms":{:.1f},"error_rate":{:.4f},"availability_pct":{:.2f},"max_capacity":{},"queue_depth":{}}}}})",
                                    run, regions[i].name, to_micros(at) / 1'000'000, time, regions[i].name,
                                    std::min(99.0, 20 + 60 * load * weather.slowness + random.between(-3, 3)), 45 + random.between(-4, 4),
                                    24 * weather.slowness + random.between(0, 8), std::min(1.0, .002 + weather.errors * random.between(.6, 1)),
                                    100 - weather.errors * 8, by_region[i].size(), std::size_t(random.exponential(1 + 8 * weather.errors)))});
    }
  }
};

Simulation::Simulation(const SimulationOptions& options) : inner_(std::make_unique<Inner>(options)) {}
Simulation::~Simulation() = default;
std::size_t Simulation::calls_in_flight() const { return inner_->ends.size(); }
std::uint64_t Simulation::calls_started() const { return inner_->started; }

void Simulation::advance(Instant until, const Sink& sink) {
  Inner& in = *inner_;
  for (;;) {
    const Instant due = std::min({in.next_arrival, in.next_system, in.next_learning});
    const Instant line_at = in.pending.empty() ? Instant::max() : in.pending.top().time;
    if (std::min(due, line_at) >= until) break;
    if (line_at <= due) {
      sink(line_at, in.pending.top().line);
      in.pending.pop();
      continue;
    }
    in.now = due;
    while (!in.ends.empty() && in.ends.top() <= in.now) in.ends.pop();
    if (in.now >= in.fault.end) in.plan_fault();
    if (in.next_learning <= due) {
      in.learning_events(in.next_learning);
      in.next_learning += 15s;
    } else if (in.next_system <= in.next_arrival) {
      in.system_samples(in.next_system);
      in.next_system += 10s;
    } else {
      in.arrive(in.next_arrival);
      in.next_arrival += Duration(std::max<std::int64_t>(1, std::int64_t(in.random.exponential(1 / in.rate_at(in.now)) * 1e6)));
    }
  }
  in.now = until;
}

}  // namespace aybiza
