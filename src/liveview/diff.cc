#include "liveview/diff.h"

#include <algorithm>

#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

// The "p" table of one message: statics that are referenced by index, numbered in order of first use.
struct Shared {
  std::unordered_map<const Statics*, std::size_t> index;
  std::vector<const Statics*> order;
  std::size_t number(const Statics& statics) {
    const auto [at, is_new] = index.emplace(&statics, order.size());
    if (is_new) order.push_back(&statics);
    return at->second;
  }
};

void append_number(std::string& out, std::size_t number) { fmt::format_to(std::back_inserter(out), "{}", number); }

// The statics of list entries can be shared only below a list inside a component, below anything in the page itself.
class Writer {
 public:
  Writer(std::string& out, const CidTable& cids, Shared* shared) : out_(out), cids_(cids), shared_(shared) {}

  void slots(std::span<const Node> nodes);
  bool changed_slots(std::span<const Node> from, std::span<const Node> to);  // true when it wrote anything
  void statics(const Statics& statics);
  void table();
  void comma() {
    if (out_.back() != '{') out_ += ',';
  }

 private:
  void key(std::size_t index);
  void node(const Node& node);
  void whole(const Template& shown);
  void whole(const List& list);
  void whole(const Stream& stream);
  bool change(const Node& from, const Node& to);
  bool change(const List& from, const List& to);
  bool entry_change(const List& from, std::size_t old_index, const List& to, std::size_t index, bool& moved);
  void stream_entries(const Stream& stream);
  void stream_operations(const Stream& stream);
  void component(const Component& held) { fmt::format_to(std::back_inserter(out_), "{}", cids_.cid(held)); }
  template <typename Body>
  void with_table(Body body);

  std::string& out_;
  const CidTable& cids_;
  Shared* shared_;
};

void Writer::key(std::size_t index) {
  comma();
  out_ += '"';
  append_number(out_, index);
  out_ += "\":";
}

void Writer::statics(const Statics& statics) {
  comma();
  out_ += "\"s\":";
  if (shared_ != nullptr) {
    append_number(out_, shared_->number(statics));
  } else {
    out_ += statics.json;
  }
}

void Writer::table() {
  if (shared_ == nullptr || shared_->order.empty()) return;
  comma();
  out_ += "\"p\":{";
  for (std::size_t i = 0; i < shared_->order.size(); ++i) {
    key(i);
    out_ += shared_->order[i]->json;
  }
  out_ += '}';
}

// Runs `body` with a table of statics: the one in force, or one of this list's own, written at its end.
template <typename Body>
void Writer::with_table(Body body) {
  if (shared_ != nullptr) return body();
  Shared own;
  shared_ = &own;
  body();
  table();
  shared_ = nullptr;
}

void Writer::slots(std::span<const Node> nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    key(i);
    node(nodes[i]);
  }
}

void Writer::node(const Node& node) {
  if (const auto* text = std::get_if<std::string>(&node.value)) {
    append_json_string(out_, *text);
  } else if (const auto* shown = std::get_if<TemplatePtr>(&node.value)) {
    whole(**shown);
  } else if (const auto* list = std::get_if<ListPtr>(&node.value)) {
    whole(**list);
  } else if (const auto* stream = std::get_if<StreamPtr>(&node.value)) {
    whole(**stream);
  } else {
    component(*std::get<ComponentPtr>(node.value));
  }
}

void Writer::whole(const Template& shown) {
  out_ += '{';
  slots(shown.slots);
  statics(*shown.statics);
  if (shown.skippable()) out_ += ",\"r\":1";
  out_ += '}';
}

void Writer::whole(const List& list) {
  out_ += '{';
  statics(*list.statics);
  with_table([&] {
    out_ += ",\"k\":{";
    for (std::size_t i = 0; i < list.entries.size(); ++i) {
      key(i);
      out_ += '{';
      slots(entry_slots(list.entries[i].item, list.flat));
      out_ += '}';
    }
    out_ += ",\"kc\":";
    append_number(out_, list.entries.size());
    out_ += '}';
  });
  out_ += '}';
}

void Writer::stream_entries(const Stream& stream) {
  out_ += "\"k\":{";
  for (std::size_t i = 0; i < stream.inserts.size(); ++i) {
    key(i);
    out_ += '{';
    slots(entry_slots(stream.inserts[i].item, stream.flat));
    out_ += '}';
  }
  comma();
  out_ += "\"kc\":";
  append_number(out_, stream.inserts.size());
  out_ += '}';
}

// [ref, [[dom_id, at, limit, update_only]...], [deleted...], true?]: the fourth is true or absent, false wipes the list.
void Writer::stream_operations(const Stream& stream) {
  out_ += ",\"stream\":[";
  append_json_string(out_, stream.ref);
  out_ += ",[";
  for (const StreamInsert& insert : stream.inserts) {
    if (out_.back() != '[') out_ += ',';
    out_ += '[';
    append_json_string(out_, insert.dom_id);
    fmt::format_to(std::back_inserter(out_), ",{},{},{}]", insert.at,
                   insert.limit ? fmt::to_string(*insert.limit) : "null", insert.update_only ? "true" : "null");
  }
  out_ += "],[";
  for (const std::string& deleted : stream.deletes) {
    if (out_.back() != '[') out_ += ',';
    append_json_string(out_, deleted);
  }
  out_ += stream.reset ? "],true]" : "]]";
}

void Writer::whole(const Stream& stream) {
  out_ += '{';
  statics(*stream.statics);
  out_ += ',';
  with_table([&] {
    stream_entries(stream);
    stream_operations(stream);
  });
  out_ += '}';
}

bool Writer::changed_slots(std::span<const Node> from, std::span<const Node> to) {
  bool any = false;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t before = out_.size();
    key(i);
    if (change(from[i], to[i])) {
      any = true;
    } else {
      out_.resize(before);
    }
  }
  return any;
}

// Writes the value that turns `from` into `to`; false (and bytes to be dropped by the caller) when there is nothing to do.
bool Writer::change(const Node& from, const Node& to) {
  if (from.value.index() == to.value.index()) {
    if (const auto* text = std::get_if<std::string>(&to.value)) {
      if (*text == std::get<std::string>(from.value)) return false;
    } else if (const auto* shown = std::get_if<TemplatePtr>(&to.value)) {
      const Template& old = *std::get<TemplatePtr>(from.value);
      if (&old == shown->get()) return false;
      if (old.statics == (*shown)->statics && old.skippable() == (*shown)->skippable()) {
        out_ += '{';
        const bool any = changed_slots(old.slots, (*shown)->slots);
        out_ += '}';
        return any;
      }
    } else if (const auto* list = std::get_if<ListPtr>(&to.value)) {
      const List& old = *std::get<ListPtr>(from.value);
      if (&old == list->get()) return false;
      if (old.statics == (*list)->statics && old.flat == (*list)->flat) return change(old, **list);
    } else if (const auto* stream = std::get_if<StreamPtr>(&to.value)) {
      const Stream& old = *std::get<StreamPtr>(from.value);
      if (old.ref == (*stream)->ref) {
        if (&old == stream->get() || (*stream)->idle()) return false;
        out_ += '{';
        with_table([&] {
          stream_entries(**stream);
          stream_operations(**stream);
        });
        out_ += '}';
        return true;
      }
    } else {
      const Component& old = *std::get<ComponentPtr>(from.value);
      const Component& now = *std::get<ComponentPtr>(to.value);
      if (old.cid == now.cid && old.key == now.key) return false;
    }
  }
  node(to);
  return true;
}

// One entry against the entry of the same key; `moved` is set when it stood elsewhere.
bool Writer::entry_change(const List& from, std::size_t old_index, const List& to, std::size_t index, bool& moved) {
  const Node& old = from.entries[old_index].item;
  const Node& now = to.entries[index].item;
  const bool same = old.as_template() && now.as_template() && *old.as_template() == *now.as_template();
  const std::size_t before = out_.size();
  key(index);
  const bool elsewhere = old_index != index;
  if (elsewhere) {
    moved = true;
    out_ += '[';
    append_number(out_, old_index);
    out_ += ',';
  }
  out_ += '{';
  const bool any = !same && changed_slots(entry_slots(old, from.flat), entry_slots(now, to.flat));
  out_ += '}';
  if (elsewhere && any) out_ += ']';
  if (any) return true;
  out_.resize(before);
  if (!elsewhere) return false;
  key(index);
  append_number(out_, old_index);
  return true;
}

bool Writer::change(const List& from, const List& to) {
  std::unordered_map<std::string_view, std::size_t> old_places;  // filled at the first entry that is not where it was
  const auto old_place = [&](std::size_t index) -> std::optional<std::size_t> {
    const std::string& wanted = to.entries[index].key;
    if (index < from.entries.size() && from.entries[index].key == wanted) return index;
    if (old_places.empty()) {
      for (std::size_t i = 0; i < from.entries.size(); ++i) old_places.emplace(from.entries[i].key, i);
    }
    const auto at = old_places.find(wanted);
    return at == old_places.end() ? std::nullopt : std::optional(at->second);
  };
  bool any = from.entries.size() != to.entries.size(), moved = false;
  out_ += '{';
  with_table([&] {
    out_ += "\"k\":{";
    for (std::size_t i = 0; i < to.entries.size(); ++i) {
      if (const auto old_index = old_place(i)) {
        any |= entry_change(from, *old_index, to, i, moved);
        continue;
      }
      any = true;
      key(i);
      out_ += '{';
      slots(entry_slots(to.entries[i].item, to.flat));
      out_ += '}';
    }
    comma();
    if (moved) out_ += "\"km\":true,";
    out_ += "\"kc\":";
    append_number(out_, to.entries.size());
    out_ += '}';
  });
  out_ += '}';
  return any;
}

// The components of one message.
class Parts {
 public:
  Parts(const DiffInput& input, bool anew) : input_(input), anew_(anew) {}

  void append(std::string& out, bool page_changed) {
    std::vector<std::string> bytes(input_.to.parts.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = part(input_.to.parts[i]);
    if (page_changed) touch_parents(bytes);
    bool first = true;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i].empty()) continue;
      if (first && !out.empty()) out += ',';
      out += first ? "\"c\":{" : ",";
      first = false;
      fmt::format_to(std::back_inserter(out), "\"{}\":{}", input_.to.parts[i].cid, bytes[i]);
    }
    if (!first) out += '}';
  }

 private:
  // When the page itself is patched too, the client skips components that are not in the message, and what is inside.
  void touch_parents(std::vector<std::string>& bytes) const {
    for (std::size_t i = bytes.size(); i-- > 0;) {
      const std::ptrdiff_t parent = input_.to.parts[i].parent;
      if (bytes[i].empty() || parent < 0) continue;
      std::string& around = bytes[static_cast<std::size_t>(parent)];
      if (around.empty()) around = "{}";
    }
  }

  std::string part(const Part& to) {
    const TemplatePtr& content = to.component->content;
    const Part* old = anew_ ? nullptr : old_part(to.cid);
    const TemplatePtr from = old != nullptr && old->component->content->statics == content->statics
                                 ? old->component->content
                                 : nullptr;
    if (from == content) return {};
    const bool shared = to.component->cid != 0 && !content->holds.private_components;
    if (shared && input_.cache != nullptr) {
      if (const auto* bytes = input_.cache->find(from, content)) return **bytes;
    }
    std::string bytes = from ? changes(*from, *content) : whole(to, shared);
    if (shared && input_.cache != nullptr) {
      input_.cache->put(from, content, std::make_shared<const std::string>(bytes));
    }
    return bytes;
  }

  std::string changes(const Template& from, const Template& to) const {
    std::string out = "{";
    if (!Writer(out, input_.cids, nullptr).changed_slots(from.slots, to.slots)) return {};
    return out += '}';
  }

  std::string whole(const Part& to, bool shared) {
    const Template& content = *to.component->content;
    std::string out = "{";
    Writer writer(out, input_.cids, nullptr);
    writer.slots(content.slots);
    const std::optional<int> lender = shared ? std::nullopt : borrow(content.statics, to.cid);
    if (lender) {
      writer.comma();
      fmt::format_to(std::back_inserter(out), "\"s\":{}", *lender);
    } else {
      writer.statics(*content.statics);
    }
    return out += ",\"r\":1}";
  }

  // Statics travel once: later components point to the first of this message (n) or to one the client holds (-n).
  std::optional<int> borrow(const Statics* statics, int cid) {
    if (const auto at = sent_.find(statics); at != sent_.end()) return at->second;
    sent_.emplace(statics, cid);
    if (anew_) return std::nullopt;
    index_old();
    const auto at = old_statics_.find(statics);
    return at == old_statics_.end() ? std::nullopt : std::optional(-at->second);
  }

  const Part* old_part(int cid) {
    index_old();
    const auto at = old_cids_.find(cid);
    return at == old_cids_.end() ? nullptr : at->second;
  }

  void index_old() {
    if (indexed_) return;
    indexed_ = true;
    for (const Part& part : input_.from->parts) {
      old_cids_.emplace(part.cid, &part);
      old_statics_.emplace(part.component->content->statics, part.cid);
    }
  }

  const DiffInput& input_;
  const bool anew_;
  bool indexed_ = false;
  std::unordered_map<const Statics*, int> sent_, old_statics_;
  std::unordered_map<int, const Part*> old_cids_;
};

}  // namespace

void append_diff(std::string& out, const DiffInput& input) {
  const bool anew = input.from == nullptr || input.from->root->statics != input.to.root->statics;
  Shared shared;
  std::string page = "{";
  Writer writer(page, input.cids, &shared);
  if (anew) {
    writer.slots(input.to.root->slots);
    writer.statics(*input.to.root->statics);
  } else if (input.from->root != input.to.root) {
    writer.changed_slots(input.from->root->slots, input.to.root->slots);
  }
  writer.table();
  const bool page_changed = page.size() > 1;
  std::string fields = page.substr(1);
  Parts(input, anew).append(fields, page_changed);
  if (!out.empty() && !fields.empty()) out += ',';
  out += fields;
}

void append_html(std::string& out, const Node& node) {
  const auto pieces = [&out](const Statics& statics, std::span<const Node> slots) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      out += statics.pieces[i];
      append_html(out, slots[i]);
    }
    out += statics.pieces[slots.size()];
  };
  if (const auto* text = std::get_if<std::string>(&node.value)) {
    out += *text;
  } else if (const auto* shown = std::get_if<TemplatePtr>(&node.value)) {
    pieces(*(*shown)->statics, (*shown)->slots);
  } else if (const auto* list = std::get_if<ListPtr>(&node.value)) {
    for (const Entry& entry : (*list)->entries) append_html(out, entry.item);
  } else if (const auto* stream = std::get_if<StreamPtr>(&node.value)) {
    for (const StreamInsert& insert : (*stream)->inserts) append_html(out, insert.item);
  } else {
    append_html(out, Node{std::get<ComponentPtr>(node.value)->content});
  }
}

std::string to_html(const Node& node) {
  std::string out;
  append_html(out, node);
  return out;
}

}  // namespace aybiza::liveview
