// How far our sentiment agrees with people, beside the npm package vader-sentiment on the same sentences.
//
//   quality_bench [folder with text/ and calls/ = ../shared/data]
//
// Prints Pearson's r with the human means of vader-*.tsv.gz, the share of equal classes on meld-*.csv.gz and on the turns of
// calls/ that tests/data/turn_sentiment.tsv labels, and the macro F1 of both. The rival runs in node; without it ours stand alone.
// Each set is printed whole and in two halves by a hash of the text: lists and rules are tuned by looking at the first alone, so
// that what was learnt by heart shows as a distance between the two.
#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "text/analyze.h"

namespace {

using namespace aybiza;

struct Sample {
  std::string text;
  double mean = 0;  // of the people asked, or
  SentimentClass label = SentimentClass::neutral;
};

std::string output_of(const std::string& command) {
  std::string all;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 65536> part{};
  while (const std::size_t got = pipe ? std::fread(part.data(), 1, part.size(), pipe.get()) : 0) all.append(part.data(), got);
  return all;
}
std::string unpacked(const std::string& path) { return output_of("gzip -dc -- '" + path + "' 2>/dev/null"); }

// Rows of RFC 4180, or of tabs without quotes.
std::vector<std::vector<std::string>> rows_of(const std::string& text, char separator) {
  std::vector<std::vector<std::string>> rows(1);
  std::string cell;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (separator == ',' && c == '"' && quoted && at + 1 < text.size() && text[at + 1] == '"') cell += text[++at];
    else if (separator == ',' && c == '"') quoted = !quoted;
    else if (!quoted && (c == separator || c == '\n')) {
      rows.back().push_back(std::move(cell));
      cell.clear();
      if (c == '\n') rows.emplace_back();
    } else if (c != '\r') cell += c;
  }
  rows.pop_back();
  return rows;
}

std::optional<SentimentClass> class_named(std::string_view name) {
  for (const auto value : {SentimentClass::negative, SentimentClass::neutral, SentimentClass::positive})
    if (to_string(value) == name) return value;
  return std::nullopt;
}

std::vector<Sample> means_of(const std::string& path) {
  std::vector<Sample> samples;
  for (const auto& row : rows_of(unpacked(path), '\t'))
    if (row.size() >= 3) samples.push_back({row[2], std::strtod(row[1].c_str(), nullptr)});
  return samples;
}

std::vector<Sample> classes_of(const std::string& path) {
  std::vector<Sample> samples;
  for (const auto& row : rows_of(unpacked(path), ','))
    if (row.size() > 4)
      if (const auto label = class_named(row[4])) samples.push_back({row[1], 0, *label});
  return samples;
}

std::vector<Sample> labelled_turns(const std::string& calls, const std::string& labels) {
  std::map<std::pair<std::string, int>, SentimentClass> wanted;
  std::ifstream file(labels);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  for (const auto& row : rows_of(all, '\t'))
    if (row.size() == 3)
      if (const auto label = class_named(row[2])) wanted[{row[0], std::atoi(row[1].c_str())}] = *label;
  std::vector<Sample> samples;
  simdjson::dom::parser parser;
  for (const auto& row : rows_of(unpacked(calls), '\0')) {
    const auto event = parser.parse(row.front());
    std::string_view type, call, text;
    std::int64_t number = 0;
    if (event["type"].get(type) != simdjson::SUCCESS || type != "turn" || event["data"]["call_id"].get(call) != simdjson::SUCCESS ||
        event["data"]["turn_number"].get(number) != simdjson::SUCCESS || event["data"]["text_content"].get(text) != simdjson::SUCCESS)
      continue;
    const auto found = wanted.find({std::string(call), int(number)});
    if (found != wanted.end()) samples.push_back({std::string(text), 0, found->second});
  }
  return samples;
}

std::vector<double> ours(const std::vector<Sample>& samples) {
  std::vector<double> scores;
  for (const Sample& sample : samples) scores.push_back(analyze(sample.text).sentiment_e4 / 1e4);
  return scores;
}

// Empty when node or the package is not there.
std::vector<double> rivals(const std::vector<Sample>& samples) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("quality-{}.ndjson", ::getpid());
  {
    std::ofstream out(file);
    for (const Sample& sample : samples) {
      out << '"';
      for (const char c : sample.text) {
        if (c == '"' || c == '\\') out << '\\' << c;
        else if (std::uint8_t(c) < 0x20) out << fmt::format("\\u{:04x}", std::uint8_t(c));
        else out << c;
      }
      out << "\"\n";
    }
  }
  std::vector<double> scores;
  for (const auto& row : rows_of(output_of("node bench/quality_vader.mjs '" + file.string() + "' 2>/dev/null"), '\t'))
    scores.push_back(std::strtod(row.front().c_str(), nullptr));
  std::filesystem::remove(file);
  return scores;
}

// Samples and what both say of them; the rival's are empty where it cannot be asked.
struct Judged {
  std::vector<Sample> samples;
  std::vector<double> mine, rival;
};
Judged judged(const std::vector<Sample>& samples) {
  Judged out{samples, ours(samples), rivals(samples)};
  if (out.rival.size() != samples.size()) out.rival.clear();
  return out;
}
bool held_out(const Sample& sample) { return (hash64(sample.text, 2026) & 1) != 0; }
Judged half(const Judged& all, bool held) {
  Judged out;
  for (std::size_t i = 0; i < all.samples.size(); ++i) {
    if (held_out(all.samples[i]) != held) continue;
    out.samples.push_back(all.samples[i]);
    out.mine.push_back(all.mine[i]);
    if (!all.rival.empty()) out.rival.push_back(all.rival[i]);
  }
  return out;
}

double pearson(const std::vector<Sample>& samples, const std::vector<double>& scores) {
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double a = samples[i].mean, b = scores[i];
    ++n, x += a, y += b, xx += a * a, yy += b * b, xy += a * b;
  }
  return (n * xy - x * y) / std::sqrt((n * xx - x * x) * (n * yy - y * y));
}

struct Agreement {
  double accuracy = 0, macro_f1 = 0;
};
Agreement agreement(const std::vector<Sample>& samples, const std::vector<double>& scores) {
  std::array<std::array<double, 3>, 3> seen{};  // by label, by ours
  for (std::size_t i = 0; i < scores.size(); ++i)
    ++seen[std::size_t(samples[i].label)][std::size_t(classify(std::int32_t(std::lround(scores[i] * 1e4))))];
  Agreement found;
  for (std::size_t c = 0; c < 3; ++c) {
    double said = 0, was = 0;
    for (std::size_t i = 0; i < 3; ++i) said += seen[i][c], was += seen[c][i];
    found.accuracy += seen[c][c] / double(scores.size());
    if (said + was > 0) found.macro_f1 += 2 * seen[c][c] / (said + was) / 3;
  }
  return found;
}

void print_mean(std::string_view name, const Judged& all) {
  fmt::print("{:24} {:6} sentences  Pearson r   ours {:.4f}", name, all.samples.size(), pearson(all.samples, all.mine));
  if (!all.rival.empty()) fmt::print("  vader-sentiment {:.4f}", pearson(all.samples, all.rival));
  fmt::print("\n");
}

void print_class(std::string_view name, const Judged& all) {
  const auto mine = agreement(all.samples, all.mine);
  fmt::print("{:24} {:6} sentences  accuracy    ours {:.4f} (macro F1 {:.4f})", name, all.samples.size(), mine.accuracy, mine.macro_f1);
  if (!all.rival.empty()) {
    const auto theirs = agreement(all.samples, all.rival);
    fmt::print("  vader-sentiment {:.4f} ({:.4f})", theirs.accuracy, theirs.macro_f1);
  }
  fmt::print("\n");
}

void print_set(const std::string& name, const std::vector<Sample>& samples, void (*print)(std::string_view, const Judged&)) {
  if (samples.empty()) return fmt::print("{:24} absent\n", name);
  const Judged all = judged(samples);
  print(name, all);
  print("  tuning half", half(all, false));
  print("  held-out half", half(all, true));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "../shared/data";
  for (const std::string name : {"vader-tweets", "vader-amazon"}) print_set(name, means_of(folder + "/text/" + name + ".tsv.gz"), print_mean);
  for (const std::string name : {"meld-dev", "meld-train"}) print_set(name, classes_of(folder + "/text/" + name + ".csv.gz"), print_class);
  print_set("labelled turns", labelled_turns(folder + "/calls/sgd.ndjson.gz", "tests/data/turn_sentiment.tsv"), print_class);
}
