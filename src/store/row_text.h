// Rows as text, one line each, for comparing two stores' answers in tests.
#pragma once

#include <string>
#include <vector>

#include "model/rows.h"

namespace aybiza {

// Every member of every row; equal texts mean equal rows in equal order.
std::vector<std::string> row_texts(const RowBatch& batch);

}  // namespace aybiza
