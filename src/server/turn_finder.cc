#include "server/turn_finder.h"

#include "base/limits.h"
#include "privacy/mask.h"

namespace aybiza {

std::string TurnFinder::masked(std::string_view text) {
  std::string out;
  mask_text(text, out);
  return out;
}

std::optional<Refusal> TurnFinder::choose_model(SearchRequest& asked) const {
  if (asked.search.by != TurnSearch::By::topic) return std::nullopt;
  const auto model = parts_.topics->model(asked.version);
  if (!model && asked.version.empty()) return Refusal{"no_model", "like", "there is no topic model yet: train it with `aybiza topics train`"};
  if (!model) return Refusal{"unknown_version", "version", "no such topic model is kept: GET /api/v1/topics lists those that are"};
  asked.search.version = model->version();
  if (asked.like.empty()) return std::nullopt;
  TopicModel::Vector vector;
  if (!model->vector_of(masked(asked.like), vector)) return Refusal{"unknown_words", "like", "the topic model knows none of these words: search them with q="};
  asked.search.vector.assign(vector.begin(), vector.end());
  return std::nullopt;
}

std::optional<Refusal> TurnFinder::prepare(SearchRequest& asked) const {
  if (auto refusal = choose_model(asked)) return refusal;
  for (TurnFilter& filter : asked.search.where)  // what is personal was kept as its token
    if (filter.name != "call_id")
      for (std::string& value : filter.values) value = parts_.tokenizer->mask_label(value);
  return std::nullopt;
}

Result<TurnMatches> TurnFinder::find(const TurnSearch& search) const {
  return search_turns(parts_.pipeline->store(), search, parts_.pipeline->clock().elapsed() + Duration(limits::search_timeout));
}

}  // namespace aybiza
