// What a shard knows of learning and changes: the newest rows, and of older ones what later figures still rest on.
//
// Shape    rows by (time, id), bounded; when they are too many the earliest go, and answers begin after them. Beside them
//          stay the last sizes of each knowledge graph (apart by its dimensions; the newest row, and the newest that told of
//          orphans and of unanswered questions) and the row that first told of each pattern. select() answers every row that
//          any figure of the range rests on, and perhaps more; query/learning.h makes figures of rows, whoever held them.
// Errors   covers() says no where a row that counts was let go.
// Cost     add() one or two ordered maps; select() O(rows up to the end of the range), which are shared, not copied.
// Threads  none: owned by one shard. The rows it shares are immutable.
// Source   events.md `learning.*`, `change`; decisions.md 20, 27; docs/learning.md.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/live_question.h"
#include "assemble/bytes.h"
#include "base/limits.h"
#include "model/event.h"
#include "model/rows.h"

namespace aybiza {

LearningRow learning_row(const Event& event);  // REQUIRES: a learning event
ChangeRow change_row(const Event& event);      // REQUIRES: a change

struct LearningQuestion {
  Instant from{}, to{};
  bool patterns = true, graphs = true, changes = true;  // false: discoveries, sizes, changes are not asked
};

struct LearningPartial {
  std::vector<std::shared_ptr<const LearningRow>> learning;  // in no order
  std::vector<std::shared_ptr<const ChangeRow>> changes;
  void merge(LearningPartial&& other);
};

struct LearningLimits {
  std::size_t rows = limits::learning_live_rows, changes = limits::change_live_rows, patterns = limits::learning_patterns,
              graphs = limits::learning_graphs;
};

class LearningTable {
 public:
  // `since`: what came before is not known here.
  explicit LearningTable(Instant since = Instant::min(), LearningLimits bounds = {});

  void add(LearningRow row);
  void add(ChangeRow row);

  Coverage covers(const LearningQuestion& question) const;
  LearningPartial select(const LearningQuestion& question) const;  // REQUIRES: covers() said yes

  std::size_t heap_bytes() const;
  void write(bytes::Writer& out) const;
  bool read(bytes::Reader& in);

 private:
  using Key = std::pair<Instant, Id>;
  using Row = std::shared_ptr<const LearningRow>;
  struct Graph { Row newest, with_orphans, with_questions; };
  void note_first(const Row& row);
  void let_go(const Row& row);
  void bound();

  LearningLimits bounds_;
  std::map<Key, Row> rows_;
  std::map<Key, std::shared_ptr<const ChangeRow>> changes_;
  std::map<std::string, Row> firsts_;   // by customer and pattern, of all there ever were
  std::map<std::string, Graph> graphs_; // by customer, graph and dimensions, of the rows let go
  std::size_t bytes_ = 0;               // of rows_ and changes_
  Instant rows_gone_, changes_gone_;    // times of rows let go are at or before these
  bool firsts_lost_ = false, graphs_lost_ = false;
};

}  // namespace aybiza
