// What a data directory says of privacy: policies, the keys of callers, and the audit of who looked or erased.
//
// Shape    the audit is `<data>/privacy_audit`: one JSON object a line, only ever added to, on disk before what it tells of is
//          answered. `aybiza masking`, `forget` and the server write the same file.
// Errors   io; what its parts say.
// Threads  any.
// Source   decisions.md 15.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "auth/secret.h"
#include "ingest/mask_batch.h"

namespace aybiza {

class Privacy {
 public:
  static Result<std::unique_ptr<Privacy>> open(const std::filesystem::path& data_dir, const auth::Secret& secret);

  Masking masking() { return {.policies = policies_.get(), .keys = keys_.get()}; }
  MaskingPolicies& policies() { return *policies_; }
  CallerKeys& keys() { return *keys_; }

  struct AuditEntry {
    Instant time{};
    std::string who = {};     // the key's id and name; "command line"
    std::string action = {};  // unmask, forget, forgotten, masking
    std::string customer = {}, about = {};
    std::size_t count = 0;    // of texts read, of keys destroyed
  };
  Status note(const AuditEntry& entry) const;

 private:
  Privacy() = default;
  std::filesystem::path audit_file_;
  std::unique_ptr<MaskingPolicies> policies_;
  std::unique_ptr<CallerKeys> keys_;
};

}  // namespace aybiza
