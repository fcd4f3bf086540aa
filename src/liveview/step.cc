#include "liveview/step.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace aybiza::liveview {
namespace {

// Bytes around a value in a message, roughly: its key, quotes and comma; a list's braces and length; an entry that stands elsewhere than it did.
constexpr std::size_t around = 7, around_list = 24, moved = 8;

using Index = std::unordered_map<std::string_view, std::size_t>;
Index index_of(const List& list) {
  Index places;
  places.reserve(list.entries.size());
  for (std::size_t i = 0; i < list.entries.size(); ++i) places.emplace(list.entries[i].key, i);
  return places;
}

bool same_kind(const Template& from, const Template& to) { return from.statics == to.statics && from.skippable() == to.skippable(); }
bool same_kind(const List& from, const List& to) { return from.statics == to.statics && from.flat == to.flat; }
bool same_kind(const Component& from, const Component& to) { return from.cid == to.cid && from.key == to.key && same_kind(*from.content, *to.content); }

template <typename Kind>
std::pair<const Kind*, const Kind*> both(const Node& from, const Node& to) {
  const auto* a = std::get_if<std::shared_ptr<const Kind>>(&from.value);
  const auto* b = std::get_if<std::shared_ptr<const Kind>>(&to.value);
  if (!a || !b || !same_kind(**a, **b)) return {};
  return {a->get(), b->get()};
}

class Step {
 public:
  explicit Step(std::size_t bytes) : left_(bytes) {}

  Node towards(const Node& from, const Node& to) {
    const std::size_t cost = change(from, to);
    if (cost == 0 || take(cost)) return to;
    if (const auto [a, b] = both<Template>(from, to); b) return Node{towards(*a, *b)};
    if (const auto [a, b] = both<List>(from, to); b) return towards(*a, *b);
    if (const auto [a, b] = both<Component>(from, to); b) {
      const TemplatePtr content = towards(*a->content, *b->content);
      return b->cid != 0 ? shared_component(b->cid, content) : component(b->key, Node{content});
    }
    return take_alone() ? to : from;
  }

 private:
  bool take(std::size_t cost) {
    if (cost > left_) return false;
    left_ -= cost, taken_ = true;
    return true;
  }
  // What fits into no message is one of its own; and behind what did not fit nothing is taken, so that a page changes from its top down.
  bool take_alone() {
    left_ = 0;
    return !std::exchange(taken_, true);
  }

  TemplatePtr towards(const Template& from, const Template& to) {
    std::vector<Node> slots;
    slots.reserve(to.slots.size());
    for (std::size_t i = 0; i < to.slots.size(); ++i) slots.push_back(towards(from.slots[i], to.slots[i]));
    return make_template(*to.statics, std::move(slots));
  }

  Node towards(const List& from, const List& to) {
    const Index places = index_of(from);
    List out{to.statics, to.flat, {}, {}};
    std::unordered_set<std::string_view> here;
    const std::size_t shifts = reordered(from, to) ? moved * std::max(from.entries.size(), to.entries.size()) : 0;
    left_ -= std::min(shifts, left_ / 2);
    for (std::size_t i = 0; i < to.entries.size(); ++i) {
      const std::size_t cost = entry_change(from, places, to.entries[i], i, to.flat);
      if (cost > 0 && !take(cost) && !take_alone()) break;
      out.entries.push_back(to.entries[i]);
      here.insert(to.entries[i].key);
    }
    if (out.entries.size() == to.entries.size()) return Node{std::make_shared<const List>(to)};
    const std::size_t most = std::max(from.entries.size(), to.entries.size());
    for (const Entry& old : from.entries)
      if (out.entries.size() < most && !here.contains(old.key)) out.entries.push_back(old);
    for (const Entry& entry : out.entries) out.holds.add(entry.item);
    return Node{std::make_shared<const List>(std::move(out))};
  }

  static bool reordered(const List& from, const List& to) {
    return !std::ranges::equal(from.entries, to.entries, {}, &Entry::key, &Entry::key);
  }

  std::size_t entry_change(const List& from, const Index& places, const Entry& entry, std::size_t index, bool flat) {
    const auto old = places.find(entry.key);
    if (old == places.end()) return around + whole_slots(entry_slots(entry.item, flat));
    const std::size_t changed = change_slots(entry_slots(from.entries[old->second].item, flat), entry_slots(entry.item, flat));
    return (changed > 0 ? around + changed : 0) + (old->second != index ? moved : 0);
  }

  std::size_t change_slots(std::span<const Node> from, std::span<const Node> to) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < to.size(); ++i) sum += change(from[i], to[i]);
    return sum;
  }

  // What it takes to say; 0: nothing has changed.
  std::size_t change(const Node& from, const Node& to) {
    if (const auto* text = std::get_if<std::string>(&to.value)) {
      const auto* old = std::get_if<std::string>(&from.value);
      return old && *old == *text ? 0 : around + text->size();
    }
    if (from.value == to.value) return 0;
    std::size_t sum = 0;
    if (const auto [a, b] = both<Template>(from, to); b) {
      sum = change_slots(a->slots, b->slots);
    } else if (const auto [c, d] = both<Component>(from, to); d) {
      sum = change_slots(c->content->slots, d->content->slots);
    } else if (const auto [e, f] = both<List>(from, to); f) {
      const Index places = index_of(*e);
      for (std::size_t i = 0; i < f->entries.size(); ++i) sum += entry_change(*e, places, f->entries[i], i, f->flat);
      return sum > 0 || e->entries.size() != f->entries.size() ? around_list + sum : 0;
    } else {
      return around + whole(to);
    }
    return sum > 0 ? around + sum : 0;
  }

  std::size_t whole_slots(std::span<const Node> slots) {
    std::size_t sum = 0;
    for (const Node& slot : slots) sum += around + whole(slot);
    return sum;
  }
  std::size_t whole(const Node& node) {
    if (const auto* text = std::get_if<std::string>(&node.value)) return text->size();
    if (const auto* shown = std::get_if<TemplatePtr>(&node.value)) return once(*(*shown)->statics) + whole_slots((*shown)->slots);
    if (const auto* held = std::get_if<ComponentPtr>(&node.value)) return once(*(*held)->content->statics) + whole_slots((*held)->content->slots);
    std::size_t sum = around_list;
    if (const auto* list = std::get_if<ListPtr>(&node.value)) {
      sum += once(*(*list)->statics);
      for (const Entry& entry : (*list)->entries) sum += around + whole_slots(entry_slots(entry.item, (*list)->flat));
    } else {
      for (const StreamInsert& insert : std::get<StreamPtr>(node.value)->inserts) sum += around + insert.dom_id.size() + whole(insert.item);
    }
    return sum;
  }
  // The words of a template travel once, whatever they stand in.
  std::size_t once(const Statics& statics) { return around + (said_.insert(&statics).second ? statics.json.size() : 0); }

  std::size_t left_;
  bool taken_ = false;
  std::unordered_set<const Statics*> said_;
};

// Whether each component, and each stream, stands in one place.
class Standing {
 public:
  bool once(const Node& node) {
    if (const auto* shown = std::get_if<TemplatePtr>(&node.value)) return std::ranges::all_of((*shown)->slots, [this](const Node& slot) { return once(slot); });
    if (const auto* list = std::get_if<ListPtr>(&node.value)) return std::ranges::all_of((*list)->entries, [this](const Entry& entry) { return once(entry.item); });
    if (const auto* stream = std::get_if<StreamPtr>(&node.value)) return streams_.insert((*stream)->ref).second;
    const auto* held = std::get_if<ComponentPtr>(&node.value);
    if (!held) return true;
    const bool first = (*held)->cid != 0 ? cids_.insert((*held)->cid).second : keys_.insert((*held)->key).second;
    return first && once(Node{(*held)->content});
  }

 private:
  std::unordered_set<std::string_view> keys_, streams_;
  std::unordered_set<int> cids_;
};

}  // namespace

Node step_towards(const Node& from, const Node& to, std::size_t bytes) {
  Node between = Step(bytes).towards(from, to);
  return Standing().once(between) ? between : to;  // what moves up the page would be in both its places
}

}  // namespace aybiza::liveview
