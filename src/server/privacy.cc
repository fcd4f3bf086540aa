#include "server/privacy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "codec/json_writer.h"

namespace aybiza {

Result<std::unique_ptr<Privacy>> Privacy::open(const std::filesystem::path& data_dir, const auth::Secret& secret) {
  std::unique_ptr<Privacy> privacy(new Privacy);
  privacy->audit_file_ = data_dir / "privacy_audit";
  auto policies = MaskingPolicies::open(data_dir);
  if (!policies) return std::unexpected(policies.error());
  privacy->policies_ = std::move(*policies);
  auto keys = CallerKeys::open(data_dir, secret.derive("caller-keys"));
  if (!keys) return std::unexpected(keys.error());
  privacy->keys_ = std::move(*keys);
  return privacy;
}

Status Privacy::note(const AuditEntry& entry) const {
  std::string line;
  JsonWriter json(line);
  json.begin_object().member("time", format_rfc3339(entry.time)).member("who", entry.who).member("action", entry.action);
  json.key("customer_id").string_or_null(entry.customer).member("about", entry.about).member("count", std::uint64_t(entry.count)).end_object();
  line += '\n';
  const int fd = ::open(audit_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::io, "cannot open {}: {}", audit_file_.string(), std::strerror(errno));
  const bool done = ::write(fd, line.data(), line.size()) == ssize_t(line.size()) && ::fdatasync(fd) == 0;
  const int error = errno;
  ::close(fd);
  return done ? Status{} : fail(Code::io, "cannot write {}: {}", audit_file_.string(), std::strerror(error));
}

}  // namespace aybiza
