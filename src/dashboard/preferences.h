// How somebody likes the pages: theme, density, language, the usual time zone and range, the tiles they do not want to see, the order of the others, and the
// columns of calls.
//
// Shape    one small JSON file a person, `<data>/preferences/<id>.json`, version 1, replaced whole (written beside, fsynced, renamed).
//          Read once and held; the server is the only one who writes.
// Errors   parse_preferences takes what it understands and leaves the rest at its default: a preference is never a reason not to show
//          a page. A file that is damaged counts as none. set: io, when it could not be kept; it then holds until the server ends.
// Cost     of() is a look-up; set() writes and syncs a file.
// Threads  values, and a store for any thread.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace aybiza::dashboard {

enum class Theme : unsigned char { system, dark, light };
enum class Density : unsigned char { comfortable, compact };
std::string_view to_string(Theme theme);
std::string_view to_string(Density density);

struct Preferences {
  Theme theme = Theme::system;
  Density density = Density::comfortable;
  std::string language = "en", zone = "UTC", range = "1h";
  std::vector<std::string> hidden;  // tiles, as key_of_tile() names them
  std::map<std::string, std::vector<std::string>, std::less<>> order;  // of a page, by its name: all its tiles; a page that is not here is as it came
  std::optional<std::vector<std::string>> call_columns;  // of the table of calls (call_columns.h); none: as it came
  friend bool operator==(const Preferences&, const Preferences&) = default;
};

std::string to_json(const Preferences& preferences);
Preferences parse_preferences(std::string_view json);
// Only what there is stays: another word for a theme, a zone nobody knows, a tile that is none become the default.
Preferences checked(Preferences wanted);

// The tiles of each page, in the order they come in.
struct PageTiles {
  std::string_view path, title, grid;  // title: the text's key; grid: what holds its tiles, as a selector
  std::span<const std::string_view> tiles;
  std::string_view name() const { return title.substr(4); }  // "overview"
};
std::span<const PageTiles> tiles_of_pages();
// A tile's name; "learning/success_rate" for one that an earlier page has as well.
std::string key_of_tile(const PageTiles& page, std::string_view tile);
std::vector<std::string> order_of(const Preferences& preferences, const PageTiles& page);
const PageTiles* tiles_of_page(std::string_view path);  // null: a page whose tiles have no order of one's own
// The same with a tile of the page in front of another of it; before what is none of them: last. A tile that is none is moved nowhere.
Preferences placed(Preferences preferences, const PageTiles& page, std::string_view tile, std::string_view before);

// A style sheet that hides and orders them, and a name for its text, so that a browser may keep it; "": there is nothing to say.
std::string tiles_style(const Preferences& preferences);
std::string tiles_version(const Preferences& preferences);

class PreferenceStore {
 public:
  explicit PreferenceStore(const std::filesystem::path& data_dir) : folder_(data_dir / "preferences") {}
  PreferenceStore(const PreferenceStore&) = delete;  // one per server
  PreferenceStore& operator=(const PreferenceStore&) = delete;

  // REQUIRES: a person is letters and digits: a user's id, or "local".
  Preferences of(const std::string& person);
  Status set(const std::string& person, const Preferences& preferences);

 private:
  std::filesystem::path file_of(const std::string& person) const { return folder_ / (person + ".json"); }

  const std::filesystem::path folder_;
  std::mutex mutex_;  // guards held_ and the files
  std::map<std::string, Preferences> held_;
};

}  // namespace aybiza::dashboard
