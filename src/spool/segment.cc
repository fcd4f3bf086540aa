#include "spool/segment.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/limits.h"
#include "spool/crc32c.h"

namespace aybiza::spool {
namespace {

constexpr std::string_view kHeaderMagic = "ABYSPOOL";
constexpr std::string_view kFormatWord = "aybiza-spool";
constexpr std::size_t kHeaderUsed = 56;

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

template <typename T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Result<std::string> read_front(Fs& fs, const std::string& path, std::size_t bytes, std::uint64_t* size = nullptr) {
  auto file = fs.open(path, OpenMode::read);
  if (!file) return std::unexpected(file.error());
  if (size != nullptr) *size = (*file)->size().value_or(0);
  std::string front(bytes, '\0');
  const auto got = (*file)->pread(front, 0);
  if (!got) return std::unexpected(got.error());
  front.resize(*got);
  return front;
}

}  // namespace

// magic 8 | version u32 | crc u32 of the rest | node 16 | number u64 | first seq u64 | flags u64 | zeros
std::string encode_header(const SegmentHeader& header) {
  std::string rest;
  put(rest, header.node.high);
  put(rest, header.node.low);
  put(rest, header.number);
  put(rest, header.first_seq);
  put(rest, std::uint64_t(header.recycled ? 1 : 0));
  std::string out(kHeaderMagic);
  put(out, format_version);
  put(out, crc32c(rest, format_version));
  out += rest;
  out.resize(segment_header_bytes, '\0');
  return out;
}

Result<SegmentHeader> decode_header(std::string_view bytes) {
  if (bytes.size() < kHeaderUsed || !bytes.starts_with(kHeaderMagic)) return fail(Code::corrupt, "no segment header");
  const auto version = get<std::uint32_t>(bytes, 8);
  const auto crc = get<std::uint32_t>(bytes, 12);
  // The version takes part in the checksum, so that a flipped bit is damage and not a newer format.
  if (crc != crc32c(bytes.substr(16, kHeaderUsed - 16), version)) return fail(Code::corrupt, "segment header damaged");
  if (version > format_version) return fail(Code::unsupported, "segment format {}", version);
  return SegmentHeader{{get<std::uint64_t>(bytes, 16), get<std::uint64_t>(bytes, 24)},
                       get<std::uint64_t>(bytes, 32),
                       get<std::uint64_t>(bytes, 40),
                       (get<std::uint64_t>(bytes, 48) & 1) != 0};
}

std::uint64_t segment_salt(const Id& node, std::uint64_t number) {
  std::string bytes;
  put(bytes, node.high);
  put(bytes, node.low);
  put(bytes, number);
  return hash64(bytes);
}

std::string segment_name(std::uint64_t number) { return fmt::format("{:010}.seg", number); }

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (!name.ends_with(".seg")) return std::nullopt;
  name.remove_suffix(4);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && number > 0 ? std::optional(number) : std::nullopt;
}

Result<std::optional<Format>> read_format(Fs& fs, const std::string& directory) {
  const auto text = read_front(fs, directory + "/format", 256);
  if (!text && text.error().code == Code::not_found) return std::optional<Format>();
  if (!text) return std::unexpected(text.error());
  std::string_view line = *text;
  if (!line.starts_with(kFormatWord) || line.size() < kFormatWord.size() + 2) return std::optional<Format>();
  line.remove_prefix(kFormatWord.size() + 1);
  Format format;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), format.version);
  if (error != std::errc()) return std::optional<Format>();
  if (format.version > format_version) {
    return fail(Code::unsupported, "{} is of spool format {}; this program reads up to {}", directory, format.version,
                format_version);
  }
  line.remove_prefix(std::size_t(end - line.data()));
  const auto node = line.size() >= 37 ? parse_uuid(line.substr(1, 36)) : std::nullopt;
  if (!node) return std::optional<Format>();
  format.node = *node;
  return std::optional(format);
}

Status write_format(Fs& fs, const std::string& directory, const Format& format) {
  const std::string path = directory + "/format", fresh = path + ".tmp";
  auto file = fs.open(fresh, OpenMode::create);
  if (!file) return std::unexpected(file.error());
  AYBIZA_TRY((*file)->truncate(0));
  AYBIZA_TRY((*file)->pwrite(fmt::format("{} {} {}\n", kFormatWord, format.version, to_string(format.node)), 0));
  AYBIZA_TRY((*file)->sync());
  AYBIZA_TRY(fs.rename(fresh, path));
  return fs.sync_directory(directory);
}

Result<Listing> list_segments(Fs& fs, const std::string& directory, Id node) {
  const auto names = fs.list(directory);
  if (!names) return std::unexpected(names.error());
  Listing listing;
  listing.node = node;
  for (const auto& name : *names) {
    const auto number = segment_number(name);
    if (!number) continue;
    auto segment = std::make_shared<Segment>();
    segment->path = directory + "/" + name;
    segment->number = *number;
    std::uint64_t bytes = 0;
    const auto front = read_front(fs, segment->path, segment_header_bytes, &bytes);
    segment->bytes = bytes;
    if (!front && front.error().code == Code::not_found) continue;  // released while we looked
    if (!front) return std::unexpected(front.error());
    const auto header = decode_header(*front);
    if (!header && header.error().code == Code::unsupported) return wrap(header.error(), segment->path);
    segment->header_damaged = !header || header->number != *number;
    if (!segment->header_damaged) {
      if (listing.node.empty()) listing.node = header->node;
      if (header->node != listing.node) {
        return fail(Code::conflict, "{} was written by node {}, this directory belongs to {}", segment->path,
                    to_string(header->node), to_string(listing.node));
      }
      segment->first_seq = header->first_seq;
      segment->recycled = header->recycled;
    }
    listing.segments.push_back(std::move(segment));
  }
  std::ranges::sort(listing.segments, {}, [](const SegmentPtr& s) { return s->number; });
  for (const auto& segment : listing.segments) {
    segment->salt = segment_salt(listing.node, segment->number);
    if (!segment->header_damaged) continue;
    auto file = fs.open(segment->path, OpenMode::read);
    if (!file) return std::unexpected(file.error());
    SegmentScan scan(std::move(*file), segment->salt);
    const auto record = scan.here();
    if (!record) return std::unexpected(record.error());
    if (*record) segment->first_seq = (*record)->first.value;
  }
  std::uint64_t end = no_end;
  for (auto at = listing.segments.rbegin(); at != listing.segments.rend(); ++at) {
    (*at)->end_seq = end;
    if ((*at)->first_seq != 0) end = std::min(end, (*at)->first_seq);
  }
  return listing;
}

Result<std::string_view> SegmentScan::bytes_at(std::uint64_t position, std::size_t wanted) {
  const bool inside = position >= buffer_start_ && position + wanted <= buffer_start_ + buffer_used_;
  if (!inside) {
    buffer_used_ = 0;
    if (buffer_.size() < wanted || buffer_.empty()) buffer_.resize(std::max<std::size_t>(wanted, 128 * limits::KiB));
    const auto got = file_->pread(buffer_, position);
    if (!got) return std::unexpected(got.error());
    buffer_start_ = position;
    buffer_used_ = *got;
  }
  const auto skip = std::size_t(position - buffer_start_);
  return std::string_view(buffer_).substr(skip, buffer_used_ - skip);
}

Result<std::optional<RecordView>> SegmentScan::parse_at(std::uint64_t position) {
  auto bytes = bytes_at(position, record_header_bytes);
  if (!bytes) return std::unexpected(bytes.error());
  const auto length = record_length(*bytes, salt_);
  if (!length) return std::optional<RecordView>();
  bytes = bytes_at(position, *length);
  if (!bytes) return std::unexpected(bytes.error());
  record_position_ = position;
  return parse_record(*bytes, salt_);
}

Result<std::optional<RecordView>> SegmentScan::here() {
  // The second round reads again: the buffer may hold what the file was before the last commit.
  for (int round = 0; round < 2; ++round) {
    const bool fresh = buffer_used_ == 0;
    for (const std::uint64_t position : {position_, align_sector(position_)}) {
      auto record = parse_at(position);
      if (!record || *record) return record;
      if (position == align_sector(position_)) break;
    }
    if (fresh) break;
    buffer_used_ = 0;
  }
  return std::optional<RecordView>();
}

Result<std::optional<RecordView>> SegmentScan::resync() {
  buffer_used_ = 0;
  std::uint64_t position = position_ + 1;
  while (true) {
    const auto bytes = bytes_at(position, record_header_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->size() < record_header_bytes) return std::optional<RecordView>();
    const auto found = find_record_start(*bytes, 0, salt_);
    if (found == std::string_view::npos) {
      position += bytes->size() - 3;  // a magic may lie across the edge
      continue;
    }
    position += found;
    auto record = parse_at(position);
    if (!record || *record) return record;
    ++position;
  }
}

Status LogWalk::enter(SegmentPtr segment) {
  auto file = fs_.open(segment->path, OpenMode::read);
  if (!file) return std::unexpected(file.error());
  scan_.emplace(std::move(*file), segment->salt);
  number_ = segment->number;
  segment_ = std::move(segment);
  if (expected_ == 0) expected_ = segment_->first_seq;
  return {};
}

Result<Step> LogWalk::step(std::uint64_t limit) {
  while (true) {
    if (expected_ >= limit) return Step{};
    if (!segment_) {
      auto first = next_segment_(number_);
      if (!first) return std::unexpected(first.error());
      if (!*first) return Step{};
      AYBIZA_TRY(enter(std::move(*first)));
    }
    auto record = scan_->here();
    if (!record) return std::unexpected(record.error());
    const std::uint64_t end_seq = segment_->end_seq;
    const bool ours = *record && (*record)->first.value >= expected_ && (*record)->first.value < end_seq;
    if (!ours) {
      auto following = next_segment_(number_);
      if (!following) return std::unexpected(following.error());
      if (*following && expected_ >= segment_->end_seq) {
        AYBIZA_TRY(enter(std::move(*following)));
        continue;
      }
      auto step = damage(limit, *following);
      if (!step || step->kind != Step::Kind::gap || step->gap.events == 0) {
        if (step && step->kind == Step::Kind::gap) continue;  // nothing is missing: damaged padding, or a lost header
        return step;
      }
      if (step->gap.first + step->gap.events <= from_) continue;
      return step;
    }
    RecordView& view = **record;
    if (view.first.value >= limit) return Step{};
    if (expected_ != 0 && view.first.value > expected_) {
      Step step;
      step.kind = Step::Kind::gap;
      step.gap = {segment_, scan_->position(), scan_->record_position() - scan_->position(), Offset{expected_},
                  view.first.value - expected_, view.acked.value < expected_};
      expected_ = view.first.value;
      scan_->move_to(scan_->record_position());
      if (view.first <= from_) continue;
      return step;
    }
    expected_ = view.end().value;
    scan_->move_to(scan_->record_position() + view.length);
    if (view.end() <= from_) continue;
    if (view.first < from_) view.drop_front(from_.value - view.first.value);
    Step step;
    step.kind = Step::Kind::record;
    step.record = view;
    return step;
  }
}

// REQUIRES: no record of the log starts here.
Result<Step> LogWalk::damage(std::uint64_t limit, const SegmentPtr& following) {
  const std::uint64_t start = scan_->position();
  Step step;
  auto found = scan_->resync();
  while (found && *found && (*found)->first.value < expected_) {
    scan_->move_to(scan_->record_position());
    found = scan_->resync();
  }
  scan_->move_to(start);
  if (!found) return std::unexpected(found.error());
  const std::uint64_t end_seq = segment_->end_seq;
  if (*found && (*found)->first.value < std::min(limit, end_seq)) {
    const std::uint64_t at = scan_->record_position();
    const RecordView view = **found;
    // Beside a running writer the bytes here may have become whole since we looked: then there is no gap at all.
    auto again = scan_->here();
    if (!again) return std::unexpected(again.error());
    step.kind = Step::Kind::gap;
    if (*again && (*again)->first.value >= expected_ && (*again)->first.value < end_seq) return step;
    const std::uint64_t missing = expected_ == 0 ? 0 : view.first.value - expected_;
    step.gap = {segment_, start, at - start, Offset{expected_}, missing, view.acked.value < expected_};
    expected_ = view.first.value;
    scan_->move_to(at);
    return step;
  }
  if (!following) return step;
  const auto size = scan_->file().size();
  if (!size) return std::unexpected(size.error());
  step.kind = Step::Kind::gap;
  if (expected_ != 0 && following->first_seq > expected_) {
    step.gap = {segment_, start, *size - std::min(*size, start), Offset{expected_}, following->first_seq - expected_, false};
    expected_ = following->first_seq;
  }
  AYBIZA_TRY(enter(following));
  return step;
}

Gap LogWalk::skip_to(Offset to, std::uint64_t position) {
  const std::uint64_t start = scan_ ? scan_->position() : 0;
  Gap gap{segment_, start, position > start ? position - start : 0, Offset{expected_}, to.value - expected_, false};
  expected_ = to.value;
  if (scan_) scan_->move_to(std::max(start, position));
  return gap;
}

LogWalk::NextSegment walk_list(std::vector<SegmentPtr> segments) {
  return [list = std::move(segments)](std::uint64_t after) -> Result<SegmentPtr> {
    for (const auto& segment : list) {
      if (segment->number > after) return segment;
    }
    return SegmentPtr();
  };
}

}  // namespace aybiza::spool
