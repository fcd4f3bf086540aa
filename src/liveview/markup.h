// The compile-time reader of templates: holes, their places, balance of tags, and whether there is one root element.
//
// Shape    mark() turns "{}" into a hole mark (NUL), "{{" and "}}" into braces; scan() walks the marked text once as
//          HTML. Everything runs in the compiler; a bad template does not build.
// Errors   Problem, which html.h turns into one static_assert each. A hole may stand in text, in a quoted attribute
//          value, or between attributes; nowhere else, because escaping could not make it safe there.
// Threads  constant expressions; none.
// Source   WHATWG HTML section 13.1.2 (elements, void elements, raw text); the client's modify_root for the root rule.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace aybiza::liveview::markup {

inline constexpr char hole_mark = '\0';
inline constexpr std::size_t depth_max = 64;

enum class Problem : unsigned char {
  none,
  lone_brace,
  hole_in_tag_name,
  hole_in_attribute_name,
  hole_without_quotes,
  hole_in_script_or_comment,
  stray_angle,
  unbalanced,
  self_closed,
  too_deep,
};

enum class Hole : unsigned char { text, value, tag };

template <std::size_t N>
struct FixedString {
  char text[N] = {};
  consteval FixedString(const char (&source)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = source[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

template <std::size_t N>
struct Marked {
  std::array<char, N> text{};
  std::size_t length = 0, holes = 0;
  bool lone_brace = false;
  constexpr std::string_view view() const { return {text.data(), length}; }
};

template <std::size_t N>
consteval Marked<N> mark(const FixedString<N>& source) {
  Marked<N> out;
  const std::string_view text = source.view();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : ' ';
    char written = c;
    if (c == '{' || c == '}') {
      const bool hole = c == '{' && next == '}';
      if (!hole && next != c) out.lone_brace = true;
      if (hole) ++out.holes;
      written = hole ? hole_mark : c;
      ++i;
    }
    out.text[out.length++] = written;
  }
  return out;
}

constexpr bool one_of(std::string_view name, std::string_view spaced_list) {
  while (!spaced_list.empty()) {
    const std::size_t end = spaced_list.find(' ');
    if (spaced_list.substr(0, end) == name) return true;
    if (end == spaced_list.npos) return false;
    spaced_list.remove_prefix(end + 1);
  }
  return false;
}
constexpr bool is_void(std::string_view tag) {
  return one_of(tag, "area base br col embed hr img input link meta param source track wbr");
}
constexpr bool may_self_close(std::string_view tag) {
  return is_void(tag) ||
         one_of(tag, "circle ellipse image line path polygon polyline rect stop use animate animateTransform");
}
constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Walks the marked text. HoleCount is at least 1 so that the array exists.
template <std::size_t HoleCount>
struct Scanner {
  std::string_view text;
  std::array<Hole, HoleCount> holes{};
  Problem problem = Problem::none;
  bool single_root = false;

  constexpr explicit Scanner(std::string_view marked) : text(marked) { run(); }

 private:
  std::size_t at_ = 0, hole_ = 0, depth_ = 0, roots_ = 0;
  std::array<std::string_view, depth_max> open_{};
  bool loose_ = false;  // something beside one element at the top

  constexpr bool failed() const { return problem != Problem::none; }
  constexpr bool done() const { return at_ >= text.size() || failed(); }
  constexpr bool starts(std::string_view what) const { return text.substr(at_, what.size()) == what; }
  constexpr void hole(Hole kind) {
    holes[hole_++] = kind;
    ++at_;
  }

  constexpr void run() {
    while (!done()) step();
    if (!failed() && depth_ != 0) problem = Problem::unbalanced;
    single_root = !failed() && roots_ == 1 && !loose_;
  }

  constexpr void step() {
    const char c = text[at_];
    if (c == '<') return angle();
    if (depth_ == 0 && !is_space(c)) loose_ = true;
    if (c == hole_mark) return hole(Hole::text);
    ++at_;
  }

  constexpr void angle() {
    if (starts("<!--")) return comment();
    if (starts("<!")) return declaration();
    if (starts("</")) return close_tag();
    if (at_ + 1 < text.size() && text[at_ + 1] == hole_mark) return void(problem = Problem::hole_in_tag_name);
    if (at_ + 1 < text.size() && is_letter(text[at_ + 1])) return open_tag();
    problem = Problem::stray_angle;
  }

  // Skips to behind `end`; a hole on the way is an error.
  constexpr void skip_past(std::string_view end) {
    const std::size_t found = text.find(end, at_);
    if (found == text.npos) return void(problem = Problem::unbalanced);
    if (text.substr(at_, found - at_).find(hole_mark) != text.npos) problem = Problem::hole_in_script_or_comment;
    at_ = found + end.size();
  }
  constexpr void comment() {
    const std::size_t from = at_;
    at_ += 4;
    skip_past("-->");
    // The client's search for the root does not look past a comment with a line break.
    if (depth_ == 0 && text.substr(from, at_ - from).find('\n') != text.npos) loose_ = true;
  }
  constexpr void declaration() {
    loose_ = true;
    skip_past(">");
  }

  constexpr std::string_view name() {
    const std::size_t from = at_;
    while (at_ < text.size() && !is_space(text[at_]) && text[at_] != '>' && text[at_] != '/') {
      if (text[at_] == hole_mark) problem = Problem::hole_in_tag_name;
      ++at_;
    }
    return text.substr(from, at_ - from);
  }

  constexpr void close_tag() {
    at_ += 2;
    const std::string_view tag = name();
    if (depth_ == 0 || open_[depth_ - 1] != tag) return void(problem = Problem::unbalanced);
    --depth_;
    if (at_ >= text.size() || text[at_] != '>') return void(problem = Problem::unbalanced);
    ++at_;
  }

  constexpr void open_tag() {
    ++at_;
    const std::string_view tag = name();
    if (depth_ == 0) ++roots_;
    bool self_closed = false;
    while (!done() && text[at_] != '>') self_closed = attribute();
    if (failed()) return;
    if (at_ >= text.size()) return void(problem = Problem::unbalanced);
    ++at_;
    if (self_closed && !may_self_close(tag)) return void(problem = Problem::self_closed);
    if (self_closed || is_void(tag)) return;
    if (depth_ == depth_max) return void(problem = Problem::too_deep);
    open_[depth_++] = tag;
    if (one_of(tag, "script style")) raw_text(tag);
  }

  constexpr void raw_text(std::string_view tag) {
    const std::size_t end = text.find(tag == "script" ? "</script" : "</style", at_);
    if (end == text.npos) return void(problem = Problem::unbalanced);
    if (text.substr(at_, end - at_).find(hole_mark) != text.npos) problem = Problem::hole_in_script_or_comment;
    at_ = end;
  }

  // One step inside a tag; true when it was the "/" right before ">".
  constexpr bool attribute() {
    const char c = text[at_];
    if (is_space(c)) return ++at_, false;
    if (c == hole_mark) return hole(Hole::tag), false;
    if (c == '/') return ++at_, at_ < text.size() && text[at_] == '>';
    while (at_ < text.size() && text[at_] != '=' && text[at_] != '>' && text[at_] != '/' && !is_space(text[at_])) {
      // A hole glued to a name brings its own leading space (html.h Attr): "<input checked{}>".
      if (text[at_] == hole_mark) return hole(Hole::tag), false;
      ++at_;
    }
    if (at_ < text.size() && text[at_] == '=') ++at_, value();
    return false;
  }

  constexpr void value() {
    if (at_ >= text.size()) return void(problem = Problem::unbalanced);
    const char quote = text[at_];
    if (quote == hole_mark) return void(problem = Problem::hole_without_quotes);
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) ++at_;
    while (at_ < text.size() && (quoted ? text[at_] != quote : !is_space(text[at_]) && text[at_] != '>')) {
      if (text[at_] != hole_mark) {
        ++at_;
      } else if (quoted) {
        hole(Hole::value);
      } else {
        return void(problem = Problem::hole_without_quotes);
      }
    }
    if (quoted && at_ < text.size()) ++at_;
  }
};

}  // namespace aybiza::liveview::markup
