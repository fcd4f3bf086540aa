#include "codec/vendor_outcome.h"

#include <array>
#include <vector>

#include "base/check.h"
#include "base/lines.h"

namespace aybiza {
namespace {

constexpr std::array<std::string_view, vendor_count> names = {"vapi", "retell", "elevenlabs", "twilio", "livekit"};

enum class Match : unsigned char { is, begins, ends, word };
struct Row {
  Vendor vendor{};
  Match match{};
  std::string_view reason, outcome;
};

std::string_view cut(std::string_view& line) {
  const std::size_t tab = std::min(line.find('\t'), line.size());
  const std::string_view out = line.substr(0, tab);
  line.remove_prefix(std::min(tab + 1, line.size()));
  return out;
}

std::vector<Row> read_rows() {
  std::vector<Row> rows;
  for (Lines lines(outcomes_built_in); lines.next_told();) {
    std::string_view line = lines.line();
    const auto vendor = parse_vendor(cut(line));
    const std::string_view match = cut(line);
    Row row{.match = match == "is" ? Match::is : match == "begins" ? Match::begins : match == "ends" ? Match::ends : Match::word};
    row.reason = cut(line);
    row.outcome = cut(line);
    CHECK(vendor && !row.reason.empty() && !row.outcome.empty());  // our own file, part of the program
    row.vendor = *vendor;
    rows.push_back(row);
  }
  return rows;
}

bool has_word(std::string_view text, std::string_view word) {
  const auto border = [](char c) { return c == '-' || c == '.'; };
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || border(text[at - 1])) && (end == text.size() || border(text[end]))) return true;
  }
  return false;
}

bool matches(const Row& row, std::string_view reason) {
  switch (row.match) {
    case Match::is: return reason == row.reason;
    case Match::begins: return reason.starts_with(row.reason);
    case Match::ends: return reason.ends_with(row.reason);
    case Match::word: return has_word(reason, row.reason);
  }
  return false;
}

std::string_view outcome_of(Vendor vendor, std::string_view reason) {
  static const std::vector<Row> rows = read_rows();
  if (reason.empty()) return "unknown";
  for (const Row& row : rows)
    if (row.vendor == vendor && matches(row, reason)) return row.outcome;
  return "unknown";
}

}  // namespace

std::string_view to_string(Vendor vendor) { return names[std::size_t(vendor)]; }

std::optional<Vendor> parse_vendor(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return Vendor(i);
  return std::nullopt;
}

CallEnd call_end_of(Vendor vendor, std::string_view reason, std::optional<bool> successful) {
  CallEnd end{.call_outcome = outcome_of(vendor, reason), .resolution_status = "unknown"};
  if (end.call_outcome == "unknown" && successful) end.call_outcome = *successful ? "successful" : "failed";
  end.error = end.call_outcome == "error" || (vendor == Vendor::twilio && end.call_outcome == "failed");
  if (end.call_outcome == "transferred") end.resolution_status = "escalated";
  else if (successful) end.resolution_status = *successful ? "resolved" : "unresolved";
  return end;
}

}  // namespace aybiza
