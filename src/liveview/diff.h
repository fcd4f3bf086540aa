// From two trees to the bytes the client merges: the whole tree, or only what changed since the tree it holds.
//
// Shape    a Page is a tree whose components have numbers. Diff is stateless but for the CidTable of one connection;
//          equal pointers are skipped unseen. Output is the inside of a JSON object, without braces: the channel adds
//          title, events and reply to it.
// Errors   TreeError for a page that names one component twice.
// Cost     a diff costs the changed part plus one comparison per unchanged subtree; shared components are diffed once
//          per pair of versions for all connections of a thread (DiffCache).
// Threads  None: a CidTable belongs to a channel, a DiffCache to a thread.
// Source   Phoenix LiveView 1.2 wire format as its client's rendered.js merges it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>

#include "liveview/tree.h"

namespace aybiza::liveview {

struct Part {
  int cid = 0;
  std::ptrdiff_t parent = -1;  // index of the part around it, -1 for the page itself
  ComponentPtr component;
};

struct Page {
  TemplatePtr root;
  std::vector<Part> parts;  // outer before inner
  const Part* find(int cid) const;
};

// Numbers for component keys: a key keeps its number while it stays on the page, and no number is used twice.
class CidTable {
 public:
  Page number(const Node& root);  // a root that is not a template is wrapped into one
  int cid(const Component& component) const;
  bool known(int cid) const;
  std::string_view key(int cid) const;  // "" for fixed and unknown numbers

 private:
  void walk(const Node& node, std::ptrdiff_t parent, Page& page, std::unordered_map<std::string, int>& kept,
            std::map<int, std::string>& names);
  std::unordered_map<std::string, int> cids_;
  std::map<int, std::string> names_;
  int next_ = first_private_cid;
};

// The bytes of shared components, keyed by (old, new); both are held, so an address cannot come back as other content.
class DiffCache {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  const Bytes* find(const TemplatePtr& from, const TemplatePtr& to) const;
  void put(TemplatePtr from, TemplatePtr to, Bytes bytes);
  std::uint64_t hits() const { return hits_; }
  std::size_t size() const { return entries_.size(); }

 private:
  using Key = std::pair<const Template*, const Template*>;
  struct Held {
    TemplatePtr from, to;
    Bytes bytes;
  };
  std::map<Key, Held> entries_;
  std::deque<Key> ages_;
  mutable std::uint64_t hits_ = 0;
};

struct DiffInput {
  const Page* from = nullptr;  // what the client holds; nullptr: nothing, or it shall start anew
  const Page& to;
  const CidTable& cids;
  DiffCache* cache = nullptr;
};

// Appends `"0":...,"c":{...}`; nothing when nothing changed.
void append_diff(std::string& out, const DiffInput& input);

// The same tree as HTML, components in place: the first page over HTTP, and what the client must show after a merge.
void append_html(std::string& out, const Node& node);
std::string to_html(const Node& node);

}  // namespace aybiza::liveview
