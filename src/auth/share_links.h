// Links that show one page, read-only, to whoever has them: of one customer, until they expire or are revoked.
//
// Shape    the link's token is 43 base62 digits of 32 random bytes, shown once; only its SHA-256 is kept. One file, `<data>/share_links`, one
//          line a link, watched like the keys: `aybiza share revoke …` beside a running server works within a second. A line is tab
//          separated: id, sha256, customer, page, board, query, origins, created, expires, revoked, by, name.
// Errors   io, corrupt as KeyStore; create: invalid, too_large; revoke: not_found.
// Cost     find is one SHA-256 and a look-up over the links.
// Threads  any.
// Source   docs/boards.md.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/api_key.h"
#include "auth/watched_file.h"

namespace aybiza::auth {

struct ShareLink {
  std::string id;          // 12 base62 digits, for lists and revocation
  KeyDigest digest{};      // SHA-256 of the token
  std::string customer;    // whose figures; "*" is everybody's
  std::string page;        // "/costs"; "/boards" with a board's id
  std::string board;
  std::string query;       // what stands behind the page's address: "range=24h"
  std::string origins;     // whose pages may embed it, separated by spaces: "https://intranet.example"; empty: nobody's
  Instant created{}, expires{};
  std::optional<Instant> revoked;
  std::string by, name;    // who made it; for lists

  bool usable(Instant now) const { return !revoked && now < expires; }
};

std::string to_line(const ShareLink& link);
std::optional<ShareLink> parse_share_line(std::string_view line);
// "https://a.example http://localhost:3000": schemes, hosts and ports alone.
bool good_origins(std::string_view origins);

inline constexpr std::size_t share_links_most = 2'000;  // that are usable
inline constexpr std::size_t share_text_bytes = 300;    // of a query, and of origins
inline constexpr auto share_life_most = std::chrono::hours(24 * 366);

class ShareLinks {
 public:
  static Result<std::unique_ptr<ShareLinks>> open(const std::filesystem::path& data_dir);
  ~ShareLinks();
  ShareLinks(const ShareLinks&) = delete;  // share a reference
  ShareLinks& operator=(const ShareLinks&) = delete;

  struct Created {
    std::string token;
    ShareLink link;
  };
  Result<Created> create(ShareLink wanted, Instant now);  // id, digest and created are set here
  Status revoke(std::string_view id, Instant now);
  std::vector<ShareLink> list(Instant now);
  std::optional<ShareLink> find(std::string_view token, Instant now);  // only a usable one
  bool holds(std::string_view id, Instant now);

 private:
  struct Table;
  explicit ShareLinks(const std::filesystem::path& data_dir);

  WatchedFile<Table> file_;
};

}  // namespace aybiza::auth
