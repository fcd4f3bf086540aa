// Whom the audit of one data directory says was forgotten, forgotten in a restored one too.
//
// Errors   io, corrupt with the number of a line that is none.
// Threads  one; nobody uses the restored directory yet.
// Source   docs/backup.md "Who was forgotten".
#pragma once

#include <filesystem>
#include <string>

#include "base/status.h"

namespace aybiza {

// `since`: RFC 3339, when the backup was made.
Status forget_again(const std::filesystem::path& restored, const std::filesystem::path& audit, const std::string& since);

}  // namespace aybiza
