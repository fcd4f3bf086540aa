// `DIR/prices.tsv`: the price list of a data directory, read by the server and changed by `aybiza price`, also beside it.
//
// Shape    a table of auth/watched_file.h: the text as it is, comments and all, and the book it makes with the shipped list.
//          The functions answer the file's new text and leave every other line as it stands.
// Errors   invalid: the line, the field, the reason and the remedy; the file stays as it was.
// Threads  values; immutable once shared.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "assemble/price_book.h"
#include "auth/watched_file.h"

namespace aybiza {

struct PriceFile {
  std::string text;  // empty: no file
  PriceBook book;

  static Result<std::shared_ptr<const PriceFile>> read(const std::filesystem::path& file);
};
using WatchedPrices = auth::WatchedFile<PriceFile>;
std::filesystem::path price_file(const std::filesystem::path& data);

// In place of the lines with the same key, or at the end.
Result<std::string> with_rates(std::string_view text, std::span<const PriceRate> rates);
// Without the lines of this kind, provider, model and customer; of every moment, or of one. not_found: there is none.
Result<std::string> without_rates(std::string_view text, const PriceRate& like, bool every_moment);

}  // namespace aybiza
