// What the spool's tests share: requests in a line, a spool without threads, and what a reader sees.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "spool/sim_fs.h"
#include "spool/spool.h"

namespace aybiza::spool::testing {

inline constexpr const char* kDirectory = "d";

inline Instant noon() { return from_micros(1'700'000'000'000'000); }

inline AppendRequest request(std::vector<std::pair<std::uint64_t, std::string>> events, std::string customer = "acme") {
  AppendRequest made;
  made.customer = std::move(customer);
  made.source = 3;
  made.received = noon();
  for (auto& [id, bytes] : events) {
    made.items.push_back({id == 0 ? Id{} : Id{7, id}, std::uint32_t(bytes.size())});
    made.bytes += bytes;
  }
  return made;
}

inline Options options(Fs& fs, const Clock* clock = nullptr) {
  Options made;
  made.directory = kDirectory;
  made.fs = &fs;
  made.clock = clock;
  made.segment_bytes = 16 * 1024;
  made.snapshot_every_bytes = 8 * 1024;
  made.dedup_event_bytes = 1 << 20;
  made.threads = false;
  made.notice = [](std::string_view) {};
  return made;
}

inline std::unique_ptr<Spool> open(Options with) {
  auto spool = Spool::open(std::move(with));
  EXPECT_TRUE(spool) << (spool ? "" : spool.error().message);
  return spool ? std::move(*spool) : nullptr;
}
inline std::unique_ptr<Spool> open(Fs& fs) { return open(options(fs)); }

// One request, one commit.
inline AppendResult append(Spool& spool, AppendRequest what) {
  AppendResult result;
  bool answered = false;
  what.done = [&](const AppendResult& r) { result = r, answered = true; };
  const Admission admission = spool.append(std::move(what));
  EXPECT_EQ(admission, Admission::taken) << reason(admission);
  while (spool.pump()) continue;
  EXPECT_EQ(answered, admission == Admission::taken);
  return result;
}

struct Seen {
  std::vector<std::string> events;       // "offset:bytes"
  std::vector<std::string> bytes;
  std::uint64_t lost = 0;
};

inline Seen read_all(Reader& reader) {
  Seen seen;
  while (true) {
    auto record = reader.next();
    EXPECT_TRUE(record) << (record ? "" : record.error().message);
    if (!record || !*record) break;
    for (std::size_t i = 0; i < (*record)->count(); ++i) {
      const Event event = (*record)->event(i);
      seen.events.push_back(std::to_string(event.offset.value) + ":" + std::string(event.bytes));
      seen.bytes.emplace_back(event.bytes);
    }
  }
  seen.lost = reader.lost_events();
  return seen;
}

inline Seen read_all(Spool& spool, Offset from = {}) {
  auto reader = spool.read_from(from);
  EXPECT_TRUE(reader) << (reader ? "" : reader.error().message);
  return reader ? read_all(**reader) : Seen();
}

inline Seen read_directory_all(Fs& fs, Offset from = {}) {
  auto reader = read_directory(fs, kDirectory, from);
  EXPECT_TRUE(reader) << (reader ? "" : reader.error().message);
  return reader ? read_all(**reader) : Seen();
}

// Events first to last, a request each; their bytes.
inline std::vector<std::string> write_some(Spool& spool, std::uint64_t first, std::uint64_t last) {
  std::vector<std::string> bytes;
  for (std::uint64_t i = first; i <= last; ++i) {
    bytes.push_back("event " + std::to_string(i));
    EXPECT_EQ(append(spool, request({{i, bytes.back()}})).accepted, 1u);
  }
  return bytes;
}

inline bool is_prefix(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace aybiza::spool::testing
