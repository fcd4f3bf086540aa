// The privacy step for batches of points: names and tags of their series, before the spool.
//
// Shape    what a name or tags become is remembered by their bytes, because every batch brings the same series again.
// Cost     one hash a series of a batch; limits::metric_masks_cached are remembered, then all forgotten.
// Threads  none: owned by one receiver or request's preparer.
// Source   decisions.md 15.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "ingest/mask_batch.h"
#include "model/metric_point.h"

namespace aybiza {

class MetricMasker {
 public:
  explicit MetricMasker(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  void mask(MetricBatch& batch);
  MaskCounts take_counts();  // since the last call; a series counts when it is first met

 private:
  const std::string& label(std::string_view text);
  const std::string& tags(std::string_view text);

  const Tokenizer& tokenizer_;
  std::unordered_map<std::string, std::string> labels_, tags_;
  std::string buffer_;
  MaskCounts counts_;
};

}  // namespace aybiza
