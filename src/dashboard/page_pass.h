// Short-lived rights to look at pages as somebody does: for the browser that takes a page's picture, and nobody else.
//
// Shape    a pass carries its asker's customers and preferences and no right to change anything. Its token is 43 base62 digits of 32 random bytes in a
//          cookie, good from this machine only; here its SHA-256 is kept, in memory, until the picture is taken or the time is over.
// Errors   find: null for what is no pass, or none any more. A pass whose asker loses their rights is over too.
// Threads  any.
// Source   docs/reports.md "Whose figures".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "auth/api_key.h"
#include "dashboard/preferences.h"

namespace aybiza::dashboard {

inline constexpr std::string_view pass_cookie = "aybiza_picture";
inline constexpr std::size_t passes_most = 64;

struct PagePass {
  std::vector<std::string> customers;  // whom they may see; empty: all
  std::string person;                  // whose own boards they may see
  Preferences preferences;
  std::function<bool()> still;         // null: their rights do not end
};
using PassPtr = std::shared_ptr<const PagePass>;

class PagePasses {
 public:
  PagePasses() = default;
  PagePasses(const PagePasses&) = delete;  // one per server
  PagePasses& operator=(const PagePasses&) = delete;

  std::string grant(PagePass pass, Instant now, Instant until);  // its token; empty: there are too many
  void end(std::string_view token);
  PassPtr find(std::string_view token, Instant now) const;

 private:
  struct Granted {
    PassPtr pass;
    Instant until;
  };
  mutable std::mutex mutex_;  // guards granted_
  std::map<auth::KeyDigest, Granted> granted_;
};

}  // namespace aybiza::dashboard
