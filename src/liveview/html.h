// Templates as literals: html<"<b class=\"{}\">{}</b>">(kind, name) is a Node, checked and split by the compiler.
//
// Shape    "{}" is a hole, "{{" and "}}" are braces. What may stand in a hole depends on its place:
//            in text            strings and numbers (escaped), Node, std::optional of these (absent is "")
//            in a quoted value  strings and numbers (escaped), std::optional of these
//            between attributes attr<"name">(value) or flag<"checked">(condition)
//          Numbers get their shortest decimal form; format them yourself where people read them.
// Errors   arity, balance of tags, and holes in unsafe places are compile errors. There is no way to insert text of
//          the run as HTML; raw<"...">() takes a literal.
// Cost     a template's statics, also as JSON, are built by the compiler; rendering allocates the slots only.
// Threads  functions of their arguments; none.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>

#include "liveview/markup.h"
#include "liveview/tree.h"

namespace aybiza::liveview {

struct Attr {
  std::string html;  // with its leading space, or empty
};

namespace detail {

template <typename T>
concept Text = std::convertible_to<T, std::string_view>;
template <typename T>
concept Number = (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>) || std::floating_point<T>;

inline Node plain(std::string_view text) { return Node::text(text); }
template <Number T>
Node plain(T number) { return Node{fmt::to_string(number)}; }
template <typename T>
  requires(Text<T> || Number<T>)
Node plain(const std::optional<T>& value) { return value ? plain(*value) : Node{}; }

template <typename T>
  requires requires(const T& value) { { value.str() } -> Text; }  // Js, Uri
Node plain(const T& value) { return plain(std::string_view(value.str())); }

inline Node in_text(const Node& node) { return node; }
inline Node in_text(Node&& node) { return std::move(node); }
inline Node in_text(const TemplatePtr& shared) { return Node{shared}; }
inline Node in_text(const std::optional<Node>& node) { return node ? *node : Node{}; }
template <typename T>
  requires requires(const T& value) { plain(value); }
Node in_text(const T& value) { return plain(value); }

template <markup::Hole Kind, typename T>
Node slot(T&& value) {
  if constexpr (Kind == markup::Hole::tag) {
    static_assert(std::same_as<std::decay_t<T>, Attr>, "between attributes only attr<> and flag<> may stand");
    return Node{value.html};
  } else if constexpr (Kind == markup::Hole::value) {
    return plain(value);
  } else {
    return in_text(std::forward<T>(value));
  }
}

template <std::size_t N>
struct Json {
  std::array<char, N> text{};
  std::size_t length = 0;
  constexpr void put(char c) { text[length++] = c; }
  constexpr void put(std::string_view s) {
    for (const char c : s) put(c);
  }
  constexpr void put_escaped(char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    if (c == '"' || c == '\\') return put('\\'), put(c);
    if (c == '\n') return put("\\n");
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20) return put(c);
    put("\\u00"), put(hex[byte >> 4]), put(hex[byte & 15u]);
  }
};

// Everything the compiler works out for one literal.
template <markup::FixedString Source>
struct Compiled {
  static constexpr auto marked = markup::mark(Source);
  static constexpr std::size_t holes = marked.holes;
  static constexpr markup::Scanner<holes + 1> scan{marked.view()};

  static constexpr auto pieces = [] {
    std::array<std::string_view, holes + 1> out{};
    std::string_view rest = marked.view();
    for (std::size_t i = 0; i < holes; ++i) {
      const std::size_t end = rest.find(markup::hole_mark);
      out[i] = rest.substr(0, end);
      rest.remove_prefix(end + 1);
    }
    out[holes] = rest;
    return out;
  }();
  static constexpr auto json = [] {
    Json<6 * sizeof(Source.text) + 4 * (holes + 1) + 2> out;
    out.put('[');
    for (std::size_t i = 0; i <= holes; ++i) {
      out.put(i == 0 ? "\"" : ",\"");
      for (const char c : pieces[i]) out.put_escaped(c);
      out.put('"');
    }
    out.put(']');
    return out;
  }();
  static constexpr Statics statics{pieces, {json.text.data(), json.length}, scan.single_root};

  static consteval bool has(markup::Problem problem) { return scan.problem == problem; }
};

template <markup::FixedString Source>
consteval void assert_well_formed() {
  using C = Compiled<Source>;
  using enum markup::Problem;
  static_assert(!C::marked.lone_brace, "template: a lone brace; write {{ or }}");
  static_assert(!C::has(hole_in_tag_name), "template: a hole in the name of a tag");
  static_assert(!C::has(hole_in_attribute_name), "template: a hole in the name of an attribute");
  static_assert(!C::has(hole_without_quotes), "template: a hole in an attribute value needs quotes around it");
  static_assert(!C::has(hole_in_script_or_comment), "template: a hole in a script, a style or a comment");
  static_assert(!C::has(stray_angle), "template: '<' that opens nothing; write &lt;");
  static_assert(!C::has(unbalanced), "template: tags, quotes or comments that do not close in order");
  static_assert(!C::has(self_closed), "template: '/>' on an element that browsers leave open");
  static_assert(!C::has(too_deep), "template: nested too deep");
}

}  // namespace detail

// The same as html<>, as the pointer that shared_component and caches take.
template <markup::FixedString Source, typename... Args>
TemplatePtr html_ptr(Args&&... args) {
  using C = detail::Compiled<Source>;
  detail::assert_well_formed<Source>();
  static_assert(sizeof...(Args) == C::holes, "template: one argument per hole");
  std::vector<Node> slots;
  slots.reserve(sizeof...(Args));
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (slots.push_back(detail::slot<C::scan.holes[I]>(std::forward<Args>(args))), ...);
  }(std::index_sequence_for<Args...>{});
  return make_template(C::statics, std::move(slots));
}

template <markup::FixedString Source, typename... Args>
Node html(Args&&... args) {
  return Node{html_ptr<Source>(std::forward<Args>(args)...)};
}

template <markup::FixedString Source>
Node raw() {
  return Node{std::string(Source.view())};
}

// ` name="value"` with the value escaped; nothing when the optional is empty.
template <markup::FixedString Name, typename T>
Attr attr(const T& value) {
  const std::string shown = std::get<std::string>(detail::plain(value).value);
  if constexpr (requires { value.has_value(); }) {
    if (!value.has_value()) return {};
  }
  return {fmt::format(" {}=\"{}\"", Name.view(), shown)};
}

// ` name` when the condition holds.
template <markup::FixedString Name>
Attr flag(bool condition) {
  return {condition ? fmt::format(" {}", Name.view()) : std::string()};
}

}  // namespace aybiza::liveview
