#include "server/price_file.h"

#include <algorithm>
#include <tuple>

#include "auth/file.h"

namespace aybiza {
namespace {

constexpr std::string_view header =
    "# Prices of this directory; they rule before those the program ships. docs/money.md tells how.\n"
    "#kind\tprovider\tmodel\tusd\tper\tfrom\tcustomer\tsource\n";

// Calls visit(line with its end, the rate or null) for each line.
template <typename Visit>
void each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    std::string_view bare = line;
    while (bare.ends_with('\n') || bare.ends_with('\r')) bare.remove_suffix(1);
    const auto rate = bare.empty() || bare.starts_with('#') ? Result<PriceRate>(fail(Code::invalid, "no rate")) : parse_rate(bare);
    visit(line, rate ? &*rate : nullptr);
  }
}

Result<std::string> checked(std::string text) {
  const auto parsed = parse_prices(text, PriceOrigin::file);
  if (!parsed) return std::unexpected(parsed.error());
  return text;
}

}  // namespace

std::filesystem::path price_file(const std::filesystem::path& data) { return data / "prices.tsv"; }

Result<std::shared_ptr<const PriceFile>> PriceFile::read(const std::filesystem::path& file) {
  auto text = auth::read_file(file);
  if (!text && text.error().code != Code::not_found) return std::unexpected(text.error());
  auto made = std::make_shared<PriceFile>();
  if (text) made->text = std::move(*text);
  auto book = PriceBook::of(PriceBook::built_in().shipped(), made->text);
  if (!book) return fail(book.error().code, "{}: {}", file.string(), book.error().message);
  made->book = std::move(*book);
  return made;
}

Result<std::string> with_rates(std::string_view text, std::span<const PriceRate> rates) {
  std::string out;
  if (text.empty()) text = header;
  std::vector<bool> placed(rates.size());
  each_line(text, [&](std::string_view line, const PriceRate* old) {
    for (std::size_t i = rates.size(); old && i-- > 0;) {
      if (rates[i].key() != old->key()) continue;
      if (!placed[i]) out += to_line(rates[i]) + '\n';
      placed[i] = true;
      return;
    }
    out += line;
  });
  if (!out.empty() && out.back() != '\n') out += '\n';
  for (std::size_t i = 0; i < rates.size(); ++i)
    if (!placed[i]) out += to_line(rates[i]) + '\n';
  return checked(std::move(out));
}

Result<std::string> without_rates(std::string_view text, const PriceRate& like, bool every_moment) {
  std::string out;
  bool found = false;
  each_line(text, [&](std::string_view line, const PriceRate* old) {
    const auto what = [](const PriceRate& rate) { return std::tie(rate.kind, rate.provider, rate.model, rate.customer); };
    const bool same = old && what(*old) == what(like) && (every_moment || old->from == like.from);
    found |= same;
    if (!same) out += line;
  });
  if (!found)
    return fail(Code::not_found, "there is no such line in the file: `aybiza price list --file` shows what is; a shipped rate is not removed but replaced with `aybiza price set`");
  return checked(std::move(out));
}

}  // namespace aybiza
