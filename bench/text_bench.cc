// Turns per second of analyze() and what goes with it. How far it agrees with people is quality_bench's.
#include <benchmark/benchmark.h>

#include "text/analyze.h"
#include "text/entities.h"
#include "text/features.h"

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

}  // namespace
