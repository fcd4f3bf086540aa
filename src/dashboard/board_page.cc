#include "dashboard/board_page.h"

#include <algorithm>

#include "dashboard/board_tile_view.h"
#include "dashboard/page_limits.h"
#include "dashboard/reasons.h"
#include "liveview/json.h"
#include "liveview/text.h"

namespace aybiza::dashboard {

using namespace liveview;
using namespace std::chrono_literals;

namespace {

int number_in_event(const liveview::Event& event, std::string_view name) { return int(std::clamp<std::int64_t>(event.value[name].integer().value_or(0), -1'000, 1'000'000)); }

std::string path_of(const Board& board) { return "/boards/" + percent_encoded(board.name); }

std::shared_ptr<const BoardState> computed(const Ask& ask, const ViewScope& scope, const Board& board, Instant now) {
  auto state = std::make_shared<BoardState>();
  state->as_of = now;
  for (const PlacedTile& tile : board.tiles) state->tiles.emplace_back(tile.id, compute_built_tile(ask, scope, tile.spec, now));
  return state;
}

}  // namespace

const BuiltTile* BoardState::find(int id) const {
  const auto at = std::ranges::find(tiles, id, &std::pair<int, BuiltTile>::first);
  return at == tiles.end() ? nullptr : &at->second;
}

Duration BoardPage::length() const {
  const Range range = range_of(scope(), from_micros(0));
  return range.to - range.from;
}

BoardPtr BoardPage::board_of(const Location& at) {
  return viewer().keeping.boards ? viewer().keeping.boards->find(at.param("name"), reader()) : nullptr;
}

void BoardPage::opened(Context& context, const Location& at) {
  const BoardPtr found = board_of(at);
  if (!found || !board_ || found->id != board_->id) before_.reset(), draft_.reset(), refused_.clear();
  board_ = found;
  if (board_) return look(context);
  *viewer().status = 404;
}

void BoardPage::look(Context& context) {
  context.set_title(fmt::format("{} · {}", board_->board.name, viewer().brand));
  const ViewScope scope = this->scope();
  const Ask ask = [source = viewer().source](const Question& q) { return source->ask(q); };
  Filters shown = filters();
  shown.refresh = Refresh::live, shown.board.clear();
  watch(context, board_slot, {fmt::format("board|{}|{}#{}|{}", customers_key(), board_->id, board_->revision, address("/boards", shown)),
                              [ask, scope, board = board_](Instant now) { return computed(ask, scope, board->board, now); }, 1s, 3s, true});
}

void BoardPage::shown(Context& context, std::size_t slot) {
  const auto* now = state<BoardState>(board_slot);
  if (slot != board_slot || !context.connected() || !now || !board_) return;
  const std::string key = fmt::format("{}#{}|{}", board_->id, board_->revision, address("/boards", filters()));
  const bool anew = !left_ || drawn_key_ != key;
  for (const PlacedTile& tile : board_->board.tiles) {
    const BuiltTile* built = now->find(tile.id);
    if (!has_chart(tile.spec.picture) || !built || !built->error.empty()) continue;
    const std::string name = fmt::format("b{}", tile.id);
    const BuiltTile* before = anew ? nullptr : left_->find(tile.id);
    if (!before || before->series.names != built->series.names || !before->error.empty()) {
      context.push_latest("chart:chart-" + name, name, board_chart(tile.spec, *built, now->as_of, length(), texts()));
    } else if (std::string change = board_chart_change(tile.spec, *before, *built, now->as_of, texts()); !change.empty()) {
      context.push_latest("chart-data:chart-" + name, name, std::move(change));
    }
  }
  if (anew) left_.reset();
  drawn_key_ = key;
  newest_ = std::make_shared<BoardState>(*now);
}

// Each step is kept at once; what could not be kept is said and changes nothing.
void BoardPage::keep(Context& context, Board wanted, bool everyone) {
  const std::string name = board_->board.name;
  auto kept = viewer().keeping.boards->change(board_->id, reader(), wanted, everyone);
  refused_ = kept ? "" : reason_of(texts(), kept.error().message);
  if (!kept) return;
  board_ = std::move(*kept);
  if (board_->board.name != name) return context.push_navigate(address(path_of(board_->board), filters()), Address::replace);
  look(context);
}

void BoardPage::save_tile(Context& context, const Form& form) {
  draft_ = draft_of(draft_->id, form);
  if (const Status good = check_tile(draft_->spec); !good) return void(draft_->error = reason_of(texts(), good.error().message));
  Board wanted = board_->board;
  if (PlacedTile* tile = wanted.find(draft_->id)) tile->spec = draft_->spec;
  else if (wanted.tiles.size() < limits::board_tiles) wanted.tiles.push_back({wanted.next_id(), draft_->spec});
  else return void(draft_->error = texts()("board.full", limits::board_tiles));
  keep(context, std::move(wanted));
  if (refused_.empty()) draft_.reset();
  else draft_->error = refused_;
}

// What changes the board; false: it was none of these.
bool BoardPage::edit_event(Context& context, const liveview::Event& event) {
  Board wanted = board_->board;
  const int id = number_in_event(event, "id");
  PlacedTile* tile = wanted.find(id);
  if (event.name == "tile_add") return draft_ = BuilderDraft{0, {"", "calls", "", {}, Picture::number, "", 3, 2}, "", ""}, true;
  if (event.name == "tile_cancel") return draft_.reset(), true;
  if (event.name == "tile_edit") return draft_ = tile ? std::optional(draft_of(*tile)) : std::nullopt, true;
  if (event.name == "tile_draft" && draft_) return draft_ = draft_of(draft_->id, event.form), true;
  if (event.name == "tile_save" && draft_) return save_tile(context, event.form), true;
  if (event.name == "board_save") {
    wanted.name = event.form.text("name");
    viewer().note(context.now(), "board saved", fmt::format("{}, {}", wanted.name, event.form.text("visibility") == "everyone" ? "seen by everyone" : "seen by its owner"));
    return keep(context, std::move(wanted), event.form.text("visibility") == "everyone"), true;
  }
  if (event.name == "reset") {
    Board first = *before_;
    return draft_.reset(), keep(context, std::move(first)), true;
  }
  if (!tile) return false;
  const auto at = wanted.tiles.begin() + (tile - wanted.tiles.data());
  if (event.name == "tile_remove") {
    if (draft_ && draft_->id == id) draft_.reset();
    wanted.tiles.erase(at);
  } else if (event.name == "tile_move" || event.name == "tile_drop") {  // by some places, or in front of another
    const PlacedTile moved = *at;
    const auto place = at - wanted.tiles.begin();
    wanted.tiles.erase(at);
    const auto before = std::ranges::find(wanted.tiles, number_in_event(event, "before"), &PlacedTile::id);
    const auto to = event.name == "tile_drop" ? before - wanted.tiles.begin()
                                              : std::clamp<std::ptrdiff_t>(place + number_in_event(event, "by"), 0, std::ptrdiff_t(wanted.tiles.size()));
    wanted.tiles.insert(wanted.tiles.begin() + to, moved);
  } else if (event.name == "tile_size") {
    tile->spec.width = std::clamp(tile->spec.width + number_in_event(event, "wider"), 1, 12);
    tile->spec.height = std::clamp(tile->spec.height + number_in_event(event, "taller"), 1, 8);
  } else {
    return false;
  }
  if (wanted != board_->board) keep(context, std::move(wanted));
  return true;
}

void BoardPage::on_event(Context& context, const liveview::Event& event) {
  if (!board_) return;
  BoardStore& boards = *viewer().keeping.boards;
  if (event.name == "wall_next" && path() == "/wall") {
    const auto all = boards.visible(reader());
    const auto at = std::ranges::find(all, board_->id, [](const BoardPtr& b) { return b->id; });
    if (all.size() < 2) return;
    Filters to = filters();
    to.board = (at == all.end() || at + 1 == all.end() ? all.front() : *(at + 1))->board.name;
    return context.push_patch(address("/wall", to), Address::replace);
  }
  if (event.name == "duplicate") {
    const auto copy = boards.add(board_->board, reader());
    if (!copy) return context.put_flash("error", reason_of(texts(), copy.error().message));
    return context.push_navigate(address(path_of((*copy)->board), filters()));
  }
  if (!own()) return;
  if (event.name == "edit") return before_ = board_->board, refused_.clear(), void();
  if (!before_) return;
  if (event.name == "done") return before_.reset(), draft_.reset(), refused_.clear(), void();
  if (event.name == "board_remove") {
    if (const Status gone = boards.remove(board_->id, reader()); !gone) return void(refused_ = reason_of(texts(), gone.error().message));
    viewer().note(context.now(), "board removed", board_->board.name);
    return context.push_navigate("/boards", Address::replace);
  }
  edit_event(context, event);
}

Node BoardPage::heading() const {
  const Texts& t = texts();
  const bool editing = before_.has_value();
  std::optional<Node> edit, more;
  const auto press = [](std::string_view event, std::string_view label) { return html<"<button type=\"button\" id=\"board-{}\" phx-click=\"{}\">{}</button>">(event, event, label); };
  if (own() && !editing) edit = press("edit", t("board.edit"));
  if (own() && editing) edit = html<"{}{}{}">(press("tile_add", t("board.add")), press("reset", t("board.reset")), press("done", t("board.done")));
  if (!own() && !viewer().person.empty()) edit = press("duplicate", t("board.duplicate"));
  if (viewer().read_only()) return html<"<header><h1>{}</h1></header>">(board_->board.name);
  if (!editing) {
    Filters to = filters();
    to.board = board_->board.name;
    more = html<"<a class=\"button\" href=\"{}/board.json\" download>JSON</a><a class=\"button\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>"
                "<a class=\"button\" href=\"/sharing\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>">(path_of(board_->board), address("/wall", to), t("board.wall"), t("tab.sharing"));
  } else {
    const bool all = board_->everyone;
    more = html<"<form id=\"board-form\" class=\"row-flex board-form\" phx-submit=\"board_save\" phx-auto-recover=\"ignore\"><label class=\"field\"><span>{}</span><input name=\"name\" value=\"{}\" required maxlength=\"{}\" autocomplete=\"off\"></label>"
                "<label class=\"field\"><span>{}</span><select name=\"visibility\"><option value=\"mine\"{}>{}</option><option value=\"everyone\"{}>{}</option></select></label>"
                "<button class=\"primary\">{}</button><button type=\"button\" class=\"danger\" phx-click=\"board_remove\" data-confirm=\"{}\">{}</button></form>">(
        t("board.name"), board_->board.name, limits::board_name_bytes, t("board.visible_to"), flag<"selected">(!all), t("board.mine"), flag<"selected">(all),
        viewer().customers.empty() ? std::string(t("board.everyone")) : t("board.everyone_of", viewer().customer()), t("board.save"), t("board.remove_sure"), t("board.remove_board"));
  }
  return html<"<header><h1>{}</h1><span class=\"spacer\"></span><div class=\"row-flex\">{}{}</div></header>">(board_->board.name, edit, more);
}

Node BoardPage::grid() const {
  const auto* now = state<BoardState>(board_slot);
  const bool editing = before_.has_value();
  const Node tiles = each(board_->board.tiles, [](const PlacedTile& tile) { return tile.id; }, [&](const PlacedTile& tile) {
    return board_tile({.tile = tile, .state = now ? now->find(tile.id) : nullptr, .as_of = now ? now->as_of : Instant{}, .editing = editing, .filters = filters(), .texts = texts()});
  });
  std::optional<Node> nothing;
  if (board_->board.tiles.empty()) nothing = html<"<section class=\"tile w-12 h-2 empty\"><p class=\"why\">{}</p></section>">(texts()(own() ? "board.no_tiles_own" : "board.no_tiles"));
  return html<"<div class=\"grid board{}\" id=\"board-grid\" phx-hook=\"Board\" aria-busy=\"{}\">{}{}</div>">(editing ? " editing" : "", fresh(board_slot) ? "false" : "true", tiles, nothing);
}

Node BoardPage::body(const Context&) {
  left_ = newest_;  // this render leaves together with what was pushed
  const Texts& t = texts();
  if (!board_)
    return html<"<header><h1>{}</h1></header><section class=\"tile w-12 h-2 empty\" id=\"no-board\"><p class=\"why\">{}</p><p class=\"actions\"><a class=\"button\" href=\"/boards\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></p></section>">(
        t("board.none"), t("board.none_why"), t("board.all"));
  std::optional<Node> form, refused, wall;
  if (draft_) form = component("builder", builder(*draft_, t));
  if (!refused_.empty()) refused = html<"<p class=\"flash error\" role=\"alert\" id=\"refused\">{}</p>">(refused_);
  if (path() == "/wall") wall = html<"<div id=\"wall\" phx-hook=\"Wall\" data-every=\"20\"></div>">();
  return html<"{}{}{}{}{}">(heading(), refused, form, grid(), wall);
}

BoardPtr SharedBoardPage::board_of(const Location&) {
  return viewer().share && viewer().keeping.boards ? viewer().keeping.boards->by_id(viewer().share->board) : nullptr;
}

BoardPtr WallPage::board_of(const Location&) {
  if (!viewer().keeping.boards) return nullptr;
  const BoardReader reader{viewer().person, viewer().customer()};
  if (!filters().board.empty()) return viewer().keeping.boards->find(filters().board, reader);
  const auto all = viewer().keeping.boards->visible(reader);
  return all.empty() ? nullptr : all.front();
}

}  // namespace aybiza::dashboard
