// ns per masked turn and per token. Argument: a file of events (NDJSON, may be gzip) whose "text_content" is masked as well.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

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
