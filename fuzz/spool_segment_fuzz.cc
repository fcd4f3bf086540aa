// A segment file of any bytes: opening, reading and verifying never crash, agree with each other, and the log goes on.
// The first byte chooses: 0 the bytes are the whole file; else records whose checksums are made right are put behind a good
// header, so that the fuzzer gets past the CRC; 2 additionally damages the dedup log.
#include <cstdint>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "spool/segment.h"
#include "spool/sim_fs.h"
#include "spool/spool.h"
#include "spool/verify.h"

using namespace aybiza;
using namespace aybiza::spool;

namespace {

constexpr Id kNode{0x1234, 0x5678};

// Treats the input as records one behind the other and completes each that claims a possible length.
std::string repaired(std::string bytes, std::uint64_t salt) {
  std::size_t at = 0;
  while (at + record_header_bytes <= bytes.size()) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at + 4, 4);
    length = std::uint32_t(record_header_bytes + length % 256);
    if (at + length > bytes.size()) break;
    std::memcpy(bytes.data() + at + 4, &length, 4);
    finish_records({bytes.data() + at, length}, salt);
    at += length;
  }
  return bytes;
}

std::uint64_t count_events(Reader& reader) {
  std::uint64_t events = 0;
  while (true) {
    const auto record = reader.next();
    if (!record || !*record) return events;
    for (std::size_t i = 0; i < (*record)->count(); ++i) {
      const Event event = (*record)->event(i);
      std::uint64_t sum = 0;
      for (const char byte : event.bytes) sum += static_cast<unsigned char>(byte);  // of a signed one, 0xff alone would be ~0
      events += sum == ~std::uint64_t(0) ? 2 : 1;  // touches every byte
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 64 * 1024) return 0;
  const int mode = data[0] % 3;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  SimFs fs;
  fs.put("d/format", "aybiza-spool 1 " + to_string(kNode) + "\n");
  if (mode == 2) fs.put("d/dedup/event-000000000001", bytes);
  if (mode > 0) bytes = encode_header({kNode, 1, 1, false}) + repaired(bytes, segment_salt(kNode, 1));
  fs.put("d/0000000001.seg", bytes);

  const auto report = verify(fs, "d");
  auto beside = read_directory(fs, "d", {});
  std::uint64_t before = 0;
  if (beside) before = count_events(**beside);
  if (report && beside) CHECK(report->events == before);

  Options options;
  options.directory = "d";
  options.fs = &fs;
  options.threads = false;
  options.segment_bytes = 8 * 1024;
  options.dedup_event_bytes = limits::MiB;
  options.notice = [](std::string_view) {};
  auto spool = Spool::open(options);
  if (!spool) return 0;
  auto reader = (*spool)->read_from({});
  CHECK(reader.has_value());
  CHECK(count_events(**reader) == before);
  AppendRequest request;
  request.items = {{Id{}, 1}};
  request.bytes = "x";
  CHECK((*spool)->append(std::move(request)) == Admission::taken);
  (*spool)->pump();
  CHECK(count_events(**reader) == 1);
  return 0;
}
