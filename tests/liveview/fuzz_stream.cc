// Random pages and the messages between them, as JSON lines, for the client's own merge code to judge.
//
// Usage    fuzz_stream <seed> <pages> <steps>: each page is one line with "join":true and <steps> lines of changes.
//          A line: {"join":bool,"message":{...},"html":"what the page must show","mutations":n}
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "liveview/diff.h"
#include "liveview/html.h"
#include "liveview/step.h"
#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

std::mt19937_64 randomness;
int below(int n) { return static_cast<int>(randomness() % static_cast<std::uint64_t>(n)); }
bool chance(int percent) { return below(100) < percent; }

std::string random_text() {
  static const std::vector<std::string> words{"", "a", "<b>", "\"q\"", "&amp;", "caf\xC3\xA9", "bad\xFF", "x y\n", "7", "'"};
  return words[static_cast<std::size_t>(below(static_cast<int>(words.size())))] + (chance(50) ? fmt::to_string(below(5)) : "");
}

// A page part that can be changed and turned into a Node; what has not changed gives the same Node again.
struct Part;
using PartPtr = std::unique_ptr<Part>;

enum class Kind { text, shape, list, stream, component, fixed, toggle };

struct Part {
  Kind kind = Kind::text;
  std::string text;            // text; key of a component
  int shape = 0;               // which template
  bool nested = false, shown = true;
  std::vector<std::string> keys;  // of list entries
  std::vector<PartPtr> children;
  Stream pending;
  std::optional<Node> built;
};

int next_name = 0;
std::vector<int> fixed_free;
int parts_made = 0;

PartPtr random_part(int depth, bool components);

[[maybe_unused]] constexpr std::array<int, 9> shape_holes{2, 1, 2, 1, 2, 0, 3, 3, 1};

Node shape_node(int shape, const std::vector<PartPtr>& children, std::string_view text, const auto& child) {
  const auto at = [&](std::size_t i) { return child(*children[i]); };
  switch (shape) {
    case 0: return html<"<div class=\"{}\">{}</div>">(text, at(0));
    case 1: return html<"<p>{}</p>">(at(0));
    case 2: return html<"<b>{}</b><i>{}</i>">(at(0), at(1));
    case 3: return html<"{}">(at(0));
    case 4: return html<"text {} and {} end">(at(0), at(1));
    case 5: return html<"<hr>">();
    case 6: return html<"<section><h1>{}</h1>{}{}</section>">(at(0), at(1), at(2));
    case 7: return html<" <!-- c --><span title=\"{}\"{}>{}</span> ">(text, flag<"hidden">(text.size() % 2 == 1), at(0));
    default: return html<"<input value=\"{}\">">(text);
  }
}
constexpr std::array<std::size_t, 9> shape_children{1, 1, 2, 1, 2, 0, 3, 1, 0};

void fill_shape(Part& part, int depth, bool components) {
  part.children.clear();
  for (std::size_t i = 0; i < shape_children[static_cast<std::size_t>(part.shape)]; ++i) {
    part.children.push_back(random_part(depth - 1, components));
  }
}

std::string new_name(std::string_view prefix) { return fmt::format("{}{}", prefix, next_name++); }

// A component needs one root element: shapes 0, 1, 6, 7.
int rooted_shape() { return std::array{0, 1, 6, 7}[static_cast<std::size_t>(below(4))]; }

PartPtr random_part(int depth, bool components) {
  auto part = std::make_unique<Part>();
  ++parts_made;
  const int roll = depth <= 0 || parts_made > 150 ? 0 : below(100);
  if (roll < 25) {
    part->text = random_text();
  } else if (roll < 55) {
    part->kind = Kind::shape;
    part->shape = below(9);
    part->text = random_text();
    fill_shape(*part, depth, components);
  } else if (roll < 72) {
    part->kind = Kind::list;
    part->nested = chance(40);
    for (int i = below(6); i > 0; --i) {
      part->keys.push_back(new_name("k"));
      part->children.push_back(random_part(depth - 1, components));
    }
  } else if (roll < 78) {
    part->kind = Kind::stream;
    part->pending.ref = new_name("s");
  } else if (roll < 90) {
    part->kind = Kind::toggle;
    part->shown = chance(70);
    part->children.push_back(random_part(depth - 1, components));
  } else if (components) {
    const bool is_fixed = chance(30) && !fixed_free.empty();
    part->kind = is_fixed ? Kind::fixed : Kind::component;
    part->text = is_fixed ? fmt::to_string(fixed_free.back()) : new_name("c");
    if (is_fixed) fixed_free.pop_back();
    auto content = std::make_unique<Part>();
    content->kind = Kind::shape;
    content->shape = rooted_shape();
    content->text = random_text();
    fill_shape(*content, depth, true);
    part->children.push_back(std::move(content));
  }
  return part;
}

// Whether the part holds a stream with operations, which are for one message only.
bool build(Part& part, Node& out);

Node built_child(Part& part, bool& once) {
  Node node;
  once |= build(part, node);
  return node;
}

bool build(Part& part, Node& out) {
  if (part.built) {
    out = *part.built;
    return false;
  }
  bool once = false;
  const auto child = [&](Part& inner) { return built_child(inner, once); };
  switch (part.kind) {
    case Kind::text: out = Node::text(part.text); break;
    case Kind::shape: out = shape_node(part.shape, part.children, part.text, child); break;
    case Kind::list: {
      std::vector<Entry> entries;
      for (std::size_t i = 0; i < part.keys.size(); ++i) entries.push_back({part.keys[i], child(*part.children[i])});
      out = make_list(std::move(entries), part.nested);
      break;
    }
    case Kind::stream: {
      once = !part.pending.idle();
      out = make_stream(part.pending);
      part.pending = Stream{.ref = part.pending.ref};
      break;
    }
    case Kind::component: out = component(part.text, child(*part.children[0])); break;
    case Kind::fixed: out = shared_component(std::atoi(part.text.c_str()), *child(*part.children[0]).as_template()); break;
    case Kind::toggle: out = part.shown ? child(*part.children[0]) : Node{}; break;
  }
  if (!once) part.built = out;
  return once;
}

void collect(Part& part, std::vector<Part*>& path, std::vector<std::vector<Part*>>& paths) {
  path.push_back(&part);
  paths.push_back(path);
  for (const PartPtr& child : part.children) collect(*child, path, paths);
  path.pop_back();
}

Node stream_item(std::string_view id) {
  if (chance(30)) return html<"<p id=\"{}\">{} {}</p>">(id, random_text(), html<"<i>{}</i>">(random_text()));
  return html<"<p id=\"{}\">{}</p>">(id, random_text());
}

void mutate_list(Part& part, int depth) {
  const int roll = below(100);
  const std::size_t size = part.keys.size();
  if (size == 0 || roll < 25) {
    const auto at = below(static_cast<int>(size) + 1);
    part.keys.insert(part.keys.begin() + at, new_name("k"));
    part.children.insert(part.children.begin() + at, random_part(depth, true));
  } else if (roll < 45) {
    const auto at = below(static_cast<int>(size));
    part.keys.erase(part.keys.begin() + at);
    part.children.erase(part.children.begin() + at);
  } else if (roll < 80) {
    for (int swaps = 1 + below(4); swaps > 0; --swaps) {
      const auto a = static_cast<std::size_t>(below(static_cast<int>(size))), b = static_cast<std::size_t>(below(static_cast<int>(size)));
      std::swap(part.keys[a], part.keys[b]);
      std::swap(part.children[a], part.children[b]);
    }
  } else if (roll < 85) {
    part.keys.clear();
    part.children.clear();
  } else if (roll < 92) {
    part.nested = !part.nested;
  } else {
    std::ranges::reverse(part.keys);
    std::ranges::reverse(part.children);
  }
}

void mutate_stream(Part& part) {
  const std::string id = new_name("m");
  part.pending.inserts.push_back({id, below(3) - 1, chance(30) ? std::optional(-3) : std::nullopt, chance(10), stream_item(id)});
  if (chance(30)) part.pending.deletes.push_back(new_name("m"));
  if (chance(10)) part.pending.reset = true;
}

void mutate(Part& root) {
  std::vector<Part*> path;
  std::vector<std::vector<Part*>> paths;
  collect(root, path, paths);
  parts_made = static_cast<int>(paths.size());
  const std::vector<Part*>& chosen = paths[static_cast<std::size_t>(below(static_cast<int>(paths.size())))];
  Part& part = *chosen.back();
  const bool is_content = chosen.size() > 1 && (chosen[chosen.size() - 2]->kind == Kind::component ||
                                                chosen[chosen.size() - 2]->kind == Kind::fixed);
  const int depth = std::max(0, 5 - static_cast<int>(chosen.size()));
  for (Part* outer : chosen) outer->built.reset();
  if (part.kind == Kind::list && !chance(10)) return mutate_list(part, depth);
  if (part.kind == Kind::stream && !chance(20)) return mutate_stream(part);
  if (part.kind == Kind::toggle && !chance(20)) return void(part.shown = !part.shown);
  if (part.kind == Kind::component || part.kind == Kind::fixed) return;
  if (is_content || &part == &root) {
    part.text = random_text();
    if (chance(is_content ? 20 : 3)) {
      part.shape = rooted_shape();
      fill_shape(part, depth, true);
    }
    return;
  }
  if (part.kind == Kind::text && chance(70)) return void(part.text = random_text());
  if (part.kind == Kind::shape && chance(50)) return void(part.text = random_text());
  part = std::move(*random_part(depth, true));
}

void write_line(bool join, const std::string& message, const std::string& html_text, int mutations) {
  std::string out = fmt::format(R"({{"join":{},"message":{{{}}},"mutations":{},"html":)", join, message, mutations);
  append_json_string(out, html_text);
  fmt::print("{}}}\n", out);
}

void send(CidTable& cids, std::optional<Page>& held, const Node& node, DiffCache* cache, int mutations) {
  const bool join = !held;
  Page page = cids.number(node);
  std::string message;
  append_diff(message, {held && !chance(1) ? &*held : nullptr, page, cids, cache});
  held = std::move(page);
  write_line(join, message, to_html(node), mutations);
}

void run_page(int steps, DiffCache* cache) {
  next_name = parts_made = 0;
  fixed_free = {5, 4, 3, 2, 1};
  Part root;
  root.kind = Kind::shape;
  root.shape = 6;
  fill_shape(root, 5, true);
  CidTable cids;
  std::optional<Page> held;
  for (int step = 0; step <= steps; ++step) {
    const int mutations = step == 0 ? 0 : 1 + below(3);
    for (int i = 0; i < mutations; ++i) mutate(root);
    Node node;
    build(root, node);
    // Some changes in steps of few bytes: what the page shows in between is a tree as any other.
    const auto bytes = static_cast<std::size_t>(below(120));
    const auto streams = [](const Node& shown) { return to_html(shown).contains("<p id=\"m"); };  // whose entries are of one message
    bool there = !held || chance(50) || streams(Node{held->root}) || streams(node);
    for (int taken = 0; !there; ++taken) {
      const Node between = step_towards(Node{held->root}, node, bytes);
      there = to_html(between) == to_html(node);
      if (taken > 500) fmt::print(stderr, "a change of {} bytes does not come to its end in steps of {}\n", to_html(node).size(), bytes), std::exit(1);
      if (!there) send(cids, held, between, cache, taken == 0 ? mutations : 0);
    }
    send(cids, held, node, cache, mutations);
  }
}

}  // namespace
}  // namespace aybiza::liveview

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  aybiza::liveview::DiffCache cache;
  const int pages = std::atoi(argv[2]);
  for (int page = 0; page < pages; ++page) {
    aybiza::liveview::randomness.seed(std::strtoull(argv[1], nullptr, 10) * 1'000'003 + static_cast<unsigned>(page));
    aybiza::liveview::run_page(std::atoi(argv[3]), page % 2 == 0 ? &cache : nullptr);
  }
}
