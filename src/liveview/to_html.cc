#include "liveview/diff.h"

namespace aybiza::liveview {

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
