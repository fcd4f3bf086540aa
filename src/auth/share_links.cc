#include "auth/share_links.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/limits.h"

namespace aybiza::auth {
namespace {

constexpr std::string_view pages[] = {"/", "/agents", "/conversations", "/costs", "/learning", "/boards"};
constexpr std::size_t members = 12;

std::string print_file(const std::vector<ShareLink>& links) {
  std::string out = "# id\tsha256\tcustomer\tpage\tboard\tquery\torigins\tcreated\texpires\trevoked\tby\tname\n";
  for (const ShareLink& link : links) out += to_line(link) + "\n";
  return out;
}

Status check_new(const ShareLink& link, Instant now) {
  if (link.customer.empty() || !line_text(link.customer, limits::id_bytes)) return fail(Code::invalid, "a customer is 1 to {} bytes without control characters, or * for all of them", limits::id_bytes);
  if (std::ranges::find(pages, link.page) == std::end(pages)) return fail(Code::invalid, "'{}' cannot be shared; known are {}", link.page, fmt::join(pages, ", "));
  if ((link.page == "/boards") == link.board.empty() || !line_text(link.board, limits::id_bytes)) return fail(Code::invalid, "a board is named by its id, and only with /boards");
  if (!line_text(link.query, share_text_bytes)) return fail(Code::invalid, "a query is at most {} bytes without control characters, such as range=24h", share_text_bytes);
  if (!good_origins(link.origins)) return fail(Code::invalid, "'{}' are not origins; write https://host or https://host:port, separated by spaces", link.origins);
  if (!line_text(link.name, limits::id_bytes) || !line_text(link.by, limits::id_bytes)) return fail(Code::invalid, "a name is at most {} bytes without control characters", limits::id_bytes);
  if (link.expires <= now || link.expires > now + share_life_most) return fail(Code::invalid, "a link lasts at most {} days, and ends in the future", share_life_most.count() / 24);
  return {};
}

}  // namespace

bool good_origins(std::string_view origins) {
  if (origins.size() > share_text_bytes) return false;
  while (!origins.empty()) {
    const std::size_t end = std::min(origins.find(' '), origins.size());
    std::string_view one = origins.substr(0, end);
    origins.remove_prefix(std::min(end + 1, origins.size()));
    const std::size_t scheme = one.starts_with("https://") ? 8 : one.starts_with("http://") ? 7 : 0;
    one.remove_prefix(scheme);
    const bool host = !one.empty() && std::ranges::all_of(one, [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':'; });
    if (scheme == 0 || !host) return false;
  }
  return true;
}

std::string to_line(const ShareLink& link) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", link.id, digest_text(link.digest), link.customer, link.page, link.board, link.query, link.origins,
                     format_rfc3339(link.created), format_rfc3339(link.expires), link.revoked ? format_rfc3339(*link.revoked) : std::string(), link.by, link.name);
}

std::optional<ShareLink> parse_share_line(std::string_view line) {
  const auto parts = split_line(line);
  if (parts.size() != members) return std::nullopt;
  const auto digest = parse_digest(parts[1]);
  const auto created = parse_rfc3339(parts[7]), expires = parse_rfc3339(parts[8]), revoked = parse_rfc3339(parts[9]);
  const bool known = std::ranges::find(pages, parts[3]) != std::end(pages);
  if (parts[0].empty() || !digest || parts[2].empty() || !known || !good_origins(parts[6]) || !created || !expires || (!parts[9].empty() && !revoked)) return std::nullopt;
  return ShareLink{std::string(parts[0]), *digest, std::string(parts[2]), std::string(parts[3]), std::string(parts[4]), std::string(parts[5]), std::string(parts[6]),
                   *created, *expires, revoked, std::string(parts[10]), std::string(parts[11])};
}

// What was in the file at one moment. Immutable once shared.
struct ShareLinks::Table {
  std::vector<ShareLink> links;

  static Result<std::shared_ptr<const Table>> read(const std::filesystem::path& file) {
    auto table = std::make_shared<Table>();
    auto bytes = read_file(file);
    if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
    AYBIZA_TRY(each_line(file, bytes ? *bytes : std::string(), "share link", [&](std::string_view line) {
      auto link = parse_share_line(line);
      if (link) table->links.push_back(std::move(*link));
      return bool(link);
    }));
    return table;
  }
};

ShareLinks::ShareLinks(const std::filesystem::path& data_dir) : file_(data_dir / "share_links") {}
ShareLinks::~ShareLinks() = default;

Result<std::unique_ptr<ShareLinks>> ShareLinks::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<ShareLinks> links(new ShareLinks(data_dir));
  AYBIZA_TRY(links->file_.reload());
  return links;
}

Result<ShareLinks::Created> ShareLinks::create(ShareLink wanted, Instant now) {
  AYBIZA_TRY(check_new(wanted, now));
  Created out{random_base62(43), std::move(wanted)};
  out.link.id = random_base62(12), out.link.digest = digest_of(out.token), out.link.created = now, out.link.revoked.reset();
  AYBIZA_TRY(file_.rewrite([&](const Table& table) -> Result<std::string> {
    std::vector<ShareLink> links = table.links;
    std::erase_if(links, [&](const ShareLink& old) { return !old.usable(now) && now - old.expires > share_life_most; });
    const auto usable = std::ranges::count_if(links, [&](const ShareLink& link) { return link.usable(now); });
    if (std::size_t(usable) >= share_links_most) return fail(Code::too_large, "there are {} links already: revoke some first", usable);
    links.push_back(out.link);
    return print_file(links);
  }));
  return out;
}

Status ShareLinks::revoke(std::string_view id, Instant now) {
  return file_.rewrite([&](const Table& table) -> Result<std::string> {
    std::vector<ShareLink> links = table.links;
    const auto at = std::ranges::find(links, id, &ShareLink::id);
    if (at == links.end()) return fail(Code::not_found, "there is no link {}", id);
    if (!at->revoked) at->revoked = now;
    return print_file(links);
  });
}

std::vector<ShareLink> ShareLinks::list(Instant now) { return file_.look(now)->links; }

std::optional<ShareLink> ShareLinks::find(std::string_view token, Instant now) {
  if (token.empty() || token.size() > limits::id_bytes) return std::nullopt;
  const KeyDigest digest = digest_of(token);
  for (const ShareLink& link : file_.look(now)->links)
    if (sodium_memcmp(link.digest.data(), digest.data(), digest.size()) == 0) return link.usable(now) ? std::optional(link) : std::nullopt;
  return std::nullopt;
}

bool ShareLinks::holds(std::string_view id, Instant now) {
  const auto table = file_.look(now);
  const auto at = std::ranges::find(table->links, id, &ShareLink::id);
  return at != table->links.end() && at->usable(now);
}

}  // namespace aybiza::auth
