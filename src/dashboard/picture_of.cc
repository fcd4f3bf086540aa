#include "dashboard/picture_of.h"

#include <algorithm>
#include <cctype>

#include "auth/watched_file.h"
#include "dashboard/frame.h"
#include "dashboard/show.h"
#include "dashboard/texts.h"
#include "liveview/form.h"
#include "net/http.h"

namespace aybiza::dashboard {
namespace {

constexpr std::size_t target_bytes = 2'000;

struct Place {
  std::string_view first, title;  // the first segment of its path; its name's text
  bool more;                      // another segment may follow: an agent, a call, a board
};
constexpr Place places[] = {{"", "tab.overview", false}, {"agents", "tab.agents", true},      {"conversations", "tab.conversations", false}, {"calls", "tab.calls", true},
                            {"costs", "tab.costs", false}, {"learning", "tab.learning", false}, {"system", "tab.system", false},               {"boards", "tab.boards", true}};

// A path of this server and nothing that could lead elsewhere.
bool plain_target(std::string_view target) {
  if (target.empty() || target.size() > target_bytes || target[0] != '/' || target.starts_with("//")) return false;
  return std::ranges::none_of(target, [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '\\'; });
}

std::string file_name(std::string_view path, Instant now) {  // path: decoded
  std::string out;
  for (const char c : path) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (good) out += char(std::tolower(static_cast<unsigned char>(c)));
    else if (!out.empty() && out.back() != '-') out += '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return (out.empty() ? "overview" : out.substr(0, 60)) + "-" + format_rfc3339(now).substr(0, 10);
}

}  // namespace

Result<PictureOf> picture_of(std::string_view target, const Preferences& liked, std::string_view brand, Instant now) {
  const std::string whole(target);
  const std::string path = whole.substr(0, whole.find('?')), query = whole.find('?') == whole.npos ? std::string() : whole.substr(whole.find('?') + 1);
  const auto decoded = net::percent_decode(path);
  if (!plain_target(target) || target.contains('#') || !decoded || !auth::line_text(*decoded, target_bytes)) return fail(Code::invalid, "'{}' is not a page of this server: write of=/costs?range=24h, percent-encoded", target.substr(0, 100));
  const std::size_t slash = path.find('/', 1);
  const auto place = std::ranges::find(places, std::string_view(path).substr(1, slash == path.npos ? slash : slash - 1), &Place::first);
  const bool more = slash != path.npos;
  const bool deeper = more && (slash + 1 == path.size() || path.find('/', slash + 1) != path.npos);
  if (place == std::end(places) || deeper || (more && !place->more) || (path == "/boards"))
    return fail(Code::invalid, "'{}' is not a page that can be taken; known are /, /agents, /agents/ID, /conversations, /calls, /calls/ID, /costs, /learning, /system and /boards/NAME", path.substr(0, 100));
  const Filters filters = filters_from(liveview::Form::decode(query), liked.range, liked.zone);
  const auto& texts = texts_of(liked.language);
  std::string title(texts(place->title));
  if (more) title += " · " + net::percent_decode(path.substr(slash + 1)).value_or("");
  const std::string moment = fmt::format("{} {}", show_moment(filters.moment(now), zone_or_utc(filters.zone), texts), filters.zone);
  return PictureOf{whole, fmt::format("{} · {} · {}", brand, title, scope_words(filters, texts)), moment, file_name(*decoded, now), title, filters};
}

}  // namespace aybiza::dashboard
