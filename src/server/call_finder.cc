#include "server/call_finder.h"

#include <algorithm>

#include "query/kept_range.h"

namespace aybiza {

CallFinder::Found CallFinder::find(std::string_view name, const std::vector<std::string>& customers) const {
  const std::string id = parts_.tokenizer->mask_label(name);
  auto found = load(id, customers);
  if (!found || *found || !parts_.webhooks) return found;
  const auto joined = parts_.webhooks->find_call(id, customers);
  return joined ? load(to_string(*joined), customers) : std::move(found);
}

CallFinder::Found CallFinder::load(std::string_view id, const std::vector<std::string>& customers) const {
  Store& store = parts_.pipeline->store();
  const auto visible = [&](const CallRow& call) {
    return customers.empty() || std::find(customers.begin(), customers.end(), call.dims[Field::customer_id]) != customers.end();
  };
  const std::string_view customer = customers.size() == 1 ? std::string_view(customers[0]) : std::string_view{};
  auto found = store.find_call(id, customer);
  if (!found) return std::unexpected(found.error());
  // Of an old call everything, or its turns, may be in the archive.
  const auto all = store_for(store, found->calls.empty() ? Instant::min() : found->calls[0].start);
  if (all.get() != &store) found = all->find_call(id, customer);
  if (!found) return std::unexpected(found.error());
  if (found->calls.empty() || !visible(found->calls[0])) return std::nullopt;
  dashboard::CallDetail detail{std::move(found->calls[0]), std::move(found->turns), std::move(found->usage), std::move(found->interventions)};
  std::sort(detail.turns.begin(), detail.turns.end(), [](const auto& a, const auto& b) { return a.turn_number < b.turn_number; });
  return detail;
}

}  // namespace aybiza
