// ns per masked turn, per token and per event of the simulated mix. Argument: a file of events (NDJSON, may be gzip) whose "text_content" is masked as well.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "codec/event_json.h"
#include "fleet/simulation.h"
#include "ingest/mask_batch.h"
#include "privacy/mask.h"
#include "privacy/tokenizer.h"

namespace {

std::vector<std::string> turns;

void read_turns(const std::string& path) {
  const std::string command = "gzip -dcf -- '" + path + "'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<char> line(1 << 20);
  while (pipe && std::fgets(line.data(), int(line.size()), pipe.get()) != nullptr) {
    const std::string_view text(line.data());
    const std::size_t at = text.find("\"text_content\":");
    if (at == std::string_view::npos) continue;
    const std::size_t start = text.find('"', at + 15);
    std::size_t end = start + 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    if (end < text.size()) turns.emplace_back(text.substr(start + 1, end - start - 1));
  }
}

void mask(benchmark::State& state, const char* text) {
  std::string out;
  for (auto _ : state) benchmark::DoNotOptimize(aybiza::mask_text(text, out));
}
BENCHMARK_CAPTURE(mask, words, "I would like to book a table at the restaurant for my parents please.");
BENCHMARK_CAPTURE(mask, few_digits, "I need two tickets on March 9th at 11:45 am, under $1,299.00 please.");
BENCHMARK_CAPTURE(mask, phone, "Sure, you can reach me at (415) 555-0100 after six in the evening.");

void token(benchmark::State& state) {
  const aybiza::Tokenizer tokenizer("a key of the benchmark, 16 bytes");
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer.phone_field("+1 (415) 555-0100"));
}
BENCHMARK(token);

// What BatchMasker takes for the events of `aybiza simulate`, in bodies of 500 as they arrive; decoding is not timed.
void simulated_events(benchmark::State& state) {
  using namespace aybiza;
  using namespace std::chrono_literals;
  constexpr std::size_t events = 50'000, per_body = 500;
  const Instant start = from_micros(1'763'712'000'000'000);
  Simulation simulation({.seed = 7, .agents = 10'000, .events_per_second = 5'000, .season = false, .start = start});
  std::vector<std::string> bodies(1);
  std::size_t lines = 0;
  for (Instant at = start; lines < events; at += 100ms)
    simulation.advance(at, [&](Instant, std::string_view line) {
      if (lines == events) return;
      bodies.back().append(line).append("\n");
      if (++lines % per_body == 0 && lines < events) bodies.emplace_back();
    });
  const Tokenizer tokenizer("a key of the benchmark, 16 bytes");
  BatchMasker masker(tokenizer);
  JsonDecoder decoder;
  for (auto _ : state) {
    double seconds = 0;
    for (const std::string& body : bodies) {
      EventBatch batch;
      if (!decoder.decode(BodyFormat::ndjson, body, {.customer = {}, .source = "bench", .received = start}, batch)) return state.SkipWithError("not decoded");
      const auto begin = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(masker.mask(batch));
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    state.SetIterationTime(seconds);
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t(lines));
}
BENCHMARK(simulated_events)->UseManualTime();

void corpus(benchmark::State& state) {
  std::string out;
  std::size_t at = 0, changed = 0, seen = 0;
  for (auto _ : state) {
    changed += aybiza::mask_text(turns[at], out).changed();
    ++seen;
    at = at + 1 == turns.size() ? 0 : at + 1;
  }
  state.counters["turns"] = double(turns.size());
  state.counters["masked_share"] = double(changed) / double(seen);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc > 1) read_turns(argv[1]);
  if (!turns.empty()) benchmark::RegisterBenchmark("corpus", corpus);
  benchmark::RunSpecifiedBenchmarks();
}
