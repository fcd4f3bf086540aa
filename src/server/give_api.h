// A page as a file: GET /give/page.png and /give/page.pdf.
//
// Shape    ?of=PATH%3FQUERY names the page as its address does, &theme=dark asks for a dark PNG. For whoever may see the page itself, and of what they see: the
//          browser that takes the picture gets a pass that is theirs (dashboard/page_pass.h) and is over when the picture is there.
// Errors   400 for what is no page, 404 for one that is not there or not theirs, 501 where there is no browser, 503 where it did not go in time or too many wait;
//          a readable page for a browser, JSON for programs. Whoever is not signed in is led to the sign-in.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: pages, passes and camera outlive it.
// Source   docs/reports.md.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "dashboard/dashboard.h"
#include "dashboard/picture_of.h"
#include "net/router.h"
#include "picture/camera.h"

namespace aybiza {

struct GiveParts {
  dashboard::Dashboard* pages = nullptr;
  dashboard::PagePasses* passes = nullptr;
  Camera* camera = nullptr;
  const Clock* clock = nullptr;
  std::function<std::string()> url;  // of this server, on this machine
  std::string brand;
};

class GiveApi {
 public:
  explicit GiveApi(GiveParts parts) : parts_(std::move(parts)) {}
  GiveApi(const GiveApi&) = delete;  // one per server

  Status add_routes(net::Router& router);

  struct Kinds {
    bool png = false, pdf = false, dark = false;
  };
  // For whoever the pass is of. `gone` may be null; answered once, on the camera's thread or this one.
  void take(const dashboard::PictureOf& of, Kinds kinds, dashboard::PagePass pass, Camera::Gone gone, Camera::Answer answer);

 private:
  void answer(net::RequestPtr request, net::Responder respond, bool pdf);

  const GiveParts parts_;
};

}  // namespace aybiza
