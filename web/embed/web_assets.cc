#include "web_assets.h"

namespace aybiza::web {
namespace detail {
extern const Asset table[];
extern const unsigned long table_count;
}  // namespace detail

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// RFC 9110 12.5.3: a coding is refused by q=0 (or 0.0, 0.00, 0.000) and otherwise welcome; our own preference decides between two.
bool zero_quality(std::string_view parameters) {
  const auto at = parameters.find("q=");
  if (at == std::string_view::npos) return false;
  const auto value = trimmed(parameters.substr(at + 2));
  return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
}

bool accepts(std::string_view header, std::string_view coding) {
  bool any = false;
  while (!header.empty()) {
    const auto comma = header.find(',');
    const auto item = trimmed(header.substr(0, comma));
    header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
    const auto semicolon = item.find(';');
    const auto name = trimmed(item.substr(0, semicolon));
    const auto refused = semicolon != std::string_view::npos && zero_quality(item.substr(semicolon + 1));
    if (name == coding) return !refused;
    if (name == "*") any = !refused;
  }
  return any;
}

}  // namespace

std::span<const Asset> assets() { return {detail::table, detail::table_count}; }

const Asset* find(std::string_view path) {
  for (const auto& asset : assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

std::string_view path_of(std::string_view name) {
  for (const auto& asset : assets())
    if (asset.name == name) return asset.path;
  return {};
}

Choice choose(const Asset& asset, std::string_view accept_encoding) {
  if (asset.br.size() < asset.plain.size() && accepts(accept_encoding, "br")) return {asset.br, "br"};
  if (asset.gz.size() < asset.plain.size() && accepts(accept_encoding, "gzip")) return {asset.gz, "gzip"};
  return {asset.plain, ""};
}

}  // namespace aybiza::web
