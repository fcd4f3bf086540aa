// Turns per second of analyze(), and its agreement with people. Argument: a folder with vader-*.tsv.gz and meld-*.csv.gz;
// each file found there is printed with its figures (Pearson r; share of equal classes by confidence).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "text/analyze.h"

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

// Lines of a gzip file, through gzip itself so that the benchmark needs no library for it.
std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  const std::string command = "gzip -dc -- '" + path + "' 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 65536> line{};
  while (pipe && std::fgets(line.data(), int(line.size()), pipe.get()) != nullptr) lines.emplace_back(line.data());
  return lines;
}

void against_means(const std::string& path) {
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  std::array<std::array<double, 2>, 4> by_confidence{};  // quarter of confidence: right, all
  for (const std::string& line : lines_of(path)) {
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    if (second == std::string::npos) continue;
    const double people = std::strtod(line.c_str() + first + 1, nullptr);
    const TextResult result = analyze(std::string_view(line).substr(second + 1));
    const double ours = result.sentiment_e4 / 1e4;
    ++n, x += people, y += ours, xx += people * people, yy += ours * ours, xy += people * ours;
    auto& part = by_confidence[std::size_t(std::min(3, result.confidence_e4 / 2500))];
    ++part[1];
    part[0] += classify(std::int32_t(people / 4 * 1e4)) == result.sentiment_class;
  }
  if (n < 2) return;
  fmt::print("{}: n {} Pearson r {:.4f}; right class by quarter of confidence:", path, n,
             (n * xy - x * y) / std::sqrt((n * xx - x * x) * (n * yy - y * y)));
  for (const auto& part : by_confidence) fmt::print(" {:.3f} of {}", part[1] > 0 ? part[0] / part[1] : 0, part[1]);
  fmt::print("\n");
}

// "number,\"utterance\",speaker,emotion,sentiment,..."
void against_classes(const std::string& path) {
  int n = 0, sentiment_right = 0;
  for (const std::string& line : lines_of(path)) {
    const std::size_t comma = line.find(',');
    if (comma == std::string::npos || n == 0) {
      n += n == 0;
      continue;
    }
    const bool quoted = line[comma + 1] == '"';
    const std::size_t end = quoted ? line.find("\",", comma + 2) : line.find(',', comma + 1);
    if (end == std::string::npos) continue;
    const std::string_view text = std::string_view(line).substr(comma + 1, end - comma - 1);
    const std::string label = "," + std::string(to_string(analyze(text).sentiment_class)) + ",";
    sentiment_right += line.find(label, end) != std::string::npos;
    ++n;
  }
  if (n > 1) fmt::print("{}: n {} sentiment class right {:.3f}\n", path, n - 1, double(sentiment_right) / (n - 1));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc > 1) {
    const std::string folder = argv[1];
    for (const auto name : {"vader-tweets", "vader-amazon"}) against_means(folder + "/" + name + ".tsv.gz");
    for (const auto name : {"meld-train", "meld-dev"}) against_classes(folder + "/" + name + ".csv.gz");
  }
  benchmark::RunSpecifiedBenchmarks();
}
