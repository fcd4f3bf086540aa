// A page of ours as a PNG, a PDF, or both: opened in a browser of its own, drawn, and taken.
//
// Shape    the browser is started, gets one cookie for this server's address, opens the page at 1 440 CSS pixels, as high as the page is, and waits
//          for a state: connected, nothing busy, no chart that has not been drawn. Then the PNG; then, in print style, the PDF (A4, landscape, with
//          the heading on each page and pages counted). Nothing is scripted on the page but looking.
// Errors   not_found: no browser, or the page answers 404; unavailable: too slow, called off, or the browser ended; too_large: a picture beyond
//          limits::picture_bytes; corrupt: what the browser said is not the protocol.
// Cost     a browser: 1 to 3 s, most of it waiting.
// Threads  any; each call has a browser of its own. For one at a time see picture/camera.h.
// Source   DevTools protocol: Target, Network, Emulation, Page, Runtime.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace aybiza {

struct PictureWish {
  std::string url;                        // "http://127.0.0.1:8080/costs?range=24h"
  std::string cookie_name, cookie_value;  // by which the page knows for whom it is
  bool png = false, pdf = false;
  bool dark = false;                      // of the PNG
  std::string heading, moment;            // of the PDF's pages: left above, left below
};

struct PagePictures {
  std::string png, pdf;  // empty: not asked for
};

// `called_off` is asked at least ten times a second; null: nobody calls it off.
Result<PagePictures> take_pictures(const std::filesystem::path& browser, const PictureWish& wish, const Clock& clock, std::function<bool()> called_off);

// What a page says of itself, as text: "<HTTP status> <what it waits for, or ready> <height>".
struct PageSaid {
  int status = 0;
  std::string waits;  // empty: it is drawn
  int height = 0;     // CSS pixels
};
Result<PageSaid> parse_page_said(std::string_view text);

}  // namespace aybiza
