#include "liveview/diff.h"

#include "liveview/tree_writer.h"

namespace aybiza::liveview {
namespace {

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
    if (!TreeWriter(out, input_.cids, nullptr).changed_slots(from.slots, to.slots)) return {};
    return out += '}';
  }

  std::string whole(const Part& to, bool shared) {
    const Template& content = *to.component->content;
    std::string out = "{";
    TreeWriter writer(out, input_.cids, nullptr);
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
  TreeWriter writer(page, input.cids, &shared);
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

}  // namespace aybiza::liveview
