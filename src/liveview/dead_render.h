// The first page over HTTP: the view rendered once without a connection, inside its layout.
//
// Shape    route, mount, handle_params, render; a view that navigates meanwhile becomes a redirect. The page carries what
//          the client needs to join: the root element's id, the signed session, the CSRF token.
// Errors   not_found: no route, the caller's 404; anything a view throws is Code::unavailable, the caller's 500.
// Threads  a function of its arguments; it runs views, so on any thread that may.
// Source   Phoenix LiveView's static render.
#pragma once

#include "liveview/router.h"
#include "liveview/token.h"

namespace aybiza::liveview {

struct PageRequest {
  std::string_view target;   // "/calls?page=2"
  const Visitor& visitor;    // REQUIRES: sid is set; the caller has made one and sends it as a cookie
  std::string_view page_id;  // unique on the page, unguessable or fixed per view: letters, digits, '-'
  Instant now;
  std::string_view flash_token = "";  // of the cookie __phoenix_flash__
};

struct PageResponse {
  int status = 200;
  std::string location;  // for 302
  std::string html;      // send with Cache-Control: no-store
};

Result<PageResponse> dead_render(const Router& router, const Signer& signer, const PageRequest& request);

}  // namespace aybiza::liveview
