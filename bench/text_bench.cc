// Turns per second of analyze() and what goes with it. How far it agrees with people is quality_bench's.
#include <benchmark/benchmark.h>

#include "privacy/mask.h"
#include "text/analyze.h"
#include "text/entities.h"
#include "text/features.h"
#include "text/text_facts.h"

namespace {

using namespace aybiza;

void turn(benchmark::State& state, const char* text) {
  for (auto _ : state) benchmark::DoNotOptimize(analyze(text));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(turn, short_turn, "Yes, that works for me, thanks.");
BENCHMARK_CAPTURE(turn, usual_turn, "I would like to book a table at the restaurant for my parents on Saturday please.");
BENCHMARK_CAPTURE(turn, heated_turn,
                  "I have been waiting for 40 minutes, this is absolutely ridiculous! I was charged twice and nobody answers my emails.");

void features(benchmark::State& state, const char* text) {
  for (auto _ : state) benchmark::DoNotOptimize(features_of(text));
  state.SetItemsProcessed(state.iterations());
}
void entities(benchmark::State& state, const char* text) {
  for (auto _ : state) benchmark::DoNotOptimize(entities_of(text));
  state.SetItemsProcessed(state.iterations());
}
constexpr const char* usual = "I would like to book a table at the restaurant for my parents on Saturday please.";
BENCHMARK_CAPTURE(features, usual_turn, usual);
BENCHMARK_CAPTURE(entities, usual_turn, usual);

// What ingest does beyond masking: figures of the words, packed.
void facts(benchmark::State& state, const char* text) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_text_facts({.counts = counts_of(text), .meaning = {}}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(facts, usual_turn, usual);

// All that a turn's text goes through from the request to its row: masked, counted, read, its entities and figures written.
void masking_and_meaning(benchmark::State& state, const char* text) {
  std::string masked, packed, row;
  for (auto _ : state) {
    packed.clear(), row.clear();
    mask_text(text, masked);
    append_text_facts({.counts = counts_of(text), .meaning = {}}, packed);
    benchmark::DoNotOptimize(analyze(masked));
    append_entities_json(masked, row);
    if (const auto read = read_text_facts(packed)) append_features_json(features_from(read->counts), row);
    benchmark::DoNotOptimize(row.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(masking_and_meaning, usual_turn, usual);
BENCHMARK_CAPTURE(masking_and_meaning, personal_turn, "I was charged $20 twice! Call me at (415) 555-0100 tomorrow, my mail is jane at example dot org.");

}  // namespace
