// Which generic metrics and whose calls are sampled, and how much of them is kept: nothing, unless a rule says so.
//
// Shape    one file, `<data>/sampling`, one rule a line; writers take a lock and replace the file, so that `aybiza sampling`
//          beside a running server works; a server looks at it at most once a second. A rule names a metric (`x.*`: all that
//          begin so), a tag (`key=value`), or calls, of one customer or of all (`*`). Of several that match, the smallest share
//          counts. Of calls one in a whole number is kept, and money has to be named with them: it is left out with them.
// Errors   io, corrupt with the line's number; a reader that meets one keeps the rules it had.
// Cost     keep() two hash look-ups and one comparison for each rule that ends in `*` or names a tag.
// Threads  any; a lock is held to copy a pointer, never during i/o.
// Source   docs/sampling.md.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/watched_file.h"
#include "base/status.h"
#include "base/units.h"
#include "model/metric_point.h"

namespace aybiza {

struct SamplingRule {
  enum class What : unsigned char { metric, tag, calls };
  std::string id;             // of what it names: setting it again replaces it
  std::string customer = "*";
  What what = What::metric;
  std::string pattern;        // name, name*, or key=value; of calls what else is left out with them: money
  double keep = 1;            // share that is kept, [limits::sampling_keep_min, 1)
  Instant created{};
};
std::string_view to_string(SamplingRule::What what);
inline constexpr std::string_view money_too = "money";

// Of the calls of whom one in how many is kept. `*` is everybody; the customer is that of the sender's key.
using CallShares = std::vector<std::pair<std::string, int>>;
CallShares call_shares(const std::vector<SamplingRule>& rules);
int one_in(const CallShares& shares, std::string_view customer);  // 1: all

// What was in the file at one moment.
class SamplingTable {
 public:
  static Result<std::shared_ptr<const SamplingTable>> read(const std::filesystem::path& file);
  bool empty() const { return rules_.empty(); }
  const std::vector<SamplingRule>& rules() const { return rules_; }
  const CallShares& calls() const { return calls_; }
  // The share of a series that is kept. `tags` as in MetricSeries.
  double keep(std::string_view customer, std::string_view name, std::string_view tags) const;

 private:
  std::vector<SamplingRule> rules_;
  CallShares calls_;
};

class SamplingRules {
 public:
  // A directory without the file samples nothing.
  static Result<std::unique_ptr<SamplingRules>> open(const std::filesystem::path& data_dir);
  Result<SamplingRule> set(SamplingRule wanted, Instant now);
  Status remove(std::string_view id);
  std::vector<SamplingRule> list() const { return file_.table()->rules(); }
  std::shared_ptr<const SamplingTable> look(Instant now) { return file_.look(now); }

 private:
  explicit SamplingRules(const std::filesystem::path& data_dir) : file_(data_dir / "sampling") {}
  auth::WatchedFile<SamplingTable> file_;
};

}  // namespace aybiza
