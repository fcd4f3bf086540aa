#include "codec/statsd.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::string_view reasons[statsd_refusal_count] = {"malformed", "name", "value", "type", "rate", "time", "event", "check"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A finite decimal number that takes all of `text`.
bool read_number(std::string_view text, double& out) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  if (text.empty()) return false;
  if (text.size() <= 15) {  // the commonest: a whole number that is exact in a double
    std::int64_t whole = 0;
    std::size_t i = 0;
    for (; i < text.size() && is_digit(text[i]); ++i) whole = whole * 10 + (text[i] - '0');
    if (i == text.size()) return out = double(whole), true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(out);
}

// Takes what comes before `mark` off the front; all of it when there is none.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return head;
}

bool read_whole(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// "_e{5,4}:title|text…": the lengths must be there, what they measure is not kept.
bool is_event(std::string_view line) {
  line.remove_prefix(3);
  const std::size_t close = line.find("}:");
  if (close == std::string_view::npos) return false;
  std::string_view lengths = line.substr(0, close);
  std::uint64_t title = 0, text = 0;
  if (!read_whole(take_until(lengths, ','), title) || !read_whole(lengths, text)) return false;
  const std::string_view body = line.substr(close + 2);
  return title <= body.size() && text <= body.size() - title && body.size() - title - text >= 1 && body[title] == '|';
}

// "_sc|name|0…3|…"
bool is_check(std::string_view line) {
  line.remove_prefix(4);
  if (take_until(line, '|').empty()) return false;
  const std::string_view status = take_until(line, '|');
  return status.size() == 1 && status[0] >= '0' && status[0] <= '3';
}

}  // namespace

std::string_view to_string(StatsdRefusal reason) { return reasons[std::size_t(reason)]; }

Result<StatsdTemplate> StatsdTemplate::parse(std::string_view text) {
  StatsdTemplate out;
  bool literal = false;
  if (text.empty()) return fail(Code::invalid, "a StatsD name template is empty: write one like voice.call.{{tenant}}");
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view part = take_until(rest, '.');
    const bool tag = part.size() > 2 && part.front() == '{' && part.back() == '}';
    if (part.empty() || (!tag && part.find_first_of("{}") != std::string_view::npos))
      return fail(Code::invalid, "'{}' is no StatsD name template: segments are words or {{tag}}, joined by dots", text);
    literal |= !tag;
    out.segments_.push_back({std::string(tag ? part.substr(1, part.size() - 2) : part), tag});
  }
  if (!literal) return fail(Code::invalid, "the StatsD name template '{}' leaves no name: it needs a segment that is a word", text);
  return out;
}

bool StatsdTemplate::match(std::string_view name, std::string& plain, std::vector<MetricTag>& tags) const {
  plain.clear();
  tags.clear();
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const bool last = i + 1 == segments_.size();
    const std::size_t dot = name.find('.');
    if (last != (dot == std::string_view::npos)) return false;
    const std::string_view part = take_until(name, '.');
    if (segments_[i].tag) {
      if (part != "nil") tags.emplace_back(segments_[i].text, part);
      continue;
    }
    if (part != segments_[i].text) return false;
    if (!plain.empty()) plain += '.';
    plain += part;
  }
  return true;
}

// A series that has come before, by the bytes of its line.
struct StatsdDecoder::Known {
  std::string raw_name, raw_rest;  // what the hash stands for
  bool raw_sign = false;
  std::string name, tags;
  MetricSeries series;             // views the texts above
  char type = 'c';
  std::uint64_t generation = 0;    // of the batch that `index` belongs to
  std::uint32_t index = 0;
};

struct StatsdDecoder::Line {
  std::string_view name, values, rest;  // rest: from the type on, without T
  char type = 0;                        // c, g, m (ms), h, d, s
  std::string_view time;                // of T, empty: none
};

StatsdDecoder::StatsdDecoder(StatsdOptions options) : options_(std::move(options)) {}
StatsdDecoder::~StatsdDecoder() = default;

void StatsdDecoder::begin(MetricBatch& batch) {
  CHECK(batch.series().empty());
  batch_ = &batch;
  ++generation_;
}

bool StatsdDecoder::refuse(StatsdRefusal reason) {
  ++counts_.refused[std::size_t(reason)];
  return false;
}

void StatsdDecoder::decode(std::string_view packet, Instant received) {
  CHECK(batch_ != nullptr);
  while (!packet.empty()) {
    std::string_view line = take_until(packet, '\n');
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) read_line(line, received);
  }
}

void StatsdDecoder::read_line(std::string_view text, Instant received) {
  ++counts_.lines;
  if (text[0] == '_' && text.starts_with("_e{")) {
    if (is_event(text)) ++counts_.events;
    else refuse(StatsdRefusal::event);
  } else if (text[0] == '_' && text.starts_with("_sc|")) {
    if (is_check(text)) ++counts_.checks;
    else refuse(StatsdRefusal::check);
  } else if (read_metric(text, received)) {
    ++counts_.metrics;
  }
}

// Name, values and the rest; T is cut out of the rest, because it is of the point and not of the series.
bool StatsdDecoder::split(std::string_view text, Line& line) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return refuse(StatsdRefusal::malformed);
  if (colon == 0) return refuse(StatsdRefusal::name);
  line.name = text.substr(0, colon);
  const std::size_t bar = text.find('|', colon);
  if (bar == std::string_view::npos) return refuse(StatsdRefusal::malformed);
  if (line.name.find('|') != std::string_view::npos) return refuse(StatsdRefusal::malformed);
  line.values = text.substr(colon + 1, bar - colon - 1);
  line.rest = text.substr(bar + 1);
  const std::string_view type = line.rest.substr(0, line.rest.find('|'));
  if (type.size() == 1 && std::strchr("cghds", type[0]) != nullptr) line.type = type[0];
  else if (type == "ms") line.type = 'm';
  else return refuse(StatsdRefusal::type);
  const std::size_t at = line.rest.find("|T");
  if (at == std::string_view::npos) return true;
  const std::size_t end = line.rest.find('|', at + 2);
  line.time = line.rest.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
  if (line.time.empty()) return refuse(StatsdRefusal::time);
  rest_.assign(line.rest.substr(0, at));
  if (end != std::string_view::npos) rest_ += line.rest.substr(end);
  line.rest = rest_;
  return true;
}

bool StatsdDecoder::read_metric(std::string_view text, Instant received) {
  Line line;
  if (!split(text, line)) return false;
  if (line.values.empty()) return refuse(StatsdRefusal::value);
  MetricPoint point{.time = received};
  if (!line.time.empty()) {
    std::uint64_t seconds = 0;
    if (!read_whole(line.time, seconds) || seconds > 1u << 31) return refuse(StatsdRefusal::time);
    point.time = from_micros(std::int64_t(seconds) * 1'000'000);
    if (point.time < received - limits::time_past_max || point.time > received + limits::time_future_max) return refuse(StatsdRefusal::time);
  }
  const std::size_t before = batch_->points.size();
  const auto add = [&](bool signed_gauge) {
    const Known* series = known(line, signed_gauge);
    if (series == nullptr) return false;
    point.series = series->index;
    batch_->points.push_back(point);
    return true;
  };
  if (line.type == 's') {
    point.value = set_member(line.values);
    if (!add(false)) return false;
  } else {
    const auto values_refused = [&](StatsdRefusal reason) {  // a line counts whole or not at all
      batch_->points.resize(before);
      return refuse(reason);
    };
    for (std::string_view values = line.values; !values.empty();) {
      const bool last = values.find(':') == std::string_view::npos;
      const std::string_view one = last ? std::exchange(values, {}) : take_until(values, ':');
      if (!last && values.empty()) return values_refused(StatsdRefusal::value);
      if (!read_number(one, point.value)) return values_refused(StatsdRefusal::value);
      const bool sign = line.type == 'g' && options_.signed_gauges_are_deltas && (one[0] == '+' || one[0] == '-');
      if (!add(sign)) {
        batch_->points.resize(before);
        return false;
      }
    }
  }
  counts_.points += batch_->points.size() - before;
  return true;
}

StatsdDecoder::Known* StatsdDecoder::known(const Line& line, bool signed_gauge) {
  const std::uint64_t hash = hash64(line.rest, hash64(line.name) + (signed_gauge ? 1 : 0));
  const auto at = known_.find(hash);
  Known* found = nullptr;
  if (at != known_.end()) {
    found = at->second.get();
    // Two lines of one hash: the second takes the first one's place.
    if (found->raw_name != line.name || found->raw_rest != line.rest || found->raw_sign != signed_gauge) found = nullptr;
  }
  if (found == nullptr) found = learn(line, signed_gauge, hash);
  if (found != nullptr && found->generation != generation_) {
    found->index = batch_->add_series(found->series);
    found->generation = generation_;
  }
  return found;
}

StatsdDecoder::Known* StatsdDecoder::learn(const Line& line, bool signed_gauge, std::uint64_t hash) {
  auto fresh = std::make_unique<Known>();
  MetricSeries series;
  switch (line.type) {
    case 'c': series.kind = MetricKind::counter; break;
    case 'g':
      series.kind = MetricKind::last_value;
      series.temporality = signed_gauge ? Temporality::delta : Temporality::cumulative;
      break;
    case 'm': series.unit = "ms"; [[fallthrough]];
    case 'h': series.kind = MetricKind::summary; break;
    case 'd': series.kind = MetricKind::distribution; break;
    default: series.kind = MetricKind::set;
  }
  if (!read_rest(line, series, fresh->name, fresh->tags)) return nullptr;
  fresh->raw_name = line.name;
  fresh->raw_rest = line.rest;
  fresh->raw_sign = signed_gauge;
  fresh->type = line.type;
  fresh->series = series;
  fresh->series.name = fresh->name;
  fresh->series.tags = fresh->tags;
  if (known_.size() >= limits::statsd_series_cached) known_.clear();
  auto& place = known_[hash];
  place = std::move(fresh);
  return place.get();
}

// Rate, tags and container of a series that is new.
bool StatsdDecoder::read_rest(const Line& line, MetricSeries& series, std::string& name, std::string& tags) {
  std::string_view parts = line.rest;
  take_until(parts, '|');  // the type
  tags_.clear();
  std::vector<MetricTag> of_name;
  std::string plain;
  for (const StatsdTemplate& one : options_.templates) {
    if (one.match(line.name, plain, of_name)) break;
    plain.clear(), of_name.clear();
  }
  for (const auto& [key, value] : of_name) tags_.add(key, value);
  name = clean_metric_name(plain.empty() ? line.name : std::string_view(plain));
  if (name.empty()) return refuse(StatsdRefusal::name);
  while (!parts.empty()) {
    std::string_view part = take_until(parts, '|');
    if (part.starts_with('@')) {
      double rate = 0;
      if (!read_number(part.substr(1), rate) || !(rate > 0) || rate > 1 || rate < 1e-9) return refuse(StatsdRefusal::rate);
      if (series.kind != MetricKind::last_value && series.kind != MetricKind::set) series.sample_rate = rate;
    } else if (part.starts_with('#')) {
      part.remove_prefix(1);
      while (!part.empty()) {
        const std::string_view tag = take_until(part, ',');
        const std::size_t colon = tag.find(':');
        if (colon == std::string_view::npos) tags_.add(tag, "true");
        else tags_.add(tag.substr(0, colon), tag.substr(colon + 1));
      }
    } else if (part.starts_with("c:")) {
      tags_.add("container_id", part.substr(2));
    }
  }
  if (!tags_.canonical(tags)) ++counts_.tags_cut;
  return true;
}

}  // namespace aybiza
