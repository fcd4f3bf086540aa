// How fast one shard folds 10 000 calls in flight of 100, 10 000 and 100 000 agents.
//
// Shape    on 10 000 lines call follows call, each with another agent: a start, 25 turns with 13 usages between them, an
//          end, 5 s apart; the mix of the sample calls (62 % turns, 31 % usage). Events are made in batches, only apply() is timed. Beside it
//          the same events counted into a std::unordered_map by agent: a figure that says what the machine can do.
//          fold_bench [events] [--no-text]
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "aggregate/shard.h"
#include "runtime/huge_pages.h"

namespace {

using namespace aybiza;
using namespace std::chrono_literals;

constexpr std::size_t batch_size = 4096;
constexpr std::size_t steps_per_call = 40;  // start, 38 of the conversation, end

constexpr std::string_view sentences[] = {
    "What is the weather like on the March 4th?", "In which city should I look?", "The weather in Mill Valley.",
    "I was charged twice for my subscription, can you please help me with that?", "Thank you very much, that is great!",
    "There is about a 18 percent humidity.", "Could you find a song from Jessie J album Who You Are?", "No, that is all for now.",
    "I am sorry, the payment did not go through.", "Yes, please book the table for four people at half past seven."};
constexpr std::string_view states[] = {"greeting", "intent_detection", "information", "offer", "resolution", "farewell"};
constexpr std::string_view regions[] = {"us-east", "us-west", "eu-west", "eu-central", "ap-south"};
constexpr std::string_view models[] = {"claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"};
constexpr std::string_view types[] = {"sales", "support", "billing", "booking"};
constexpr std::string_view customers[] = {"customer-1", "customer-2", "customer-3", "customer-4", "customer-5"};

struct Agent {
  std::string name;
  Id id{};
};

// A line on which call follows call, each with the next agent: so the number of agents changes nothing else.
struct CallLine {
  Id call{};
  std::size_t step = 0, calls = 0, number = 0;
};
constexpr std::size_t calls_in_flight = 10'000;

class Source {
 public:
  Source(std::size_t agents, bool text) : agents_(agents), lines_(calls_in_flight), text_(text) {
    for (std::size_t i = 0; i < agents; ++i) agents_[i] = {"agent-" + std::to_string(i), hash128(std::to_string(i), 2)};
    for (std::size_t i = 0; i < lines_.size(); ++i) lines_[i] = {{}, i % steps_per_call, 0, i};
  }

  // The next events of all lines in turn; valid until the next call.
  const std::vector<Event>& next() {
    events_.clear();
    values_.clear();
    values_.reserve(batch_size * 12);
    while (events_.size() < batch_size) {
      // On every line somebody speaks once in 5 s of event time.
      const Instant time = begin_ + round_ * 5s + Duration(std::int64_t(5'000'000 * at_ / lines_.size()));
      emit(lines_[at_], time);
      if (++at_ == lines_.size()) at_ = 0, ++round_;
    }
    return events_;
  }

 private:
  void put(Field field, std::string_view text) { values_.push_back({field, 0, text}); }
  void put(Field field, std::int64_t number) { values_.push_back({field, number, {}}); }

  void emit(CallLine& line, Instant time) {
    std::size_t step = line.step;
    if (step == 0 || line.call.empty()) line.call = hash128(fmt::format("{}/{}", line.number, line.calls), 3);
    const std::size_t who = (line.number + line.calls * calls_in_flight) % agents_.size();
    const Agent& agent = agents_[who];
    line.step = (line.step + 1) % steps_per_call;
    if (line.step == 0) ++line.calls;
    const std::uint64_t dice = (serial_ + line.number * 7919) * 0x9E3779B97F4A7C15u >> 20;
    Event event;
    event.time = time;
    event.id = {dice, ++serial_};
    event.call = line.call;
    event.customer = customers[who % std::size(customers)];
    const std::size_t first = values_.size();
    if (step == 0) {
      event.type = EventType::call_started;
      event.agent = agent.id;
      put(Field::agent_id, agent.name);
      put(Field::agent_type, types[who % std::size(types)]);
      put(Field::region, regions[who % std::size(regions)]);
      put(Field::direction, 0);
      put(Field::model_used, models[who % std::size(models)]);
      put(Field::call_id, "c-0123456789abcdef");
      put(Field::caller_number, "tok_5f3a9c");
    } else if (step == steps_per_call - 1) {
      event.type = EventType::call_ended;
      event.rank = Rank::final_report;
      put(Field::call_id, "c-0123456789abcdef");
      put(Field::total_duration_ms, std::int64_t(195'000'000));
      put(Field::call_outcome, std::int64_t(dice % 4));
      put(Field::resolution_status, std::int64_t(dice % 2));
      put(Field::customer_satisfaction_score, std::int64_t(10'000 + dice % 5 * 10'000));
      put(Field::error_count, std::int64_t(dice % 3));
    } else if (step % 3 == 0) {
      event.type = EventType::usage;
      put(Field::call_id, "c-0123456789abcdef");
      put(Field::model, models[who % std::size(models)]);
      put(Field::input_tokens, std::int64_t(200 + dice % 900));
      put(Field::cache_read_tokens, std::int64_t(dice % 4'000));
      put(Field::output_tokens, std::int64_t(dice % 200));
      put(Field::stt_seconds, std::int64_t(dice % 6'000'000));
      put(Field::tts_characters, std::int64_t(dice % 200));
    } else {
      event.type = EventType::turn;
      const bool speaks = step % 3 == 2;
      put(Field::call_id, "c-0123456789abcdef");
      put(Field::started_at, to_micros(time) - 3'000'000);
      if (speaks) {
        put(Field::stt_latency_ms, std::int64_t(120'000 + dice % 200'000));
        put(Field::llm_latency_ms, std::int64_t(400'000 + dice % 900'000));
        put(Field::tts_latency_ms, std::int64_t(100'000 + dice % 300'000));
      }
      put(Field::turn_number, std::int64_t(step));
      put(Field::speaker, std::int64_t(speaks));
      if (text_) put(Field::text_content, sentences[dice % std::size(sentences)]);
      put(Field::ended_at, to_micros(time));
      put(Field::state, states[dice % std::size(states)]);
      put(Field::intent, "request");
      if (speaks) put(Field::response_time_ms, std::int64_t(700'000 + dice % 2'000'000));
      if (speaks) put(Field::interrupted, 0);
      if (!speaks) put(Field::confidence_score, std::int64_t(8'000 + dice % 2'000));
    }
    event.values = {values_.data() + first, values_.size() - first};
    events_.push_back(event);
  }

  std::vector<Agent> agents_;
  std::vector<CallLine> lines_;
  std::vector<Event> events_;
  std::vector<Value> values_;
  std::size_t at_ = 0;
  std::int64_t round_ = 0;
  std::uint64_t serial_ = 0;
  Instant begin_ = from_micros(1'763'712'000'000'000);
  bool text_;
};

// Time of this thread, so that a busy machine does not spoil the figures.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}
double seconds_since(double start) { return cpu_seconds() - start; }

std::size_t resident_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::size_t(usage.ru_maxrss) / 1024;
}

void run(std::size_t agents, std::size_t events, bool text) {
  double counting = 0, folding = 0, collecting = 0;
  {
    Source source(agents, text);
    std::unordered_map<Id, std::uint64_t> counts;
    for (std::size_t done = 0; done < events; done += batch_size) {
      const auto& batch = source.next();
      const auto start = cpu_seconds();
      for (const Event& event : batch) ++counts[event.call];
      counting += seconds_since(start);
    }
  }
  Source source(agents, text);
  Shard shard;
  std::uint64_t offset = 0;
  std::size_t rows = 0;
  for (std::size_t done = 0; done < events; done += batch_size) {
    const auto& batch = source.next();
    const auto start = cpu_seconds();
    for (std::size_t i = 0; i < batch.size(); ++i) {  // as server/live_shards does
      shard.foresee(i, batch.size(), [&](std::size_t at) { return batch[at].call; });
      shard.apply(batch[i], ++offset, batch[i].time);
    }
    shard.advance(batch.back().time);
    folding += seconds_since(start);
    const auto middle = cpu_seconds();
    RowBatch out;
    shard.collect(out, Shard::What::due);
    rows += out.calls.size() + out.turns.size() + out.usage.size() + out.rollups.size();
    collecting += seconds_since(middle);
  }
  const ShardStats stats = shard.stats();
  const ShardSizes sizes = shard.measure();
  const Instant to = stats.newest;
  const auto asking = cpu_seconds();
  const LiveQuestion question{.by = {Dimension::agent_id}, .where = {}, .edges = {floor_to(to, 1min) - 15min, floor_to(to, 1min) + 1min}};
  const auto answer = shard.ask(question, to);
  const double ask_ms = seconds_since(asking) * 1e3;
  fmt::print("{:7} agents: fold {:9.0f} events/s ({:4.0f} ns), {:.3f} of counting ({:9.0f}/s); collect {:9.0f} rows/s; "
             "state {} MiB ({} calls in {} MiB, {} panes in {} MiB), peak {} MiB; by agent over 16 min: {} groups in {:.1f} ms\n",
             agents, double(offset) / folding, folding * 1e9 / double(offset), counting / folding, double(offset) / counting,
             double(rows) / collecting, sizes.bytes() >> 20, stats.calls_in_flight + stats.calls_ended,
             sizes.bytes_calls >> 20, sizes.panes, sizes.bytes_panes >> 20, resident_mib(),
             answer.cells.size(), ask_ms);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  aybiza::restart_with_huge_pages(argv);  // as the server does
  const bool text = argc < 2 || std::strcmp(argv[argc - 1], "--no-text") != 0;
  const std::size_t events = argc > 1 && std::strncmp(argv[1], "--", 2) != 0 ? std::stoul(argv[1]) : 2'000'000;
  for (const std::size_t agents : {std::size_t(100), std::size_t(10'000), std::size_t(100'000)}) run(agents, events, text);
}
