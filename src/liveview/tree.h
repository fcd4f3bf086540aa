// The rendered page as a value: an immutable tree of templates, lists, streams and component references.
//
// Shape    a Node is escaped text or a shared pointer to one of four immutable kinds. Two equal pointers are the same
//          content, so whoever caches a subtree by the version of its input makes "unchanged" cost one comparison.
//          A template's identity is the address of its Statics, one constant per literal in the program.
// Errors   what a view gets wrong (two entries with one key, a component without a single root) throws TreeError; the
//          channel that called the view catches it.
// Cost     one allocation per template, list, stream or component.
// Threads  immutable: any thread may read; a shared subtree may be in the pages of many sockets.
// Source   Phoenix LiveView 1.2 wire format: statics, dynamics, keyed comprehensions, streams, components.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aybiza::liveview {

struct TreeError : std::logic_error {
  using std::logic_error::logic_error;
};

// What the compiler knows about one template literal.
struct Statics {
  std::span<const std::string_view> pieces;  // one more than there are holes
  std::string_view json;                     // the pieces as a JSON array of strings
  bool single_root = false;                  // exactly one element, nothing beside it
};

struct Template;
struct List;
struct Stream;
struct Component;
using TemplatePtr = std::shared_ptr<const Template>;
using ListPtr = std::shared_ptr<const List>;
using StreamPtr = std::shared_ptr<const Stream>;
using ComponentPtr = std::shared_ptr<const Component>;

struct Node {
  std::variant<std::string, TemplatePtr, ListPtr, StreamPtr, ComponentPtr> value;  // the string is escaped HTML

  static Node text(std::string_view unescaped);
  const TemplatePtr* as_template() const { return std::get_if<TemplatePtr>(&value); }
};

// Whether a subtree references components, and whether one of them gets its number per connection.
struct Holds {
  bool components = false, private_components = false;
  void add(const Node& node);
};

struct Template {
  const Statics* statics = nullptr;
  std::vector<Node> slots;
  Holds holds;
  // The flag that lets the client skip an unchanged element. Never on a template around components: the client would
  // skip those with it even when they changed.
  bool skippable() const { return statics->single_root && !holds.components; }
};

// An entry's own template disappears into the list when all entries share it (`flat`): its statics travel once.
struct Entry {
  std::string key;
  Node item;
};
struct List {
  const Statics* statics = nullptr;
  bool flat = false;
  std::vector<Entry> entries;  // never empty: an empty list is the text ""
  Holds holds;
};

struct StreamInsert {
  std::string dom_id;
  int at = -1;               // -1 appends, 0 prepends, n is a child index
  std::optional<int> limit;  // n keeps the first n children, -n the last n
  bool update_only = false;
  Node item;
};
struct Stream {
  std::string ref;  // unique on the page
  const Statics* statics = nullptr;
  bool flat = false;
  std::vector<StreamInsert> inserts;  // one per dom_id
  std::vector<std::string> deletes;
  bool reset = false;
  Holds holds;
  bool idle() const { return inserts.empty() && deletes.empty() && !reset; }
};

struct Component {
  std::string key;  // stable name on this page; empty when cid is fixed
  int cid = 0;      // fixed by the server for all pages, or 0: numbered per connection
  TemplatePtr content;
  Holds holds;
};

TemplatePtr make_template(const Statics& statics, std::vector<Node> slots);
Node make_list(std::vector<Entry> entries, bool nested);
Node make_stream(Stream stream);

// The slots an entry shows under the statics of its list or stream.
std::span<const Node> entry_slots(const Node& item, bool flat);
extern const Statics wrapper_statics;  // ["",""]: one hole and nothing else

// A keyed list: `key(item)` is text or an integer, unique in the list; `row(item)` is a Node.
template <std::ranges::input_range Range, typename Key, typename Row>
Node each(Range&& range, Key key, Row row, bool nested = false) {
  std::vector<Entry> entries;
  if constexpr (std::ranges::sized_range<Range>) entries.reserve(std::ranges::size(range));
  for (auto&& item : range) entries.push_back({fmt::format("{}", key(item)), row(item)});
  return make_list(std::move(entries), nested);
}

// The same, each entry wrapped so that the client can skip unchanged rows: 3 times less work for it in long tables.
template <std::ranges::input_range Range, typename Key, typename Row>
Node rows(Range&& range, Key key, Row row) {
  return each(std::forward<Range>(range), std::move(key), std::move(row), true);
}

// A part that changes on its own: its updates travel without the page around it. `content` must be an html<>() of one
// root element. Per connection the same key keeps its number while it stays on the page.
Node component(std::string key, const Node& content);
// A part shared by many pages: 1 <= cid < first_private_cid, the same content pointer for all of them.
Node shared_component(int cid, const TemplatePtr& content);
inline constexpr int first_private_cid = 1000;

}  // namespace aybiza::liveview
