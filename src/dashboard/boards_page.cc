#include "dashboard/boards_page.h"

#include "dashboard/page_limits.h"
#include "dashboard/reasons.h"
#include "liveview/text.h"

namespace aybiza::dashboard {

using namespace liveview;

void BoardsPage::on_event(Context& context, const liveview::Event& event) {
  if ((event.name != "board_new" && event.name != "board_import") || !viewer().keeping.boards) return;
  json_ = event.form.text("json");
  auto wanted = event.name == "board_import" ? parse_board(json_) : Result<Board>(starter_board(event.form.text("name")));
  const auto made = wanted ? viewer().keeping.boards->add(*wanted, reader()) : Result<BoardPtr>(std::unexpected(wanted.error()));
  if (!made) return void(refused_ = reason_of(texts(), made.error().message));
  viewer().note(context.now(), "board made", (*made)->board.name);
  context.push_navigate(address("/boards/" + percent_encoded((*made)->board.name), filters()));
}

Node BoardsPage::list(const std::vector<BoardPtr>& boards) const {
  const Texts& t = texts();
  if (boards.empty()) return html<"<section class=\"tile w-12 h-2 empty\"><p class=\"why\">{}</p></section>">(t("boards.empty"));
  const Node body = rows(boards, [](const BoardPtr& b) { return b->id; }, [&](const BoardPtr& b) {
    const std::string_view whose = !reader().owns(*b) ? "boards.others" : b->everyone ? "boards.mine_shown" : "board.mine";
    return html<"<tr><th scope=\"row\"><a class=\"row\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></th><td>{}</td><td class=\"num\">{}</td></tr>">(
        address("/boards/" + percent_encoded(b->board.name), filters()), b->board.name, t(whose), b->board.tiles.size());
  });
  return html<"<div class=\"scroll table-card\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"rows\" id=\"boards\"><caption class=\"sr\">{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th>"
              "<th scope=\"col\" class=\"num\">{}</th></tr></thead><tbody>{}</tbody></table></div>">(t("tab.boards"), t("tab.boards"), t("board.name"), t("boards.whose"), t("boards.tiles"), body);
}

Node BoardsPage::body(const Context&) {
  const Texts& t = texts();
  const auto boards = viewer().keeping.boards ? viewer().keeping.boards->visible(reader()) : std::vector<BoardPtr>();
  std::optional<Node> refused, wall, making;
  if (!refused_.empty()) refused = html<"<p class=\"flash error\" role=\"alert\" id=\"refused\">{}</p>">(refused_);
  if (!boards.empty()) wall = html<"<a class=\"button\" href=\"{}\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a>">(address("/wall", filters()), t("board.wall"));
  if (!viewer().person.empty())
    making = html<"<section class=\"tile stack making\" aria-labelledby=\"new-title\"><h2 id=\"new-title\">{}</h2><form id=\"board-new\" class=\"row-flex\" phx-submit=\"board_new\" phx-auto-recover=\"ignore\">"
                  "<label class=\"field\"><span>{}</span><input name=\"name\" required maxlength=\"{}\" autocomplete=\"off\"></label><button class=\"primary\">{}</button></form>"
                  "<details id=\"import\"><summary>{}</summary><form class=\"stack\" phx-submit=\"board_import\" phx-auto-recover=\"ignore\"><label class=\"field\"><span>{}</span><textarea name=\"json\" rows=\"6\" spellcheck=\"false\" required maxlength=\"{}\">{}</textarea></label>"
                  "<p class=\"actions\"><button>{}</button></p></form></details></section>">(
        t("boards.new"), t("board.name"), limits::board_name_bytes, t("boards.make"), t("boards.import"), t("boards.json"), limits::board_bytes, json_, t("boards.make"));
  return html<"<header><h1>{}</h1><span class=\"spacer\"></span>{}<a class=\"button\" href=\"/sharing\" data-phx-link=\"redirect\" data-phx-link-state=\"push\">{}</a></header>{}<div id=\"boards-page\" aria-busy=\"false\">{}</div>{}">(
      t("tab.boards"), wall, t("tab.sharing"), refused, list(boards), making);
}

}  // namespace aybiza::dashboard
