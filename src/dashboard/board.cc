#include "dashboard/board.h"

#include <algorithm>

#include "auth/watched_file.h"
#include "dashboard/page_limits.h"
#include "liveview/json.h"

namespace aybiza::dashboard {
namespace {

using liveview::Json;
using liveview::JsonWriter;

constexpr std::string_view tile_members[] = {"id", "title", "formula", "by", "where", "picture", "format", "width", "height"};
constexpr std::string_view board_members[] = {"version", "name", "tiles"};
constexpr std::string_view formats[] = {"", "number", "share", "ms", "usd"};

std::string picture_words() {
  std::string out;
  for (const Picture picture : all_pictures) out += (out.empty() ? "" : ", ") + std::string(to_string(picture));
  return out;
}

Status known_members(const Json& json, std::span<const std::string_view> known, std::string_view where) {
  for (const auto& [name, value] : *json.object())
    if (std::ranges::find(known, name) == known.end()) return fail(Code::invalid, "{}{}: is not a member here; known are {}", where, name, fmt::join(known, ", "));
  return {};
}

// The member's text; "" when absent.
Result<std::string> text_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  if (!value || value->is_null()) return std::string();
  if (!value->is_text()) return fail(Code::invalid, "{}: is not a text; write it in quotes", name);
  return std::string(value->text());
}

Result<int> size_of(const Json& json, std::string_view name, int otherwise) {
  const Json* value = json.find(name);
  if (!value) return otherwise;
  const auto* number = std::get_if<std::int64_t>(&value->value());
  if (!number || *number < 0 || *number > 1'000'000) return fail(Code::invalid, "{}: is not a whole number", name);
  return int(*number);
}

Result<PlacedTile> tile_of(const Json& json) {
  if (!json.object()) return fail(Code::invalid, "is not an object; write {{\"formula\":\"calls\",\"picture\":\"number\"}}");
  AYBIZA_TRY(known_members(json, tile_members, ""));
  PlacedTile tile;
  std::string picture;
  for (const auto& [name, into] : {std::pair{"title", &tile.spec.title}, {"formula", &tile.spec.formula}, {"by", &tile.spec.by}, {"picture", &picture}, {"format", &tile.spec.format}}) {
    auto text = text_of(json, name);
    if (!text) return std::unexpected(text.error());
    *into = std::move(*text);
  }
  const auto known = picture.empty() ? std::optional(Picture::number) : parse_picture(picture);
  if (!known) return fail(Code::invalid, "picture: '{}' is not a picture; write {}", picture, picture_words());
  tile.spec.picture = *known;
  for (const auto& [name, into] : {std::pair{"id", &tile.id}, {"width", &tile.spec.width}, {"height", &tile.spec.height}}) {
    const auto number = size_of(json, name, *into);
    if (!number) return std::unexpected(number.error());
    *into = *number;
  }
  if (const Json* where = json.find("where")) {
    if (!where->array()) return fail(Code::invalid, "where: is not a list; write [\"region:eu-west-1\"]");
    for (const Json& filter : *where->array()) {
      if (!filter.is_text()) return fail(Code::invalid, "where: a filter is a text; write \"region:eu-west-1\"");
      tile.spec.where.emplace_back(filter.text());
    }
  }
  AYBIZA_TRY(check_tile(tile.spec));
  return tile;
}

void write_tile(JsonWriter& json, const PlacedTile& tile) {
  json.begin_object().key("id").integer(tile.id).field("title", tile.spec.title).field("formula", tile.spec.formula).field("picture", to_string(tile.spec.picture));
  if (!tile.spec.by.empty()) json.field("by", tile.spec.by);
  if (!tile.spec.where.empty()) {
    json.key("where").begin_array();
    for (const std::string& filter : tile.spec.where) json.text(filter);
    json.end_array();
  }
  if (!tile.spec.format.empty()) json.field("format", tile.spec.format);
  json.key("width").integer(tile.spec.width).key("height").integer(tile.spec.height).end_object();
}

}  // namespace

PlacedTile* Board::find(int id) {
  const auto at = std::ranges::find(tiles, id, &PlacedTile::id);
  return at == tiles.end() ? nullptr : &*at;
}

int Board::next_id() const {
  int most = 0;
  for (const PlacedTile& tile : tiles) most = std::max(most, tile.id);
  return most + 1;
}

std::string to_json(const Board& board) {
  JsonWriter json;
  json.begin_object().key("version").integer(1).field("name", board.name).key("tiles").begin_array();
  for (const PlacedTile& tile : board.tiles) write_tile(json, tile);
  return json.end_array().end_object().str();
}

Status check_board_name(std::string_view name) {
  if (name.empty() || name.front() == ' ' || name.back() == ' ' || !auth::line_text(name, limits::board_name_bytes))
    return fail(Code::invalid, "name: is 1 to {} bytes without control characters, and begins and ends with no space", limits::board_name_bytes);
  if (name.find('/') != name.npos) return fail(Code::invalid, "name: holds a '/', which an address cannot; write another character");
  return {};
}

Status check_tile(const TileSpec& spec) {
  if (!auth::line_text(spec.title, limits::board_title_bytes)) return fail(Code::invalid, "title: is at most {} bytes without control characters", limits::board_title_bytes);
  if (spec.where.size() > limits::board_filters) return fail(Code::too_large, "where: at most {} filters in a tile", limits::board_filters);
  for (const std::string& filter : spec.where)
    if (!auth::line_text(filter, limits::board_filter_bytes)) return fail(Code::invalid, "where: a filter is at most {} bytes without control characters", limits::board_filter_bytes);
  if (spec.width < 1 || spec.width > 12) return fail(Code::invalid, "width: {} is not a width; write 1 to 12 columns", spec.width);
  if (spec.height < 1 || spec.height > 8) return fail(Code::invalid, "height: {} is not a height; write 1 to 8 rows", spec.height);
  if (std::ranges::find(formats, spec.format) == std::end(formats)) return fail(Code::invalid, "format: '{}' is not a format; write number, share, ms or usd, or leave it out", spec.format);
  const auto formula = checked_tile(spec);
  if (!formula) return fail(Code::invalid, "{}: {}", formula.error().parameter == "select" ? "formula" : formula.error().parameter, formula.error().message);
  return {};
}

Result<Board> parse_board(std::string_view text) {
  if (text.size() > limits::board_bytes) return fail(Code::too_large, "a board is at most {} bytes of JSON, this is {}", limits::board_bytes, text.size());
  const auto json = liveview::parse_json(text);
  if (!json) return fail(Code::invalid, "this is not JSON: {}", json.error().message);
  if (!json->object()) return fail(Code::invalid, "a board is an object; write {{\"version\":1,\"name\":\"…\",\"tiles\":[…]}}");
  AYBIZA_TRY(known_members(*json, board_members, ""));
  if ((*json)["version"].integer() != 1) return fail(Code::unsupported, "version: is not 1; this program reads version 1");
  auto name = text_of(*json, "name");
  if (!name) return std::unexpected(name.error());
  AYBIZA_TRY(check_board_name(*name));
  Board board{std::move(*name), {}};
  const Json::Array* tiles = (*json)["tiles"].array();
  if (!tiles) return fail(Code::invalid, "tiles: is not a list; write [] for a board without tiles");
  if (tiles->size() > limits::board_tiles) return fail(Code::too_large, "tiles: at most {} on a board, these are {}", limits::board_tiles, tiles->size());
  for (std::size_t i = 0; i < tiles->size(); ++i) {
    auto tile = tile_of((*tiles)[i]);
    if (!tile) return fail(tile.error().code, "tiles[{}].{}", i, tile.error().message);
    if (tile->id == 0 || board.find(tile->id)) tile->id = board.next_id();
    board.tiles.push_back(std::move(*tile));
  }
  return board;
}

Board starter_board(std::string_view name) {
  const auto tile = [](int id, std::string title, std::string formula, std::string by, Picture picture, int width, int height) {
    return PlacedTile{id, {std::move(title), std::move(formula), std::move(by), {}, picture, "", width, height}};
  };
  return {std::string(name), {tile(1, "Calls", "calls", "", Picture::number, 3, 2), tile(2, "Success rate", "success_rate", "", Picture::number, 3, 2),
                              tile(3, "Spend", "cost_usd", "", Picture::number, 3, 2), tile(4, "Errors per call", "errors / calls", "", Picture::number, 3, 2),
                              tile(5, "Calls over time", "calls", "", Picture::line, 6, 4), tile(6, "Calls by region", "calls", "region", Picture::bar, 6, 4)}};
}

}  // namespace aybiza::dashboard
