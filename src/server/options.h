// What a server is told at its start: flags, environment and file, already checked.
//
// Errors   parse_size answers nullopt for anything but a number with KiB, MiB, GiB or none.
// Threads  values; none.
// Source   architecture.md 5 (flags that scripts rely on), decisions.md 28, 33.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace aybiza {

// Shares of --memory-max, and what a part gets at least.
inline constexpr std::size_t request_memory_share = 4;
inline constexpr std::size_t store_memory_share = 8, store_memory_least = 128 * limits::MiB;
inline constexpr std::size_t dedup_memory_share = 16, dedup_memory_least = 32 * limits::MiB;
inline constexpr std::size_t unwritten_memory_share = 3, memory_per_unwritten_event = 2 * limits::KiB;  // its rows, and its call unpacked
inline constexpr std::size_t unwritten_events_least = 50'000;
inline constexpr std::size_t calls_retained_least = 10'000;  // else one for each limits::memory_per_call_retained

struct ServeOptions {
  std::filesystem::path data = "./aybiza-data";
  std::string listen = "127.0.0.1:8080";
  std::string otlp = "127.0.0.1:4318";  // a second listener, or off; the first takes OTLP too
  std::string otlp_grpc = "127.0.0.1:4317";
  bool otlp_chosen = false, otlp_grpc_chosen = false;  // then an address in use is an error
  std::string statsd = "off";           // HOST:PORT of UDP, or off
  std::string statsd_socket;            // path of a unix socket, or none
  std::string statsd_customer = "default";
  std::string statsd_gauges = "delta";  // what a sign means: delta or absolute
  std::vector<std::string> statsd_templates;
  std::string store = "duckdb";         // or postgres://USER@HOST/DATABASE
  std::string archive;                  // where retention puts Parquet files; empty: in the data directory
  std::size_t memory_max = 2 * limits::GiB;
  bool insecure_loopback = false;
  unsigned shards = 2;        // fixed at the directory's first start
  unsigned http_threads = 2;
  std::string brand = "AYBIZA Voice Agent Analytics";
  std::string chromium;  // the browser that takes pictures of pages; empty: the usual paths, "off": none
  std::string smtp_url, smtp_from, smtp_user, smtp_password_file, smtp_ca;  // of the server that takes reports; empty: none are sent
  std::string public_url;  // under which readers of reports reach this server
  std::string lexicon;  // a folder of word lists, or empty: the built-in ones
};

struct FleetOptions {
  std::size_t agents = 10'000;
  std::uint64_t seed = 7;
  double rate = 0, concurrency = 0;  // 0: from the number of agents
  std::string url = "http://127.0.0.1:8080", key;
  std::size_t connections = 2, batch_events = 500;
  double duration_seconds = 0;       // 0: until interrupted
  double backfill_minutes = 0;       // history sent first, as fast as the server takes it
};

struct ReplayCommand {
  std::filesystem::path file, map;  // map: which columns of a table are what
  std::string speed = "1", shift, salt;
  bool salt_given = false;
  std::string url = "http://127.0.0.1:8080", key;
  std::size_t connections = 2, batch_events = 500;
};

std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace aybiza
