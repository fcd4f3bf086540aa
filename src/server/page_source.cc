#include "server/page_source.h"

#include "base/limits.h"
#include "server/call_list.h"

namespace aybiza {

Result<dashboard::CallsPage> PageSource::calls(const dashboard::CallsFilter& filter, const std::string& cursor, std::size_t limit) {
  return list_calls(pipeline_.store(), filter, cursor, limit, pipeline_.clock().elapsed() + Duration(limits::query_timeout));
}

Result<std::optional<dashboard::CallDetail>> PageSource::call(std::string_view id, const std::vector<std::string>& customers) {
  return load_call(pipeline_.store(), tokenizer_.mask_label(id), customers);
}

}  // namespace aybiza
