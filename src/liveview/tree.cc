#include "liveview/tree.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "liveview/text.h"

namespace aybiza::liveview {
namespace {

constexpr std::array<std::string_view, 2> wrapper_pieces{"", ""};

template <typename Items>
const Statics* common_statics(const Items& items) {
  const Statics* common = nullptr;
  for (const auto& each_item : items) {
    const TemplatePtr* shown = each_item.item.as_template();
    if (shown == nullptr || (common != nullptr && common != (*shown)->statics)) return nullptr;
    common = (*shown)->statics;
  }
  return common;
}

template <typename Items>
Holds holds_of(const Items& items) {
  Holds holds;
  for (const auto& each_item : items) holds.add(each_item.item);
  return holds;
}

ComponentPtr make_component(Component part) {
  if (part.content == nullptr || !part.content->statics->single_root) {
    throw TreeError(fmt::format("component {}{}: content must be a template of one root element", part.key, part.cid));
  }
  part.holds = {true, part.cid == 0 || part.content->holds.private_components};
  return std::make_shared<const Component>(std::move(part));
}

}  // namespace

const Statics wrapper_statics{wrapper_pieces, R"(["",""])", false};

Node Node::text(std::string_view unescaped) {
  std::string out;
  out.reserve(unescaped.size());
  append_html_escaped(out, unescaped);
  return Node{std::move(out)};
}

void Holds::add(const Node& node) {
  const auto merge = [this](const Holds& other) {
    components |= other.components;
    private_components |= other.private_components;
  };
  std::visit(
      [&](const auto& held) {
        if constexpr (!std::same_as<std::decay_t<decltype(held)>, std::string>) merge(held->holds);
      },
      node.value);
}

TemplatePtr make_template(const Statics& statics, std::vector<Node> slots) {
  auto made = std::make_shared<Template>(Template{&statics, std::move(slots), {}});
  for (const Node& slot : made->slots) made->holds.add(slot);
  return made;
}

Node make_list(std::vector<Entry> entries, bool nested) {
  if (entries.empty()) return Node{};
  std::unordered_set<std::string_view> keys;
  keys.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (!keys.insert(entry.key).second) throw TreeError(fmt::format("two list entries have the key '{}'", entry.key));
  }
  const Statics* common = nested ? nullptr : common_statics(entries);
  const Holds holds = holds_of(entries);
  List list{common ? common : &wrapper_statics, common != nullptr, std::move(entries), holds};
  return Node{std::make_shared<const List>(std::move(list))};
}

Node make_stream(Stream stream) {
  // The statics of a stream's entries must not change from one message to the next, so they are always wrapped.
  stream.statics = &wrapper_statics;
  stream.flat = false;
  stream.holds = holds_of(stream.inserts);
  if (stream.holds.components) throw TreeError("a stream entry cannot hold components");
  return Node{std::make_shared<const Stream>(std::move(stream))};
}

std::span<const Node> entry_slots(const Node& item, bool flat) {
  return flat ? std::span<const Node>((*item.as_template())->slots) : std::span<const Node>(&item, 1);
}

Node component(std::string key, const Node& content) {
  const TemplatePtr* shown = content.as_template();
  return Node{make_component({std::move(key), 0, shown ? *shown : nullptr, {}})};
}

Node shared_component(int cid, const TemplatePtr& content) {
  if (cid < 1 || cid >= first_private_cid) throw TreeError(fmt::format("fixed component number {} out of range", cid));
  return Node{make_component({"", cid, content, {}})};
}

}  // namespace aybiza::liveview
