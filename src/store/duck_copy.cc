#include "store/duck_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

namespace aybiza {
namespace {

std::unexpected<Error> failed(const std::string& path) { return fail(Code::io, "{}: {}", path, std::generic_category().message(errno)); }

class DuckCopy final : public StoreCopy {
 public:
  DuckCopy(int file, std::string path, std::uint64_t bytes, std::uint64_t applied, std::shared_ptr<DuckCopies::State> state)
      : file_(file), path_(std::move(path)), bytes_(bytes), applied_(applied), state_(std::move(state)) {}
  ~DuckCopy() override { state_->held = false; }

  std::string_view name() const override { return "store.duckdb"; }
  std::uint64_t bytes() const override { return bytes_; }
  std::uint64_t applied() const override { return applied_; }

  Result<std::size_t> read(std::span<char> into, std::uint64_t at) const override {
    const std::size_t wanted = std::size_t(std::min<std::uint64_t>(into.size(), bytes_ - std::min(bytes_, at)));
    for (std::size_t done = 0;;) {
      if (done == wanted) return done;
      const ssize_t got = ::pread(file_, into.data() + done, wanted - done, off_t(at + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed(path_);
      if (got == 0) return done;
      done += std::size_t(got);
    }
  }

  Status intact() const override {
    if (!state_->broken) return {};
    return fail(Code::unavailable, "while the store was copied its log grew over {} MiB, so the copy was given up: copy to a faster disk, or when less arrives",
                limits::backup_log_bytes >> 20);
  }

 private:
  const int file_;
  const std::string path_;
  const std::uint64_t bytes_, applied_;
  const std::shared_ptr<DuckCopies::State> state_;
};

}  // namespace

DuckCopies::~DuckCopies() {
  if (file_ >= 0) ::close(file_);
}

bool DuckCopies::may_checkpoint(std::uint64_t log_bytes) {
  if (!state_->held || state_->broken) return true;
  if (log_bytes < limits::backup_log_bytes) return false;
  state_->broken = true;  // before a byte of the file changes
  return true;
}

Result<std::unique_ptr<StoreCopy>> DuckCopies::begin(const std::string& path, std::uint64_t applied) {
  if (state_->held) return fail(Code::conflict, "the store is being copied already");
  if (file_ < 0) file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file_ < 0 || ::fstat(file_, &status) != 0) return failed(path);
  state_ = std::make_shared<State>();
  state_->held = true;
  return std::make_unique<DuckCopy>(file_, path, std::uint64_t(status.st_size), applied, state_);
}

}  // namespace aybiza
