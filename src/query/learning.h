// Figures of learning and changes, made of their rows, whoever held them: live state, the store or the oracle.
//
// Shape    a pattern is discovered where the first event that tells of it lies; it counts as active, successful, failed or
//          replicated in every bucket in which an event says so. A knowledge graph has, at a bucket's end, the size it told
//          last, per group of the question; sizes of several graphs are added up.
// Errors   none: rows of more than the range change no figure, and each counts once.
// Cost     O(rows log rows + buckets x groups).
// Threads  pure.
// Source   docs/learning.md; decisions.md 21, 27.
#pragma once

#include "aggregate/learning_table.h"
#include "query/answer.h"
#include "query/rows_scan.h"
#include "query/zone.h"
#include "store/store.h"

namespace aybiza {

bool asks_learning(const Question& question);      // any of its measures
bool asks_only_learning(const Question& question);
LearningQuestion learning_question(const Question& question);  // what rows it takes

// Ordered by time and id, each row once.
LearningPartial in_order(LearningPartial rows);
LearningPartial shared_rows(std::vector<LearningRow> learning, std::vector<ChangeRow> changes);
// The same rows from a store.
Answered<LearningPartial> learning_from_store(const LearningQuestion& question, Store& store);

// Fills the learning measures of `cells`. REQUIRES: rows as in_order() leaves them.
void add_learning(const Question& question, const Grid& grid, const Zone& zone, const LearningPartial& rows, Cells& cells);

}  // namespace aybiza
