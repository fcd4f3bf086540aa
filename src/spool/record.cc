#include "spool/record.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"
#include "spool/crc32c.h"

namespace aybiza::spool {
namespace {

static_assert(std::endian::native == std::endian::little, "the log is little-endian and read in place");

constexpr std::uint32_t kMagic = 0x53594241;  // "ABYS"
constexpr std::uint8_t kFlagOs = 1;

template <typename T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename T>
void store(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

std::uint32_t magic_of(std::uint64_t salt) { return kMagic ^ std::uint32_t(salt); }

std::uint32_t checksum(std::string_view record, std::uint64_t salt) {
  char seed[12];
  store(seed, salt);
  std::memcpy(seed + 8, record.data() + 4, 4);
  return crc32c(record.substr(12), crc32c({seed, sizeof seed}));
}

}  // namespace

Event RecordView::event(std::size_t index) const {
  const std::size_t at = index + skipped_;
  const std::uint32_t begin = at == 0 ? 0 : load<std::uint32_t>(ends_ + 4 * (at - 1));
  const std::uint32_t end = load<std::uint32_t>(ends_ + 4 * at);
  return {first + index,
          {load<std::uint64_t>(ids_ + 16 * at), load<std::uint64_t>(ids_ + 16 * at + 8)},
          {payload_ + begin, end - begin}};
}

void RecordView::drop_front(std::size_t events) {
  skipped_ += events;
  first = first + events;
}

void append_record(std::string& out, const RecordHead& head, std::span<const Item> items,
                   const std::vector<bool>& dropped, std::string_view payload) {
  const auto stays = [&](std::size_t i) { return dropped.empty() || !dropped[i]; };
  std::size_t count = 0, kept_bytes = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (stays(i)) ++count, kept_bytes += items[i].size;
  }
  CHECK(count > 0 && count <= 0xFFFF && head.customer.size() <= limits::id_bytes);
  const std::size_t start = out.size();
  const std::size_t length = record_header_bytes + head.customer.size() + 20 * count + kept_bytes;
  CHECK(length <= limits::spool_record_bytes);
  out.resize(start + length);
  char* const at = out.data() + start;
  std::memset(at, 0, record_header_bytes);
  store(at + 4, std::uint32_t(length));
  store(at + 12, head.durability == Durability::os ? kFlagOs : std::uint8_t(0));
  store(at + 13, head.source);
  store(at + 14, std::uint16_t(count));
  store(at + 16, head.first.value);
  store(at + 24, head.acked.value);
  store(at + 32, to_micros(head.received));
  store(at + 40, head.batch_key.high);
  store(at + 48, head.batch_key.low);
  store(at + 56, head.body_hash);
  store(at + 64, std::uint32_t(kept_bytes));
  store(at + 68, std::uint8_t(head.customer.size()));
  char* ids = at + record_header_bytes;
  std::memcpy(ids, head.customer.data(), head.customer.size());
  ids += head.customer.size();
  char* ends = ids + 16 * count;
  char* const events = ends + 4 * count;
  std::size_t read = 0, written = 0;
  for (std::size_t i = 0; i < items.size(); read += items[i].size, ++i) {
    if (!stays(i)) continue;
    store(ids, items[i].id.high);
    store(ids + 8, items[i].id.low);
    std::memcpy(events + written, payload.data() + read, items[i].size);
    written += items[i].size;
    store(ends, std::uint32_t(written));
    ids += 16;
    ends += 4;
  }
}

void finish_records(std::span<char> records, std::uint64_t salt) {
  while (!records.empty()) {
    const auto length = load<std::uint32_t>(records.data() + 4);
    CHECK(length >= record_header_bytes && length <= records.size());
    store(records.data(), magic_of(salt));
    store(records.data() + 8, checksum({records.data(), length}, salt));
    records = records.subspan(length);
  }
}

std::optional<std::uint32_t> record_length(std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < record_header_bytes || load<std::uint32_t>(bytes.data()) != magic_of(salt)) return std::nullopt;
  const auto length = load<std::uint32_t>(bytes.data() + 4);
  const std::uint64_t count = load<std::uint16_t>(bytes.data() + 14);
  const std::uint64_t rest = load<std::uint32_t>(bytes.data() + 64);
  const std::uint64_t customer = load<std::uint8_t>(bytes.data() + 68);
  const bool plausible = count > 0 && length <= limits::spool_record_bytes && customer <= limits::id_bytes &&
                         length == record_header_bytes + customer + 20 * count + rest;
  return plausible ? std::optional(length) : std::nullopt;
}

std::optional<RecordView> parse_record(std::string_view bytes, std::uint64_t salt) {
  const auto length = record_length(bytes, salt);
  if (!length || bytes.size() < *length) return std::nullopt;
  const char* const at = bytes.data();
  if (load<std::uint32_t>(at + 8) != checksum(bytes.substr(0, *length), salt)) return std::nullopt;
  RecordView view;
  view.length = *length;
  view.durability = (load<std::uint8_t>(at + 12) & kFlagOs) != 0 ? Durability::os : Durability::fsync;
  view.source = load<std::uint8_t>(at + 13);
  view.count_ = load<std::uint16_t>(at + 14);
  view.first = {load<std::uint64_t>(at + 16)};
  view.acked = {load<std::uint64_t>(at + 24)};
  view.received = from_micros(load<std::int64_t>(at + 32));
  view.batch_key = {load<std::uint64_t>(at + 40), load<std::uint64_t>(at + 48)};
  view.body_hash = load<std::uint64_t>(at + 56);
  view.customer = {at + record_header_bytes, load<std::uint8_t>(at + 68)};
  view.ids_ = at + record_header_bytes + view.customer.size();
  view.ends_ = view.ids_ + 16 * view.count_;
  view.payload_ = view.ends_ + 4 * view.count_;
  // A right checksum says who wrote it, not that the writer was right: event() must stay inside the payload.
  std::uint32_t end = 0;
  for (std::size_t i = 0; i < view.count_; ++i) {
    const auto next = load<std::uint32_t>(view.ends_ + 4 * i);
    if (next < end) return std::nullopt;
    end = next;
  }
  const bool in_range = view.first.value > 0 && view.first.value <= ~std::uint64_t(0) / 2;
  if (end != load<std::uint32_t>(at + 64) || !in_range) return std::nullopt;
  return view;
}

std::size_t find_record_start(std::string_view bytes, std::size_t from, std::uint64_t salt) {
  char magic[4];
  store(magic, magic_of(salt));
  return bytes.find(std::string_view(magic, 4), from);
}

}  // namespace aybiza::spool
