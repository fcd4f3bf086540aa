// What stands around every page: document head, header with the filters, tabs, messages.
//
// Shape    layout() is the document, sent once over HTTP; frame() is the root of every view, so that header and tabs are
//          patched like the rest. Every control is a link or a form that works without scripts.
// Threads  pure.
// Source   interface.md "Frame"; the markup that web/css/app.css describes.
#pragma once

#include <string>
#include <memory>
#include <optional>
#include <vector>

#include "dashboard/address.h"
#include "dashboard/texts.h"
#include "liveview/html.h"
#include "liveview/router.h"

namespace aybiza::dashboard {

enum class Tab : unsigned char { overview, agents, conversations, calls, costs, learning, system, boards, sharing, none };
std::string_view title_of(Tab tab, const Texts& texts);

struct Choices {  // what the filters offer, most calls first
  std::vector<std::string> customers, regions;
};

struct FrameInput {
  std::string_view brand, path;
  Tab tab;
  const Filters& filters;
  const Texts& texts;
  std::shared_ptr<const Choices> choices;  // never null
  Instant now{};                           // of which a rewound page makes its moment
  bool paused = false, one_customer = false, arranges = false;  // arranges: the page's tiles can be moved, and it is kept
  std::string_view user;                   // who signed in; empty: nobody had to
  bool pictured = false;                   // for a picture: it says of what and of when it is
  std::string_view flash_info, flash_error;
};

liveview::Node layout(const liveview::LayoutInput& input);
// The frame's own parts, kept from one render to the next while what they show stays the same.
// Threads  None: belongs to its view.
struct FramePieces {
  std::optional<Filters> filters;  // of which they are made
  std::shared_ptr<const Choices> choices;
  std::string path;
  bool paused = false;
  liveview::Node logo, search, give, tabs, keys;
  std::optional<liveview::Node> when, live;  // none on a page whose content has no time
};
// A zone's name as people say it: "Europe/Berlin" is Berlin.
liveview::Node zone_options(std::string_view chosen);
// What a page is of, in words: range, customer, region, zone.
std::string scope_words(const Filters& filters, const Texts& texts);
// Around what a link or a picture shows: nothing that leads elsewhere.
liveview::Node shared_frame(const FrameInput& input, liveview::Node main);
liveview::Node frame(FramePieces& pieces, const FrameInput& input, liveview::Node main);

// A <select> option per value; `chosen` is added when it is not among them.
liveview::Node options(const std::vector<std::string>& values, std::string_view chosen);
// A document without a view: 403 and 404 answers.
std::string plain_page(const Texts& t, std::string_view title, std::string_view text, std::string_view code);
inline std::string plain_page(std::string_view title, std::string_view text, std::string_view code) { return plain_page(texts_of("en"), title, text, code); }

}  // namespace aybiza::dashboard
