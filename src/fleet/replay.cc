#include "fleet/replay.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "net/content_coding.h"

namespace aybiza {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view time_members[] = {"time", "started_at", "ended_at"};
constexpr std::string_view id_members[] = {"id", "call_id"};

bool among(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Copies an element, moving the times and salting the ids it meets on the way.
class Rewriter {
 public:
  Rewriter(Duration shift, std::string_view salt) : shift_(shift), salt_(salt) {}

  void write(dom::element element, int depth) {
    dom::object object;
    if (depth < 2 && element.get(object) == simdjson::SUCCESS) return members(object, depth);
    out += simdjson::minify(element);
  }

  std::string out;
  std::optional<Instant> time;

 private:
  void members(dom::object object, int depth) {
    out += '{';
    bool first = true;
    for (const auto [name, value] : object) {
      if (!first) out += ',';
      first = false;
      fmt::format_to(std::back_inserter(out), "\"{}\":", name);
      std::string_view text;
      const bool is_text = value.get(text) == simdjson::SUCCESS;
      const auto instant = is_text && among(name, time_members) ? parse_rfc3339(text) : std::nullopt;
      if (instant) {
        if (depth == 0) time = *instant + shift_;
        out += '"';
        append_rfc3339(out, *instant + shift_);
        out += '"';
      } else if (is_text && !salt_.empty() && among(name, id_members)) {
        out += simdjson::minify(value);
        out.pop_back();
        out.append("-").append(salt_) += '"';
      } else {
        write(value, depth + 1);
      }
    }
    out += '}';
  }

  Duration shift_;
  std::string_view salt_;
};

Result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::io, "cannot read {}: give an existing NDJSON file, plain or .gz", file.string());
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!bytes.starts_with("\x1f\x8b")) return bytes;
  net::UnpackLimits local;  // our own file, not a stranger's: only its size is bounded
  local.bytes_max = std::size_t(4) << 30;
  local.ratio_max = 10'000;
  auto unpacked = net::unpack(net::Coding::gzip, bytes, local);
  if (!unpacked) return wrap(unpacked.error(), file.string());
  return std::move(unpacked->bytes);
}

}  // namespace

std::optional<ReplayLine> rewrite_line(std::string_view line, Duration shift, std::string_view salt) {
  thread_local dom::parser parser;
  dom::element element;
  if (parser.parse(line.data(), line.size()).get(element) != simdjson::SUCCESS || !element.is_object()) return std::nullopt;
  Rewriter rewriter(shift, salt);
  rewriter.write(element, 0);
  if (!rewriter.time) return std::nullopt;
  return ReplayLine{*rewriter.time, std::move(rewriter.out)};
}

Result<std::vector<ReplayLine>> load_replay(const std::filesystem::path& file, const ReplayOptions& options) {
  const auto bytes = read_file(file);
  if (!bytes) return std::unexpected(bytes.error());
  std::vector<std::string_view> lines;
  Instant last = Instant::min();
  std::size_t number = 0;
  for (std::string_view rest = *bytes; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty() || line == "\r") continue;
    const auto seen = rewrite_line(line, Duration(0), "");
    if (!seen) return fail(Code::invalid, "{} line {}: not a JSON object with an RFC 3339 `time`", file.string(), number);
    last = std::max(last, seen->time);
    lines.push_back(line);
  }
  const Duration shift = options.last_event_at && !lines.empty() ? *options.last_event_at - last : Duration(0);
  std::vector<ReplayLine> result;
  result.reserve(lines.size());
  for (const std::string_view line : lines) result.push_back(*rewrite_line(line, shift, options.salt));
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return result;
}

}  // namespace aybiza
