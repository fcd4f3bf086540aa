// The two pages in front of all others: signing in, and making the first user. Plain forms that work without scripts.
//
// Threads  pure.
// Source   interface.md "Frame"; the markup that web/css/app.css describes.
#pragma once

#include <string>
#include <string_view>

#include "dashboard/texts.h"

namespace aybiza::dashboard {

struct DoorInput {
  std::string_view brand, csrf;
  std::string_view name;   // typed before
  std::string_view error;  // why it did not work; empty: the first try
  const Texts& texts;
};
std::string sign_in_page(const DoorInput& input, std::string_view next);  // next: the page that was asked for
std::string set_up_page(const DoorInput& input, std::string_view token);

}  // namespace aybiza::dashboard
