// The pages' three questions, answered by the pipeline.
//
// Threads  called on the live thread; see dashboard/source.h.
#pragma once

#include "dashboard/source.h"
#include "privacy/tokenizer.h"
#include "server/pipeline.h"

namespace aybiza {

class PageSource final : public dashboard::Source {
 public:
  PageSource(Pipeline& pipeline, const Tokenizer& tokenizer) : pipeline_(pipeline), tokenizer_(tokenizer) {}
  Answered<Answer> ask(const Question& question) override { return pipeline_.glance(question); }
  Result<dashboard::CallsPage> calls(const dashboard::CallsFilter& filter, const std::string& cursor, std::size_t limit) override;
  Result<std::optional<dashboard::CallDetail>> call(std::string_view id, const std::vector<std::string>& customers) override;

 private:
  Pipeline& pipeline_;
  const Tokenizer& tokenizer_;
};

}  // namespace aybiza
