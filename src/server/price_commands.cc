#include "server/price_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "auth/file.h"
#include "base/limits.h"
#include "net/http_client.h"
#include "server/price_file.h"
#include "server/price_import.h"

namespace aybiza {
namespace {

int complain(const Error& error) {
  fmt::print(stderr, "aybiza price: {}\n", error.message);
  return 1;
}

constexpr std::string_view then = "a running server prices what arrives from now on by it within a second; `aybiza price rerate` prices what is there\n";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// Prints what the server answers.
int ask(const std::string& url, const std::string& key, net::Method method, const std::string& path,
        std::initializer_list<std::pair<std::string_view, std::string_view>> parameters, const std::string& body = {}) {
  auto server = net::parse_http_url(url);
  if (!server) {
    fmt::print(stderr, "aybiza price: '{}' is not a server: give --url http://HOST:PORT\n", url);
    return 2;
  }
  if (!key.empty()) server->headers.push_back({"Authorization", "Bearer " + key});
  server->answer_timeout = Duration(limits::rerate_patience) + Duration(std::chrono::seconds(15));
  std::string target = path;
  for (const auto& [name, value] : parameters)
    if (!value.empty()) target += fmt::format("{}{}={}", target.find('?') == std::string::npos ? '?' : '&', name, escaped(value));
  net::HttpClient client(*server);
  const auto answer = client.request({.method = method, .target = target, .body = body, .content_type = body.empty() ? "" : "text/plain", .headers = {}});
  if (!answer) return complain(answer.error());
  fmt::print(answer->status < 300 ? stdout : stderr, "{}\n", answer->body);
  return answer->status < 300 ? 0 : 1;
}

}  // namespace

void PriceCommands::add_file(CLI::App* verb) {
  verb->add_option("--data", data_, "directory of everything the server keeps")->envname("AYBIZA_DATA")->capture_default_str();
}

void PriceCommands::add_line(CLI::App* verb) {
  add_file(verb);
  verb->add_option("--kind", kind_, "input, cache_read, cache_write, output, reasoning, audio_input, audio_output, stt, tts or telephony")->required();
  verb->add_option("--provider", provider_, "who is paid, as calls name it; * is any")->capture_default_str();
  verb->add_option("--model", model_, "as usage names it; * is any, - is usage that names none")->capture_default_str();
  verb->add_option("--customer", customer_, "whose price; - is everybody's")->capture_default_str();
}

void PriceCommands::add_server(CLI::App* verb) {
  verb->add_option("--url", url_, "server")->envname("AYBIZA_URL")->capture_default_str();
  verb->add_option("--key", key_, "key of scope read; rerate needs admin")->envname("AYBIZA_KEY");
  verb->add_option("--customer", only_, "of one customer only");
  verb->add_option("--from", from_, "usage from here on: 2026-01-31 or 2026-01-31T12:00:00Z");
  verb->add_option("--to", to_, "usage before");
}

void PriceCommands::add_to(CLI::App& app) {
  auto* price = app.add_subcommand("price", "prices of tokens, speech and telephony");
  price->require_subcommand(1);
  list_ = price->add_subcommand("list", "all rates: those of the directory and those the program ships");
  add_file(list_);
  list_->add_flag("--file", file_only_, "those of the directory only");
  list_->add_option("--model", only_, "of one model");
  set_ = price->add_subcommand("set", "add a rate, or put it in place of the one with the same key and --from");
  add_line(set_);
  set_->add_option("--usd", usd_, "plain decimal; - ends an earlier price")->required();
  set_->add_option("--per", per_, "1M, 1K or 1 tokens or characters; second, minute or hour; default 1M or minute");
  set_->add_option("--from", since_, "from when on it rules; default since ever");
  set_->add_option("--source", source_, "where it is from, for your lists");
  remove_ = price->add_subcommand("remove", "take rates out of the directory's list");
  add_line(remove_);
  remove_->add_option("--from", since_, "only the one of this moment; default all");
  check_ = price->add_subcommand("check", "say whether a list can be read; without a file the directory's");
  add_file(check_);
  check_->add_option("file", input_, "a list");
  import_ = price->add_subcommand("import", "take all rates of a list into the directory's, all or none");
  add_file(import_);
  import_->add_option("file", input_, "a list")->required();
  import_->add_option("--format", format_, "tsv, or litellm: model_prices_and_context_window.json")->capture_default_str();
  import_->add_option("--from", since_, "litellm: from when on they rule; default since ever");
  unpriced_ = price->add_subcommand("unpriced", "what was used and has no price; asks the server");
  add_server(unpriced_);
  rerate_ = price->add_subcommand("rerate", "price what is there anew by the book in force; asks the server");
  add_server(rerate_);
  what_if_ = price->add_subcommand("what-if", "what usage would have cost by another list, which is stored nowhere; asks the server");
  add_server(what_if_);
  what_if_->add_option("file", input_, "lines as in a price list; they rule before those in force")->required();
  rerate_->add_flag("--dry-run", dry_run_, "tell what would change, and change nothing");
}

std::optional<int> PriceCommands::run() const {
  if (!list_) return std::nullopt;
  if (*list_) return list();
  if (*set_) return set();
  if (*remove_) return remove();
  if (*check_) return check();
  if (*import_) return import();
  if (*unpriced_) return unpriced();
  if (*rerate_) return rerate();
  if (*what_if_) return other_prices();
  return std::nullopt;
}

int PriceCommands::list() const {
  const auto file = PriceFile::read(price_file(data_));
  if (!file) return complain(file.error());
  fmt::print("origin\tkind\tprovider\tmodel\tusd\tper\tfrom\tcustomer\tsource\n");
  for (const PriceRate& rate : (*file)->book.rates()) {
    if ((file_only_ && rate.origin == PriceOrigin::shipped) || (!only_.empty() && lower_case(only_) != rate.model)) continue;
    fmt::print("{}\t{}\n", rate.origin == PriceOrigin::shipped ? "built in" : rate.customer.empty() ? "file" : "customer", to_line(rate));
  }
  return 0;
}

// The line that the options spell, read as one of a file would be.
Result<PriceRate> PriceCommands::rate(bool with_price) const {
  const bool timed = kind_ == "stt" || kind_ == "telephony";
  const std::string per = per_.empty() ? (timed ? "minute" : "1M") : per_;
  for (const std::string* text : {&kind_, &provider_, &model_, &customer_, &source_, &since_, &usd_, &per})
    if (text->find_first_of("\t\r\n") != std::string::npos) return fail(Code::invalid, "a tab or a line's end stands in an option: write plain text");
  return parse_rate(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}", kind_, provider_, model_, with_price ? usd_ : "-", per,
                                since_.empty() ? "-" : since_, customer_, source_));
}

int PriceCommands::set() const {
  const auto line = rate(true);
  if (!line) return complain(line.error()), 2;
  const auto done = WatchedPrices(price_file(data_)).rewrite([&](const PriceFile& file) { return with_rates(file.text, std::span(&*line, 1)); });
  if (!done) return complain(done.error());
  fmt::print("{}\n", to_line(*line));
  fmt::print(stderr, "{}", then);
  return 0;
}

int PriceCommands::remove() const {
  const auto line = rate(false);
  if (!line) return complain(line.error()), 2;
  const auto done = WatchedPrices(price_file(data_)).rewrite([&](const PriceFile& file) { return without_rates(file.text, *line, since_.empty()); });
  if (!done) return complain(done.error());
  fmt::print(stderr, "removed; {}", then);
  return 0;
}

int PriceCommands::check() const {
  const std::filesystem::path path = input_.empty() ? price_file(data_) : input_;
  if (!std::filesystem::exists(path)) {
    if (!input_.empty()) return complain(Error{Code::not_found, fmt::format("there is no file {}", path.string())});
    fmt::print("there is no {}: the shipped list alone is in force\n", path.string());
    return 0;
  }
  const auto file = PriceFile::read(path);
  if (!file) return complain(file.error());
  const auto rates = (*file)->book.rates();
  fmt::print("{} is good: {} rates of its own, {} shipped\n", path.string(), std::ranges::count(rates, PriceOrigin::file, &PriceRate::origin),
             std::ranges::count(rates, PriceOrigin::shipped, &PriceRate::origin));
  return 0;
}

int PriceCommands::import() const {
  if (format_ != "tsv" && format_ != "litellm") return complain(Error{Code::invalid, fmt::format("'{}' is not a format: give tsv or litellm", format_)}), 2;
  const auto text = auth::read_file(input_);
  if (!text) return complain(text.error());
  std::vector<PriceRate> rates;
  std::size_t left_out = 0;
  if (format_ == "tsv") {
    auto parsed = parse_prices(*text, PriceOrigin::file);
    if (!parsed) return complain(parsed.error());
    rates = std::move(parsed->rates);
    left_out = parsed->rules.size();
  } else {
    auto read = read_litellm(*text, since_);
    if (!read) return complain(read.error());
    rates = std::move(read->rates);
    left_out = read->left_out;
  }
  const auto done = WatchedPrices(price_file(data_)).rewrite([&](const PriceFile& file) { return with_rates(file.text, rates); });
  if (!done) return complain(done.error());
  fmt::print("{} rates taken, {} {} left out\n", rates.size(), left_out, format_ == "tsv" ? "rules for names" : "prices of other kinds");
  fmt::print(stderr, "{}", then);
  return 0;
}

int PriceCommands::unpriced() const {
  return ask(url_, key_, net::Method::get, "/api/v1/prices/unpriced", {{"customer_id", only_}, {"from", from_}, {"to", to_}});
}

int PriceCommands::other_prices() const {
  const auto text = auth::read_file(input_);
  if (!text) return complain(text.error());
  return ask(url_, key_, net::Method::post, "/api/v1/prices/what-if", {{"customer_id", only_}, {"from", from_}, {"to", to_}}, *text);
}

int PriceCommands::rerate() const {
  return ask(url_, key_, net::Method::post, "/api/v1/prices/rerate",
             {{"customer_id", only_}, {"from", from_}, {"to", to_}, {"dry_run", dry_run_ ? "true" : ""}});
}

}  // namespace aybiza
