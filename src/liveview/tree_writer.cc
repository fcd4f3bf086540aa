#include "liveview/tree_writer.h"

#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

void append_number(std::string& out, std::size_t number) { fmt::format_to(std::back_inserter(out), "{}", number); }

}  // namespace

void TreeWriter::key(std::size_t index) {
  comma();
  out_ += '"';
  append_number(out_, index);
  out_ += "\":";
}

void TreeWriter::statics(const Statics& statics) {
  comma();
  out_ += "\"s\":";
  if (shared_ != nullptr) {
    append_number(out_, shared_->number(statics));
  } else {
    out_ += statics.json;
  }
}

void TreeWriter::table() {
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
void TreeWriter::with_table(Body body) {
  if (shared_ != nullptr) return body();
  Shared own;
  shared_ = &own;
  body();
  table();
  shared_ = nullptr;
}

void TreeWriter::slots(std::span<const Node> nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    key(i);
    node(nodes[i]);
  }
}

void TreeWriter::node(const Node& node) {
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

void TreeWriter::whole(const Template& shown) {
  out_ += '{';
  slots(shown.slots);
  statics(*shown.statics);
  if (shown.skippable()) out_ += ",\"r\":1";
  out_ += '}';
}

void TreeWriter::whole(const List& list) {
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

void TreeWriter::stream_entries(const Stream& stream) {
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
void TreeWriter::stream_operations(const Stream& stream) {
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

void TreeWriter::whole(const Stream& stream) {
  out_ += '{';
  statics(*stream.statics);
  out_ += ',';
  with_table([&] {
    stream_entries(stream);
    stream_operations(stream);
  });
  out_ += '}';
}

bool TreeWriter::changed_slots(std::span<const Node> from, std::span<const Node> to) {
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
bool TreeWriter::change(const Node& from, const Node& to) {
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
bool TreeWriter::entry_change(const List& from, std::size_t old_index, const List& to, std::size_t index, bool& moved) {
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

bool TreeWriter::change(const List& from, const List& to) {
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

}  // namespace aybiza::liveview
