#include "server/share_commands.h"

#include <fmt/format.h>

#include "auth/share_links.h"
#include "base/clock.h"
#include "dashboard/address.h"

namespace aybiza {
namespace {

int complain(const Error& error) {
  fmt::print(stderr, "aybiza share: {}\n", error.message);
  return 1;
}

Result<std::unique_ptr<auth::ShareLinks>> open_links(const ShareOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.data, error);
  if (error) return fail(Code::io, "cannot make {}: {}", options.data.string(), error.message());
  return auth::ShareLinks::open(options.data);
}

std::string shown(const auth::ShareLink& link) {
  return link.page + (link.board.empty() ? "" : " " + link.board) + (link.query.empty() ? "" : "?" + link.query);
}

int run_share_create(const ShareOptions& options) {
  if (dashboard::range_label(options.range) == options.range) return complain({Code::invalid, fmt::format("'{}' is not a range: give 5m, 15m, 1h, 24h, 7d or 30d", options.range)});
  auto links = open_links(options);
  if (!links) return complain(links.error());
  const Instant now = SystemClock().now();
  auth::ShareLink wanted;
  wanted.page = options.board.empty() ? options.page : "/boards", wanted.board = options.board;
  wanted.customer = options.customer, wanted.origins = options.embed, wanted.name = options.name, wanted.by = "command line";
  if (options.range != dashboard::Filters().range) wanted.query = "range=" + options.range;
  wanted.expires = now + Duration(std::int64_t(options.days * 86'400e6));
  const auto made = (*links)->create(std::move(wanted), now);
  if (!made) return complain(made.error());
  // The path alone goes to stdout, so that a script can keep it; it is shown once.
  fmt::print(stderr, "link {} shows {} of {} until {}; it is shown once, behind the server's address:\n", made->link.id, shown(made->link),
             made->link.customer == "*" ? "all customers" : made->link.customer, format_rfc3339(made->link.expires));
  fmt::print("/shared/{}\n", made->token);
  return 0;
}

int run_share_list(const ShareOptions& options) {
  auto links = open_links(options);
  if (!links) return complain(links.error());
  const Instant now = SystemClock().now();
  for (const auth::ShareLink& link : (*links)->list(now))
    fmt::print("{}  {:<20} {}  {}  {}{}\n", link.id, link.customer, format_rfc3339(link.expires), shown(link), link.name, link.revoked ? "  revoked" : link.usable(now) ? "" : "  over");
  return 0;
}

int run_share_revoke(const ShareOptions& options) {
  auto links = open_links(options);
  if (!links) return complain(links.error());
  if (auto done = (*links)->revoke(options.id, SystemClock().now()); !done) return complain(done.error());
  fmt::print("link {} is revoked; a running server notices within a second and closes what it had opened\n", options.id);
  return 0;
}

}  // namespace

void ShareCommands::add_to(CLI::App& app) {
  auto* share = app.add_subcommand("share", "links that show one page, read-only, without signing in (docs/boards.md); also beside a running server");
  share->require_subcommand(1);
  const auto command = [&](const char* name, const char* what) {
    auto* made = share->add_subcommand(name, what);
    made->add_option("--data", options_.data, "the server's directory")->envname("AYBIZA_DATA")->capture_default_str();
    return made;
  };
  create_ = command("create", "make a link; prints its path, once");
  create_->add_option("--page", options_.page, "/, /agents, /conversations, /costs or /learning")->capture_default_str();
  create_->add_option("--board", options_.board, "a board's id instead: the name of its file in DIR/boards");
  create_->add_option("--customer", options_.customer, "whose figures it shows; * is everybody's")->capture_default_str();
  create_->add_option("--range", options_.range, "5m, 15m, 1h, 24h, 7d or 30d")->capture_default_str();
  create_->add_option("--days", options_.days, "how long it lasts")->check(CLI::PositiveNumber)->capture_default_str();
  create_->add_option("--embed", options_.embed, "origins whose pages may show it in a frame, separated by spaces: https://intranet.example");
  create_->add_option("--name", options_.name, "for your lists");
  list_ = command("list", "all links, without their tokens");
  revoke_ = command("revoke", "end a link, and what it has open");
  revoke_->add_option("id", options_.id, "as in the list")->required();
}

std::optional<int> ShareCommands::run() const {
  if (*create_) return run_share_create(options_);
  if (*list_) return run_share_list(options_);
  if (*revoke_) return run_share_revoke(options_);
  return std::nullopt;
}

}  // namespace aybiza
