#include "net/content_coding.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "net/http.h"

namespace aybiza::net {
namespace {

constexpr std::size_t ratio_free_bytes = 1 * limits::MiB;  // below this the ratio does not matter
constexpr std::size_t first_step_bytes = 64 * limits::KiB;
constexpr int zstd_window_log_max = 23;

// The output, which grows in steps, each within the caps and reserved first.
class Growing {
 public:
  Growing(std::size_t packed_bytes, const UnpackLimits& limits) : limits_(limits) {
    // packed * ratio cannot overflow: a body is far below 2^40 bytes.
    ceiling_ = std::min(limits.bytes_max, std::max(ratio_free_bytes, packed_bytes * limits.ratio_max));
  }

  Status start() {
    if (limits_.budget == nullptr) return {};
    auto held = limits_.budget->reserve(0);
    if (!held) return fail(Code::unavailable, "no memory to unpack a body");
    out_.held = std::move(*held);
    return {};
  }

  // Makes room for `wanted` bytes in all, or as many as the ceiling allows.
  Status grow_to(std::size_t wanted) {
    wanted = std::min(wanted, ceiling_);
    if (wanted <= out_.bytes.size()) {
      return fail(Code::too_large, "the body unpacks to more than {} bytes", ceiling_);
    }
    const std::size_t more = wanted - out_.bytes.size();
    if (limits_.budget != nullptr && !out_.held.grow(more)) {
      return fail(Code::unavailable, "no memory to unpack a body");
    }
    out_.bytes.reserve(wanted);
    out_.bytes.resize_and_overwrite(wanted, [wanted](char*, std::size_t) { return wanted; });
    return {};
  }
  Status double_up() { return grow_to(out_.bytes.empty() ? first_step_bytes : out_.bytes.size() * 2); }

  char* data() { return out_.bytes.data(); }
  std::size_t room() const { return out_.bytes.size(); }

  Unpacked finish(std::size_t bytes) {
    out_.bytes.resize(bytes);
    // The reservation says what is really held: the capacity, unless the tail is worth giving back.
    if (out_.bytes.capacity() > 2 * bytes + first_step_bytes) out_.bytes.shrink_to_fit();
    out_.held.shrink_to(std::max(bytes, out_.bytes.capacity()));
    return std::move(out_);
  }

 private:
  const UnpackLimits& limits_;
  std::size_t ceiling_;
  Unpacked out_;
};

using Inflater = std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;

// The size the trailer claims: a first guess that saves passes, and no more than that.
std::size_t claimed_size(std::string_view packed) {
  if (packed.size() < 18) return first_step_bytes;
  std::uint32_t claimed = 0;
  for (int i = 0; i < 4; ++i) {
    claimed |= std::uint32_t(static_cast<unsigned char>(packed[packed.size() - 4 + std::size_t(i)])) << (8 * i);
  }
  return std::max<std::size_t>(claimed, 1);
}

// libdeflate wants the whole output at once; too little room means another pass with twice as much. The passes add up
// to at most twice the last one. Members that follow each other are one body (RFC 1952, 2.2).
Result<Unpacked> unpack_gzip(std::string_view packed, const UnpackLimits& limits) {
  thread_local const Inflater inflater(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!inflater) return fail(Code::unavailable, "no memory to unpack a body");
  Growing out(packed.size(), limits);
  AYBIZA_TRY(out.start());
  AYBIZA_TRY(out.grow_to(claimed_size(packed)));
  std::size_t in = 0, done = 0;
  do {
    std::size_t took = 0, gave = 0;
    const auto answer = libdeflate_gzip_decompress_ex(inflater.get(), packed.data() + in, packed.size() - in,
                                                      out.data() + done, out.room() - done, &took, &gave);
    if (answer == LIBDEFLATE_INSUFFICIENT_SPACE) {
      AYBIZA_TRY(out.double_up());
      continue;
    }
    if (answer != LIBDEFLATE_SUCCESS) return fail(Code::corrupt, "the body is not whole gzip data");
    in += took;
    done += gave;
  } while (in < packed.size());
  return out.finish(done);
}

using ZstdStream = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>;

Result<Unpacked> unpack_zstd(std::string_view packed, const UnpackLimits& limits) {
  thread_local const ZstdStream stream(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!stream) return fail(Code::unavailable, "no memory to unpack a body");
  ZSTD_DCtx_reset(stream.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, zstd_window_log_max);
  Growing out(packed.size(), limits);
  AYBIZA_TRY(out.start());
  const auto claimed = ZSTD_getFrameContentSize(packed.data(), packed.size());
  const bool known = claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed != ZSTD_CONTENTSIZE_ERROR && claimed > 0;
  AYBIZA_TRY(out.grow_to(known ? std::min<std::size_t>(claimed, limits.bytes_max) : first_step_bytes));
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t done = 0;
  for (;;) {
    ZSTD_outBuffer to{out.data(), out.room(), done};
    const std::size_t in_before = in.pos;
    const std::size_t answer = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(answer)) return fail(Code::corrupt, "the body is not zstd data: {}", ZSTD_getErrorName(answer));
    const bool moved = in.pos > in_before || to.pos > done;
    done = to.pos;
    if (in.pos == in.size && answer == 0) return out.finish(done);
    if (done == out.room()) {
      AYBIZA_TRY(out.double_up());
    } else if (in.pos == in.size || !moved) {  // room left and nothing more to read: the frame is cut
      return fail(Code::corrupt, "the body is not whole zstd data");
    }
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Is it "q=0", "q=0.0", ...?
bool weight_is_zero(std::string_view parameter) {
  parameter = trimmed(parameter);
  if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) return false;
  return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

Result<Coding> parse_content_encoding(std::string_view value) {
  value = trimmed(value);
  if (value.empty() || equals_ignoring_case(value, "identity")) return Coding::identity;
  if (equals_ignoring_case(value, "gzip") || equals_ignoring_case(value, "x-gzip")) return Coding::gzip;
  if (equals_ignoring_case(value, "zstd")) return Coding::zstd;
  return fail(Code::unsupported, "Content-Encoding is gzip, zstd or absent");
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const std::size_t end = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view part = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const std::size_t semicolon = std::min(part.find(';'), part.size());
    const std::string_view name = trimmed(part.substr(0, semicolon));
    const bool wanted = semicolon == part.size() || !weight_is_zero(part.substr(semicolon + 1));
    if (equals_ignoring_case(name, "gzip")) return wanted;
    if (name == "*") any = wanted;
  }
  return any;
}

Result<Unpacked> unpack(Coding coding, std::string_view packed, const UnpackLimits& limits) {
  CHECK(coding != Coding::identity);
  if (packed.empty()) return fail(Code::corrupt, "the body is empty");
  return coding == Coding::gzip ? unpack_gzip(packed, limits) : unpack_zstd(packed, limits);
}

std::string gzip_pack(std::string_view bytes, int level) {
  CHECK(level >= 1 && level <= 12);
  using Deflater = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;
  const Deflater deflater(libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  CHECK(deflater != nullptr);
  std::string out;
  out.resize(libdeflate_gzip_compress_bound(deflater.get(), bytes.size()));
  out.resize(libdeflate_gzip_compress(deflater.get(), bytes.data(), bytes.size(), out.data(), out.size()));
  return out;
}

}  // namespace aybiza::net
