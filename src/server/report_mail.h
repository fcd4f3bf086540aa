// The mail that a report is: subject, headline figures as text and as HTML, the picture of its page, and the file.
//
// Shape    the figures are answers of the same questions that pages and /api/v1/query ask, over the page's range and filters.
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
#include "live/overview.h"
#include "mail/mime.h"
#include "picture/page_picture.h"

namespace aybiza {

struct Headline {
  std::string title, figure;  // "Calls", "1 204"
};

struct ReportMailParts {
  const dashboard::Report& report;
  const dashboard::PictureOf& of;
  const dashboard::Preferences& liked;
  std::string from, brand;
  std::string link;  // to the page, for who may sign in; empty: nobody knows under which name this server is reached
  Instant now{};
};

// Whose figures: the report's customer (all: "*"), its page's range and filters.
ViewScope scope_of(const dashboard::Report& report, const dashboard::Filters& filters);
std::vector<Headline> headlines(const Ask& ask, const ViewScope& scope, const dashboard::Texts& texts, Instant now);
Mail report_mail(const ReportMailParts& parts, const std::vector<Headline>& figures, PagePictures pictures, std::string id);

}  // namespace aybiza
