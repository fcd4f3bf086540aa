#include "picture/camera.h"

#include "picture/picture_limits.h"

namespace aybiza {
namespace {

std::string_view reason_of(Code code) {
  switch (code) {
    case Code::unsupported: return "no_browser";
    case Code::unavailable: return "late";  // conflict: the browser refused a command, which is broken
    case Code::too_large: return "large";
    case Code::not_found: return "page";
    default: return "broken";
  }
}

}  // namespace

Camera::Camera(std::filesystem::path program, bool off, const Clock& clock) : program_(std::move(program)), off_(off), clock_(clock), pool_("camera", 1, limits::pictures_waiting) {}

Status Camera::there() const {
  if (off_) return fail(Code::unsupported, "pictures of pages are switched off here (--chromium off); a tile's own CSV and PNG, and the browser's own print, work without");
  if (program_.empty()) return fail(Code::unsupported, "there is no Chromium on this machine: install the package chromium, or give aybiza serve --chromium PATH; a tile's own CSV and PNG, and the browser's own print, work without");
  return {};
}

Result<PagePictures> Camera::counted(Result<PagePictures> result, bool gone) {
  const std::lock_guard lock(mutex_);
  if (result) ++counters_.taken;
  else ++counters_.failed[gone ? "gone" : std::string(reason_of(result.error().code))];
  return result;
}

Result<PagePictures> Camera::taken(const PictureWish& wish, const Gone& gone) {
  const auto called_off = [this, &gone] { return stopping_.load() || (gone && gone()); };
  auto result = take_pictures(program_, wish, clock_, called_off);
  const bool off = !result && called_off();
  return counted(std::move(result), off);
}

void Camera::take(Prepare prepare, Gone gone, Answer answer) {
  if (const Status here = there(); !here) return answer(counted(std::unexpected(here.error()), false));
  auto shared = std::make_shared<Answer>(std::move(answer));
  const bool queued = pool_.post([this, prepare = std::move(prepare), gone = std::move(gone), shared]() mutable {
    if (stopping_.load() || (gone && gone())) return (*shared)(counted(fail(Code::unavailable, "it was called off"), true));
    const PictureWish wish = prepare();
    (*shared)(taken(wish, gone));
  });
  if (queued) return;
  {
    const std::lock_guard lock(mutex_);
    ++counters_.failed["busy"];
  }
  (*shared)(fail(Code::unavailable, "{} pictures are waiting already; try again in a moment", limits::pictures_waiting));
}

CameraCounters Camera::counters() const {
  const std::lock_guard lock(mutex_);
  CameraCounters out = counters_;
  out.waiting = pool_.depth();
  return out;
}

void Camera::stop() {
  stopping_ = true;
  pool_.stop();
}

}  // namespace aybiza
