// The tree part of a message: whole nodes and the differences of two, in the client's wire format.
//
// Shape    appends to a string; a difference that turns out empty is taken back by the caller that wrote the key.
// Threads  None: lives for one message.
// Source   Phoenix LiveView 1.2 wire format; its client's rendered.js.
#pragma once

#include <unordered_map>

#include "liveview/diff.h"

namespace aybiza::liveview {

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

// The statics of list entries can be shared only below a list inside a component, below anything in the page itself.
class TreeWriter {
 public:
  TreeWriter(std::string& out, const CidTable& cids, Shared* shared) : out_(out), cids_(cids), shared_(shared) {}

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

}  // namespace aybiza::liveview
