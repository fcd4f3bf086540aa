// ns per insert, merge and quantile of the sketches; argument: none.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "sketch/ddsketch.h"
#include "sketch/hyperloglog.h"

namespace {

std::vector<std::int64_t> latencies(std::size_t n) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> draw(13, 0.6);
  std::vector<std::int64_t> values(n);
  for (auto& value : values) value = std::int64_t(draw(random));
  return values;
}

aybiza::DdSketch filled(std::size_t n) {
  aybiza::DdSketch sketch;
  for (const std::int64_t value : latencies(n)) benchmark::DoNotOptimize(sketch.add(value));
  return sketch;
}

void ddsketch_add(benchmark::State& state) {
  const auto values = latencies(std::size_t(state.range(0)));
  for (auto _ : state) {
    aybiza::DdSketch sketch;
    for (const std::int64_t value : values) benchmark::DoNotOptimize(sketch.add(value));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["heap_bytes"] = double(filled(values.size()).heap_bytes());
}
BENCHMARK(ddsketch_add)->Arg(10)->Arg(100)->Arg(100'000);

void ddsketch_merge(benchmark::State& state) {
  const auto part = filled(std::size_t(state.range(0)));
  aybiza::DdSketch sum = part;
  for (auto _ : state) {
    sum.merge(part);
    benchmark::DoNotOptimize(sum.subtract(part));
  }
}
BENCHMARK(ddsketch_merge)->Arg(10)->Arg(100'000);

void ddsketch_quantile(benchmark::State& state) {
  const auto sketch = filled(std::size_t(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(sketch.quantile(0.95));
}
BENCHMARK(ddsketch_quantile)->Arg(10)->Arg(100'000);

void hyperloglog_add(benchmark::State& state) {
  std::mt19937_64 random(1);
  aybiza::HyperLogLog sketch;
  for (int i = 0; i < state.range(0); ++i) sketch.add_hash(random());
  for (auto _ : state) sketch.add_hash(random());
}
BENCHMARK(hyperloglog_add)->Arg(10'000)->Arg(1'000'000);

void hyperloglog_estimate(benchmark::State& state) {
  std::mt19937_64 random(1);
  aybiza::HyperLogLog sketch;
  for (int i = 0; i < 100'000; ++i) sketch.add_hash(random());
  for (auto _ : state) benchmark::DoNotOptimize(sketch.estimate());
}
BENCHMARK(hyperloglog_estimate);

}  // namespace

BENCHMARK_MAIN();
