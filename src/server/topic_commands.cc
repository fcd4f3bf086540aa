#include "server/topic_commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <thread>

#include "codec/json_node.h"
#include "net/http_client.h"

namespace aybiza {
namespace {

using namespace std::chrono_literals;

int complain(const Error& error) {
  fmt::print(stderr, "aybiza topics: {}\n", error.message);
  return error.code == Code::invalid ? 2 : 1;
}

class TopicServer {
 public:
  static Result<TopicServer> at(const std::string& url, const std::string& key) {
    auto address = net::parse_http_url(url);
    if (!address) return fail(Code::invalid, "'{}' is not a server: give --url http://HOST:PORT", url);
    if (!key.empty()) address->headers.push_back({"Authorization", "Bearer " + key});
    return TopicServer(std::make_unique<net::HttpClient>(*address));
  }
  Result<std::string> ask(net::Method method, const std::string& target) {
    auto answer = client_->request({.method = method, .target = target, .body = {}, .content_type = {}, .headers = {}});
    if (!answer) return std::unexpected(answer.error());
    if (answer->status >= 300) return fail(Code::unavailable, "{}", answer->body);
    return std::move(answer->body);
  }

 private:
  explicit TopicServer(std::unique_ptr<net::HttpClient> client) : client_(std::move(client)) {}
  std::unique_ptr<net::HttpClient> client_;
};

struct TopicState {
  std::string version, doing, indexed, error;
  double trainings = 0, looks = 0, renewed = 0, texts = 0, terms = 0;
};

Result<TopicState> state_of(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(body.data(), body.size()).get(element) != simdjson::SUCCESS || !element.is_object()) return fail(Code::corrupt, "{}", body);
  const JsonNode root(element);
  TopicState out{.version = std::string(root["version"].text()), .doing = std::string(root["doing"].text()), .indexed = std::string(root["indexed"].text()),
                 .error = std::string(root["error"].text()), .trainings = root["trainings"].number().value_or(0), .looks = root["looks"].number().value_or(0),
                 .renewed = root["turns_renewed"].number().value_or(0)};
  bool first = true;
  root["versions"].items([&](const JsonNode& one) {
    if (std::exchange(first, false)) out.texts = one["texts"].number().value_or(0), out.terms = one["terms"].number().value_or(0);
  });
  return out;
}

void print(const TopicState& state) {
  if (state.version.empty()) fmt::print("no topic model yet: aybiza topics train\n");
  else fmt::print("version {}: learnt from {} texts, knows {} words and pairs\n", state.version, state.texts, state.terms);
  if (state.doing != "nothing") fmt::print("doing: {}; {} turns have got their vector\n", state.doing, state.renewed);
  else if (!state.version.empty()) fmt::print("{} older turns have got their vector\n", state.renewed);
  if (!state.indexed.empty()) fmt::print("{}\n", state.indexed);
  if (!state.error.empty()) fmt::print("failed: {}\n", state.error);
}

}  // namespace

void TopicCommands::add_to(CLI::App& app) {
  auto* topics = app.add_subcommand("topics", "what turns are about, for searching them (docs/search.md); asks the server");
  topics->require_subcommand(1);
  const auto add_server = [&](CLI::App* verb) {
    verb->add_option("--url", url_, "server")->envname("AYBIZA_URL")->capture_default_str();
    verb->add_option("--key", key_, "key of the platform, of scope read; train and index need admin")->envname("AYBIZA_KEY");
  };
  status_ = topics->add_subcommand("status", "the model in force, and what is being done");
  add_server(status_);
  status_->add_flag("--json", json_, "the server's answer as it is");
  train_ = topics->add_subcommand("train", "learn topics from the stored turns, and give every turn its vector anew; beside everything else, stops and goes on");
  add_server(train_);
  train_->add_flag("--no-wait", no_wait_, "do not wait until the model is in force and all turns have its vectors");
  index_ = topics->add_subcommand("index", "build indexes of nearest neighbours (PostgreSQL with pgvector); rows may wait in the log meanwhile");
  add_server(index_);
  index_->add_flag("--drop", drop_, "drop them instead");
  index_->add_flag("--no-wait", no_wait_, "do not wait until they are built");
}

std::optional<int> TopicCommands::run() const {
  if (!status_) return std::nullopt;
  if (*status_) return status();
  if (*train_) return work("/api/v1/topics/train");
  if (*index_) return work(fmt::format("/api/v1/topics/index{}", drop_ ? "?drop=true" : ""));
  return std::nullopt;
}

int TopicCommands::status() const {
  auto server = TopicServer::at(url_, key_);
  if (!server) return complain(server.error());
  const auto body = server->ask(net::Method::get, "/api/v1/topics");
  if (!body) return complain(body.error());
  if (json_) return fmt::print("{}\n", *body), 0;
  const auto state = state_of(*body);
  if (!state) return complain(state.error());
  print(*state);
  return 0;
}

int TopicCommands::work(const std::string& target) const {
  auto server = TopicServer::at(url_, key_);
  if (!server) return complain(server.error());
  if (const auto begun = server->ask(net::Method::post, target); !begun) return complain(begun.error());
  if (no_wait_) return fmt::print("begun; aybiza topics status tells how far it is\n"), 0;
  for (std::string last;;) {
    const auto body = server->ask(net::Method::get, "/api/v1/topics");
    const auto state = body ? state_of(*body) : Result<TopicState>(std::unexpected(body.error()));
    if (!state) return complain(state.error());
    if (state->doing == "nothing") return print(*state), state->error.empty() ? 0 : 1;
    if (state->doing != last) fmt::print("{} …\n", last = state->doing);
    std::this_thread::sleep_for(200ms);
  }
}

}  // namespace aybiza
