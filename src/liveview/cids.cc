#include <algorithm>

#include "base/limits.h"
#include "liveview/diff.h"

namespace aybiza::liveview {

const Part* Page::find(int cid) const {
  const auto at = std::ranges::find(parts, cid, &Part::cid);
  return at == parts.end() ? nullptr : &*at;
}

Page CidTable::number(const Node& root) {
  Page page;
  const TemplatePtr* shown = root.as_template();
  page.root = shown ? *shown : make_template(wrapper_statics, {root});
  std::unordered_map<std::string, int> kept;
  std::map<int, std::string> names;
  walk(Node{page.root}, -1, page, kept, names);
  cids_ = std::move(kept);  // a key that left the page loses its number for good
  names_ = std::move(names);
  return page;
}

void CidTable::walk(const Node& node, std::ptrdiff_t parent, Page& page, std::unordered_map<std::string, int>& kept,
                    std::map<int, std::string>& names) {
  if (const auto* shown = std::get_if<TemplatePtr>(&node.value)) {
    if (!(*shown)->holds.components) return;
    for (const Node& slot : (*shown)->slots) walk(slot, parent, page, kept, names);
  } else if (const auto* list = std::get_if<ListPtr>(&node.value)) {
    if (!(*list)->holds.components) return;
    for (const Entry& entry : (*list)->entries) walk(entry.item, parent, page, kept, names);
  } else if (const auto* held = std::get_if<ComponentPtr>(&node.value)) {
    const Component& component = **held;
    int cid = component.cid;
    if (cid == 0) {
      const auto old = cids_.find(component.key);
      cid = old != cids_.end() ? old->second : next_++;
    }
    const bool key_is_new = component.cid != 0 || kept.emplace(component.key, cid).second;
    if (!key_is_new || !names.emplace(cid, component.key).second) {
      throw TreeError(fmt::format("component '{}' (number {}) is twice on the page", component.key, cid));
    }
    page.parts.push_back({cid, parent, *held});
    walk(Node{component.content}, std::ssize(page.parts) - 1, page, kept, names);
  }
}

int CidTable::cid(const Component& component) const {
  return component.cid != 0 ? component.cid : cids_.at(component.key);
}

bool CidTable::known(int cid) const { return names_.contains(cid); }

std::string_view CidTable::key(int cid) const {
  const auto at = names_.find(cid);
  return at == names_.end() ? std::string_view() : std::string_view(at->second);
}

const DiffCache::Bytes* DiffCache::find(const TemplatePtr& from, const TemplatePtr& to) const {
  const auto at = entries_.find({from.get(), to.get()});
  if (at == entries_.end()) return nullptr;
  ++hits_;
  return &at->second.bytes;
}

void DiffCache::put(TemplatePtr from, TemplatePtr to, Bytes bytes) {
  const Key key{from.get(), to.get()};
  if (!entries_.emplace(key, Held{std::move(from), std::move(to), std::move(bytes)}).second) return;
  ages_.push_back(key);
  if (ages_.size() <= limits::liveview_diff_cache) return;
  entries_.erase(ages_.front());
  ages_.pop_front();
}

}  // namespace aybiza::liveview
