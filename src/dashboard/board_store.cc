#include "dashboard/board_store.h"

#include <algorithm>
#include <cctype>

#include "auth/api_key.h"
#include "auth/file.h"
#include "dashboard/page_limits.h"
#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

namespace fs = std::filesystem;

std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string to_file(const KeptBoard& kept) {
  liveview::JsonWriter json;
  json.begin_object().key("version").integer(1).field("id", kept.id).field("owner", kept.owner).field("customer", kept.customer).key("everyone").boolean(kept.everyone)
      .key("revision").integer(kept.revision).key("board").json(to_json(kept.board));
  return json.end_object().str() + "\n";
}

std::optional<KeptBoard> from_file(std::string_view text, std::string_view id) {
  const auto json = liveview::parse_json(text);
  if (!json || (*json)["version"].integer() != 1 || (*json)["id"].text() != id) return std::nullopt;
  auto board = parse_board(liveview::to_json((*json)["board"]));
  if (!board || (*json)["owner"].text().empty() || (*json)["customer"].text().empty()) return std::nullopt;
  return KeptBoard{std::string(id), std::string((*json)["owner"].text()), std::string((*json)["customer"].text()), (*json)["everyone"].boolean().value_or(false),
                   (*json)["revision"].integer().value_or(1), std::move(*board)};
}

std::unexpected<Error> not_there() { return fail(Code::not_found, "there is no such board, or it is not yours"); }

}  // namespace

Result<std::unique_ptr<BoardStore>> BoardStore::open(const fs::path& data_dir) {
  std::unique_ptr<BoardStore> store(new BoardStore(data_dir / "boards"));
  std::error_code error;
  for (fs::directory_iterator at(store->folder_, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".json") continue;
    const auto bytes = auth::read_file(at->path());
    const std::string id = at->path().stem().string();
    auto board = bytes ? from_file(*bytes, id) : std::nullopt;
    if (board) store->boards_.emplace(id, std::make_shared<KeptBoard>(std::move(*board)));
    else ++store->damaged_;
  }
  return store;
}

std::vector<BoardPtr> BoardStore::visible(const BoardReader& reader) const {
  std::vector<BoardPtr> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, board] : boards_)
      if (reader.may_see(*board)) out.push_back(board);
  }
  std::ranges::sort(out, [&](const BoardPtr& a, const BoardPtr& b) {
    return std::tuple(!reader.owns(*a), folded(a->board.name), a->id) < std::tuple(!reader.owns(*b), folded(b->board.name), b->id);
  });
  return out;
}

BoardPtr BoardStore::find(std::string_view name, const BoardReader& reader) const {
  const std::string wanted = folded(name);
  for (const BoardPtr& board : visible(reader))
    if (folded(board->board.name) == wanted) return board;
  return nullptr;
}

BoardPtr BoardStore::by_id(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto at = boards_.find(id);
  return at == boards_.end() ? nullptr : at->second;
}

// Whether another board of this name would stand in the way of `by`.
bool BoardStore::taken(std::string_view name, const KeptBoard& by) const {
  const std::string wanted = folded(name);
  return std::ranges::any_of(boards_, [&](const auto& held) {
    const KeptBoard& other = *held.second;
    const bool meets = other.owner == by.owner || (other.everyone && by.everyone && other.customer == by.customer);
    return other.id != by.id && meets && folded(other.board.name) == wanted;
  });
}

Status BoardStore::write(const KeptBoard& board) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return fail(Code::io, "cannot make {}: {}", folder_.string(), error.message());
  return auth::replace_file(folder_ / (board.id + ".json"), to_file(board), 0600);
}

Result<BoardPtr> BoardStore::add(const Board& board, const BoardReader& owner) {
  if (owner.person.empty()) return fail(Code::unauthorized, "nothing is kept for this visitor: sign in first");
  AYBIZA_TRY(check_board_name(board.name));
  const std::lock_guard lock(mutex_);
  const auto own = std::ranges::count_if(boards_, [&](const auto& held) { return held.second->owner == owner.person; });
  if (std::size_t(own) >= limits::boards_per_person) return fail(Code::too_large, "you have {} boards already: remove one first", own);
  if (boards_.size() >= limits::boards_most) return fail(Code::too_large, "there are {} boards already: somebody has to remove one first", boards_.size());
  auto kept = std::make_shared<KeptBoard>(KeptBoard{auth::random_base62(12), owner.person, owner.customer, false, 1, board});
  std::size_t cut = std::min(board.name.size(), limits::board_name_bytes - 4);
  while (cut < board.name.size() && (board.name[cut] & 0xc0) == 0x80) --cut;  // not within a letter
  const std::string name = board.name.substr(0, cut);
  for (int n = 2; taken(kept->board.name, *kept); ++n) kept->board.name = fmt::format("{} {}", name, n);
  AYBIZA_TRY(write(*kept));
  return boards_.emplace(kept->id, kept).first->second;
}

Result<BoardPtr> BoardStore::change(std::string_view id, const BoardReader& owner, const Board& board, bool everyone) {
  AYBIZA_TRY(check_board_name(board.name));
  const std::lock_guard lock(mutex_);
  const auto at = boards_.find(id);
  if (at == boards_.end() || !owner.owns(*at->second)) return not_there();
  auto kept = std::make_shared<KeptBoard>(*at->second);
  kept->board = board, kept->everyone = everyone, kept->customer = owner.customer, ++kept->revision;
  if (taken(board.name, *kept)) return fail(Code::conflict, "name: there is a board of that name already; choose another");
  AYBIZA_TRY(write(*kept));
  return at->second = std::move(kept);
}

Status BoardStore::remove(std::string_view id, const BoardReader& owner) {
  const std::lock_guard lock(mutex_);
  const auto at = boards_.find(id);
  if (at == boards_.end() || !owner.owns(*at->second)) return not_there();
  std::error_code error;
  fs::remove(folder_ / (at->second->id + ".json"), error);
  if (error) return fail(Code::io, "cannot remove the board's file: {}", error.message());
  boards_.erase(at);
  return {};
}

}  // namespace aybiza::dashboard
