// The mail that a report is: subject, headline figures as text and as HTML, the picture of its page, and the file.
//
// Shape    the figures are those of the page's own tiles, asked and named as the page does (Costs, Conversations, Learning); of other
//          pages what the calls of the range were like. Over the page's range and filters, on an agent's page that agent's.
// Errors   a question that fails is a dash; invalid for what cannot be a mail.
// Threads  pure but for `ask`, which may take as long as a question.
// Source   docs/reports.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dashboard/picture_of.h"
#include "dashboard/report.h"
#include "dashboard/texts.h"
#include "live/change_marks.h"
#include "live/overview.h"
#include "mail/mime.h"
#include "picture/page_picture.h"

namespace aybiza {

struct Headline {
  std::string title, figure;  // "Calls", "1 204"
  friend bool operator==(const Headline&, const Headline&) = default;
};

struct ReportMailParts {
  const dashboard::Report& report;
  const dashboard::PictureOf& of;
  const dashboard::Preferences& liked;
  std::string from, brand;
  std::string link;  // to the page, for who may sign in; empty: nobody knows under which name this server is reached
  Instant now{};
};

// How the figures are asked for.
struct HeadlineAsks {
  Ask ask;
  AskRows rows;
};

// Whose figures: the report's customer (all: "*"), its page's range and filters.
ViewScope scope_of(const dashboard::Report& report, const dashboard::Filters& filters);
// page: its address, "/costs?range=24h".
std::vector<Headline> headlines(const HeadlineAsks& asks, std::string_view page, const ViewScope& scope, const dashboard::Texts& texts, Instant now);
Mail report_mail(const ReportMailParts& parts, const std::vector<Headline>& figures, PagePictures pictures, std::string id);

}  // namespace aybiza
