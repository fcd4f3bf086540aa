// Made-up calls for benchmarks of the fold: on many lines call follows call, each with another agent.
//
// Shape    a call is a start, 25 turns with 13 usages between them, an end, 5 s apart; the mix of the sample calls (62 % turns, 31 % usage).
//          The number of agents changes nothing else.
// Threads  one.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"

namespace aybiza {

using namespace std::chrono_literals;

inline constexpr std::size_t batch_size = 4096;
inline constexpr std::size_t steps_per_call = 40;  // start, 38 of the conversation, end

inline constexpr std::string_view bench_sentences[] = {
    "What is the weather like on the March 4th?", "In which city should I look?", "The weather in Mill Valley.",
    "I was charged twice for my subscription, can you please help me with that?", "Thank you very much, that is great!",
    "There is about a 18 percent humidity.", "Could you find a song from Jessie J album Who You Are?", "No, that is all for now.",
    "I am sorry, the payment did not go through.", "Yes, please book the table for four people at half past seven."};
inline constexpr std::string_view bench_states[] = {"greeting", "intent_detection", "information", "offer", "resolution", "farewell"};
inline constexpr std::string_view bench_regions[] = {"us-east", "us-west", "eu-west", "eu-central", "ap-south"};
inline constexpr std::string_view bench_models[] = {"claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1"};
inline constexpr std::string_view bench_types[] = {"sales", "support", "billing", "booking"};
inline constexpr std::string_view bench_customers[] = {"customer-1", "customer-2", "customer-3", "customer-4", "customer-5"};

struct BenchAgent {
  std::string name;
  Id id{};
};

// A line on which call follows call, each with the next agent: so the number of agents changes nothing else.
struct CallLine {
  Id call{};
  std::size_t step = 0, calls = 0, number = 0;
};

class CallSource {
 public:
  CallSource(std::size_t agents, std::size_t lines, bool text, Instant begin) : agents_(agents), lines_(lines), begin_(begin), text_(text) {
    for (std::size_t i = 0; i < agents; ++i) agents_[i] = {"agent-" + std::to_string(i), hash128(std::to_string(i), 2)};
    for (std::size_t i = 0; i < lines_.size(); ++i) lines_[i] = {{}, i % steps_per_call, 0, i};
  }

  Instant now() const { return begin_ + round_ * 5s; }
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
    if (step == 0 || line.call.empty()) line.call = hash128(fmt::format("{}/{}/{}", line.number, line.calls, to_micros(begin_)), 3);
    const std::size_t who = (line.number + line.calls * lines_.size()) % agents_.size();
    const BenchAgent& agent = agents_[who];
    line.step = (line.step + 1) % steps_per_call;
    if (line.step == 0) ++line.calls;
    const std::uint64_t dice = (serial_ + line.number * 7919) * 0x9E3779B97F4A7C15u >> 20;
    Event event;
    event.time = time;
    event.id = {dice, ++serial_};
    event.call = line.call;
    event.customer = bench_customers[who % std::size(bench_customers)];
    const std::size_t first = values_.size();
    if (step == 0) {
      event.type = EventType::call_started;
      event.agent = agent.id;
      put(Field::agent_id, agent.name);
      put(Field::agent_type, bench_types[who % std::size(bench_types)]);
      put(Field::region, bench_regions[who % std::size(bench_regions)]);
      put(Field::direction, 0);
      put(Field::model_used, bench_models[who % std::size(bench_models)]);
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
      put(Field::model, bench_models[who % std::size(bench_models)]);
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
      if (text_) put(Field::text_content, bench_sentences[dice % std::size(bench_sentences)]);
      put(Field::ended_at, to_micros(time));
      put(Field::state, bench_states[dice % std::size(bench_states)]);
      put(Field::intent, "request");
      if (speaks) put(Field::response_time_ms, std::int64_t(700'000 + dice % 2'000'000));
      if (speaks) put(Field::interrupted, 0);
      if (!speaks) put(Field::confidence_score, std::int64_t(8'000 + dice % 2'000));
    }
    event.values = {values_.data() + first, values_.size() - first};
    events_.push_back(event);
  }

  std::vector<BenchAgent> agents_;
  std::vector<CallLine> lines_;
  std::vector<Event> events_;
  std::vector<Value> values_;
  std::size_t at_ = 0;
  std::int64_t round_ = 0;
  std::uint64_t serial_ = 0;
  Instant begin_;
  bool text_;
};

}  // namespace aybiza
