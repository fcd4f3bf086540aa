// What becomes of the words of each customer's calls: masked, dropped, or masked with the original kept encrypted.
//
// Shape    one file, `<data>/masking`, one customer a line: customer, policy, classes, when it was set. `aybiza masking` changes
//          it beside a running server, which notices within a second (auth/watched_file.h). Who has no line is masked, all
//          classes. The line of "*" is for events of platform keys that do not name their customer; without one the strictest
//          policy of all lines is theirs, because any of those customers may be meant.
// Errors   io, corrupt with the line's number; invalid for what is no policy. A reader that meets either keeps what it had.
// Cost     a look-up is one hash of the customer's name, nothing where no line is.
// Threads  any; a lock is held to copy a pointer, never during i/o.
// Source   decisions.md 13, 15.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/watched_file.h"
#include "base/status.h"
#include "base/units.h"
#include "privacy/mask.h"

namespace aybiza {

enum class MaskingPolicy : std::uint8_t { mask, keep_encrypted, drop_content };  // the later, the less is kept in the clear
std::string_view to_string(MaskingPolicy value);  // "mask", "keep_encrypted", "drop_content"
std::optional<MaskingPolicy> parse_masking_policy(std::string_view text);

std::string classes_text(PiiClasses classes);  // "all", "none" or "phone,email"
std::optional<PiiClasses> parse_classes(std::string_view text);

struct MaskingRule {
  MaskingPolicy policy = MaskingPolicy::mask;
  PiiClasses classes = all_pii_classes;  // those that are hidden in texts
  friend bool operator==(const MaskingRule&, const MaskingRule&) = default;
};

// The lines of the file at one moment. Immutable once shared.
class MaskingTable {
 public:
  struct Entry {
    std::string customer;  // "*": platform events that name no customer
    MaskingRule rule;
    Instant set{};
  };
  static Result<std::shared_ptr<const MaskingTable>> read(const std::filesystem::path& file);

  bool empty() const { return by_customer_.empty(); }
  const MaskingRule& rule_of(std::string_view customer) const;  // empty: not known yet
  bool any(MaskingPolicy policy) const;
  std::vector<Entry> entries() const;

 private:
  std::map<std::string, Entry, std::less<>> by_customer_;
  MaskingRule of_unknown_;
};

class MaskingPolicies {
 public:
  static Result<std::unique_ptr<MaskingPolicies>> open(const std::filesystem::path& data_dir);
  std::shared_ptr<const MaskingTable> look(Instant now) { return file_.look(now); }

  Status set(MaskingTable::Entry entry);
  Status remove(std::string_view customer);

 private:
  explicit MaskingPolicies(const std::filesystem::path& data_dir) : file_(data_dir / "masking") {}
  auth::WatchedFile<MaskingTable> file_;
};

}  // namespace aybiza
