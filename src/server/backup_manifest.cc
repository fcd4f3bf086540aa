// The manifest of a backup as text.
#include <simdjson.h>

#include <limits>

#include "base/limits.h"
#include "codec/json_writer.h"
#include "server/backup_files.h"

namespace aybiza {
namespace {

namespace dom = simdjson::dom;

// Below data/, and never anywhere else.
bool harmless(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\\') != path.npos) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

template <typename T>
bool read(dom::object object, const char* name, T& into) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::string_view text;
    if (object[name].get(text) != simdjson::SUCCESS) return false;
    into = text;
  } else {
    std::uint64_t number = 0;
    if (object[name].get(number) != simdjson::SUCCESS || number > std::uint64_t(std::numeric_limits<T>::max())) return false;
    into = T(number);
  }
  return true;
}

}  // namespace

std::string to_json(const BackupManifest& manifest) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("aybiza_backup", manifest.version).member("created", manifest.created).member("engine", manifest.engine);
  json.member("schema", manifest.schema).member("applied", manifest.applied).member("log_first", manifest.log_first).member("log_last", manifest.log_last);
  json.key("files").begin_array();
  for (const BackupFile& file : manifest.files)
    json.begin_object().member("path", file.path).member("bytes", file.bytes).member("blake2b", file.digest).end_object();
  json.end_array().end_object();
  out += '\n';
  return out;
}

Result<BackupManifest> parse_backup_manifest(std::string_view text) {
  const auto damaged = [] { return fail(Code::corrupt, "manifest.json is not a manifest of a backup"); };
  if (text.size() > limits::backup_manifest_bytes) return damaged();
  dom::parser parser;
  dom::element root;
  dom::object object;
  BackupManifest out;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS || root.get(object) != simdjson::SUCCESS) return damaged();
  if (!read(object, "aybiza_backup", out.version)) return damaged();
  if (out.version > backup_version)
    return fail(Code::unsupported, "this backup is of format {}, this program knows {}: restore it with the program that made it, or a newer one", out.version, backup_version);
  dom::array files;
  const bool whole = read(object, "created", out.created) && read(object, "engine", out.engine) && read(object, "schema", out.schema) &&
                     read(object, "applied", out.applied) && read(object, "log_first", out.log_first) && read(object, "log_last", out.log_last) &&
                     object["files"].get(files) == simdjson::SUCCESS;
  if (!whole) return damaged();
  for (const dom::element one : files) {
    dom::object of;
    BackupFile file;
    if (one.get(of) != simdjson::SUCCESS || !read(of, "path", file.path) || !read(of, "bytes", file.bytes) || !read(of, "blake2b", file.digest)) return damaged();
    if (!harmless(file.path)) return fail(Code::corrupt, "manifest.json names the file '{}', which lies outside the backup", file.path);
    out.files.push_back(std::move(file));
  }
  return out;
}

}  // namespace aybiza
