// The files of an archive: their names, how they come to be on disk for good, and which rows of one a row stands in for.
//
// Shape    <folder>/<table>/day=2026-11-21/0900-1.parquet, written as ….tmp, synced and renamed.
// Threads  functions; the store's writer.
// Source   docs/retention.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace aybiza {

// By what a row of the table stands in for an archived one; empty: rows are never replaced, and have an order of writing (rowid).
std::vector<std::string_view> archive_keys(Table table);
std::string archive_order(Table table);
// "old.call_id = x.call_id AND …"
std::string same_archive_key(Table table, std::string_view old, std::string_view other);

// The slice to write for [from, to): whole ones only, so what overlaps is written anew with what came late for it.
ArchivedSlice grown_slice(Table table, Instant from, Instant to, const std::vector<ArchivedSlice>& there);

// Chooses slice.file, makes its folder, and answers the path to write to.
Result<std::string> begin_archive_file(const std::string& folder, ArchivedSlice& slice);
// What was written there is on disk, under its name.
Status finish_archive_file(const std::string& folder, const ArchivedSlice& slice);
// Files that nothing lists are of transactions that did not commit.
void remove_unlisted_files(const std::string& folder, const std::vector<std::string>& known);

}  // namespace aybiza
