// Boards, the wall, settings and links in a real browser against the real program: each figure is the API's, each step is kept.
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { Server, binary, callEvents, charted, check, closeTable, connected, finish, launch, open, openTable, patience, until, violations } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const figure = async parameters => { const answer = await server.query({ window: "1h", ...parameters }); return answer.rows[0]?.[answer.columns.length - 1]; };
const close = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
const fits = page => page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(document.documentElement.scrollWidth <= document.documentElement.clientWidth)))));
const tiles = page => page.$$eval("#board-grid > [data-tile]", list => list.map(el => +el.dataset.tile));
const order = (page, wanted) => until(page, w => [...document.querySelectorAll("#board-grid > [data-tile]")].map(el => +el.dataset.tile).join() === w, wanted.join());
const ready = page => page.waitForSelector("#board-grid[aria-busy=false]", { timeout: patience });
const value = (page, id) => page.$eval(`#tile-b${id} data.num`, el => +el.getAttribute("value"));
const picture = async (page, name) => process.env.AYBIZA_PICTURES && page.screenshot({ path: `${process.env.AYBIZA_PICTURES}/${name}.png` });
const saved = async (page, press) => { const [file] = await Promise.all([page.waitForEvent("download"), press()]); return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) }; };

try {
  await server.start();
  for (let i = 0; i < 30; i++)
    await server.post(callEvents({ ago_s: 1500 - i * 10, customer: i % 3 ? "acme" : "globex", region: i % 5 ? "eu-west-1" : "us-east-1", over: { error_count: i % 4 === 0 ? 2 : 0, call_outcome: i % 2 ? "successful" : "failed" } }).events);
  await server.query({ select: "calls", window: "1h", source: "store" });

  // A board is made and shows what the API answers.
  const { page, problems } = await open(browser, `${server.url}/boards`);
  await page.fill("#board-new input[name=name]", "Night shift");
  await page.click("#board-new button");
  await page.waitForURL("**/boards/Night%20shift");
  await ready(page);
  await until(page, () => document.querySelectorAll("#board-grid .loading").length === 0);
  check("a number is the API's", close(await value(page, 1), await figure({ select: "calls" })), `${await value(page, 1)}`);
  check("a formula is computed of the API's figures", close(await value(page, 4), (await figure({ select: "errors" })) / (await figure({ select: "calls" }))), `${await value(page, 4)}`);
  for (const id of [5, 6]) check(`chart ${id} is drawn`, await page.waitForSelector(`#chart-b${id} canvas`, { timeout: patience }).then(() => true, () => false));
  await picture(page, "board-1440-light");

  // A tile is built; what cannot be asked says why.
  await page.click("#board-edit");
  await page.click("#board-tile_add");
  await page.fill("#builder-form input[name=formula]", "errors / ");
  await page.click("#builder-form button.primary");
  check("a formula that ends too early says so", (await page.waitForSelector("#builder-error")) && (await page.textContent("#builder-error")).includes("formula: at character 10"), await page.textContent("#builder-error"));
  await page.fill("#builder-form input[name=formula]", "errors / calls * 100");
  await page.fill("#builder-form input[name=title]", "Errors by region");
  await page.selectOption("#builder-form select[name=picture]", "table");
  await page.selectOption("#builder-form select[name=by]", "region");
  await page.fill("#builder-form textarea[name=where]", "customer_id:acme");
  await picture(page, "builder-1440-light");
  await page.click("#builder-form button.primary");
  await page.waitForSelector("#tile-b7 tbody tr", { timeout: patience });
  const answer = await server.query({ select: "errors,calls", by: "region", window: "1h", where: "customer_id:acme" });
  const shown = Object.fromEntries(await page.$$eval("#tile-b7 tbody tr", rows => rows.map(row => [row.cells[0].textContent.trim(), +row.querySelector("data").getAttribute("value")])));
  for (const [region, errors, calls] of answer.rows) check(`errors in ${region} are the API's`, close(shown[region], (errors / calls) * 100), JSON.stringify(shown));

  // Moved by keys, by button and by pointer; resized; reset.
  await page.focus("#grip-7");
  await page.keyboard.press("ArrowLeft");
  await order(page, [1, 2, 3, 4, 5, 7, 6]);
  await page.keyboard.press("ArrowLeft");
  await order(page, [1, 2, 3, 4, 7, 5, 6]);
  check("arrow keys move a tile, and it keeps the focus", await page.evaluate(() => document.activeElement.id) === "grip-7");
  await page.keyboard.press("Shift+ArrowRight");
  await page.waitForSelector("#tile-b7.w-4");
  check("Shift and an arrow make it wider", true);
  const [from, to] = [await page.locator("#grip-4").boundingBox(), await page.locator("#tile-b1").boundingBox()];
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x + 20, to.y + 40, { steps: 6 });
  await page.mouse.up();
  await order(page, [4, 1, 2, 3, 7, 5, 6]);
  check("a tile is dragged in front of another", true);
  await picture(page, "editing-1440-light");
  await page.click("#tile-b4 [phx-click=tile_remove]");
  await order(page, [1, 2, 3, 7, 5, 6]);
  await page.reload();
  await connected(page);
  await ready(page);
  check("what was changed is kept", (await tiles(page)).join() === "1,2,3,7,5,6");
  await page.click("#board-edit");
  await page.click("#tile-b1 [phx-click=tile_remove]");
  await order(page, [2, 3, 7, 5, 6]);
  await page.click("#board-reset");
  await order(page, [1, 2, 3, 7, 5, 6]);
  check("reset goes back to where editing began", true);
  await page.click("#board-done");

  // Taken away: CSV, PNG, JSON.
  await page.waitForSelector("#tile-b7 tbody tr", { timeout: patience });
  const csv = await saved(page, () => page.click("#tile-b7 [data-give=csv]"));
  const lines = csv.bytes.toString("utf8").replace("\ufeff", "").trim().split("\r\n").map(line => line.split(","));
  check("the CSV has the tile's figures", csv.name === "errors-by-region.csv" && lines.length === answer.rows.length + 1 && lines.slice(1).every(([region, errors]) => close(+errors, shown[region])), JSON.stringify(lines));
  await page.locator("#tile-b6").scrollIntoViewIfNeeded();
  await charted(page);
  await openTable(page, "b6");
  const png = await saved(page, () => page.click("#tile-b6 [data-give=png]"));
  check("the PNG is a picture", png.name === "calls-by-region.png" && png.bytes.subarray(1, 4).toString() === "PNG" && png.bytes.length > 2000, `${png.name} ${png.bytes.length}`);
  await closeTable(page, "b6");
  const json = await saved(page, () => page.click("a[href$='board.json']"));
  const board = JSON.parse(json.bytes);
  check("the JSON is the board", board.name === "Night shift" && board.tiles.map(tile => tile.id).join() === "1,2,3,7,5,6", json.bytes.toString());

  // Back in, under another name; with an error it says which and why.
  await page.goto(`${server.url}/boards`);
  await connected(page);
  await page.click("#import summary");
  await page.fill("#import textarea", JSON.stringify({ ...board, name: "Day", tiles: [{ formula: "calls", picture: "pye" }] }));
  await page.click("#import button");
  await page.waitForSelector("#refused");
  check("an import names member, reason and remedy", (await page.textContent("#refused")).startsWith("tiles[0].picture: 'pye' is not a picture; write number"), await page.textContent("#refused"));
  await page.fill("#import textarea", JSON.stringify({ ...board, name: "Day" }));
  await page.click("#import button");
  await page.waitForURL("**/boards/Day");
  await ready(page);
  check("an import is a board", (await tiles(page)).join() === "1,2,3,7,5,6");

  // Neither here nor there.
  const lost = await page.goto(`${server.url}/boards/Nowhere`);
  check("a board that is not there is 404", lost.status() === 404 && (await page.textContent("h1")) === "No such board");

  // The wall.
  await page.goto(`${server.url}/wall`);
  await connected(page);
  await page.waitForSelector("h1:has-text('Day')");
  await page.evaluate(() => liveSocket.execJS(document.getElementById("board-grid"), '[["push",{"event":"wall_next"}]]'));
  await page.waitForSelector("h1:has-text('Night shift')");
  check("the wall goes on to the next board, without header and tabs", await page.locator("nav.tabs").isHidden() && await page.locator("header.top").isHidden());
  await picture(page, "wall-1440-light");

  // A page taken away, as its address says; a report of it.
  await page.goto(`${server.url}/costs?range=24h&customer=acme`);
  await connected(page);
  await page.click("button[popovertarget=give]");
  const links = await page.$$eval("#give a", all => all.map(a => a.getAttribute("href")));
  check("the header offers the page as a file, with its filters", links.join() === ["pdf", "png"].map(kind => `/give/page.${kind}?of=${encodeURIComponent("/costs?range=24h&customer=acme")}`).join(), links.join());
  await picture(page, "give-1440-light");
  const files = await page.evaluate(async ({ links, patience }) => {
    const until = Date.now() + patience, give = async href => {
      const answer = await fetch(href);
      if (answer.status === 503 && Date.now() < until) return answer.arrayBuffer().then(() => give(href));  // not drawn in time, on a loaded machine
      return [answer.status, answer.headers.get("content-type"), (await answer.arrayBuffer()).byteLength];
    };
    return Promise.all(links.map(give));
  }, { links, patience });
  check("and gives it", files.every(([status, , bytes]) => status === 200 && bytes > 10_000) && files.map(([, type]) => type).join() === "application/pdf,image/png", JSON.stringify(files));
  await page.goto(`${server.url}/sharing`);
  await connected(page);
  await page.fill("#report-form input[name=name]", "Every morning");
  await page.fill("#report-form input[name=to]", "ada@example.com, nobody");
  await page.selectOption("#report-form select[name=place]", { label: "Board: Night shift" });
  await page.click("#report-form button.primary");
  await page.waitForSelector("#report-refused");
  check("a report to no address says so", (await page.textContent("#report-refused")).includes("'nobody' is not a mail address"));
  await page.fill("#report-form input[name=to]", "ada@example.com, bob@example.com");
  await page.click("#report-form button.primary");
  await page.waitForSelector("#reports tbody tr");
  check("a report is there, and when it comes", /Every morning.*\/boards\/Night%20shift\?range=24h.*ada@example\.com, bob@example\.com.*07:00 Monday to Friday/s.test(await page.textContent("#reports tbody")), await page.textContent("#reports tbody"));
  check("without a mail server it says what is missing", (await page.textContent("#no-mail-server")).includes("--smtp-url") && await page.locator("[phx-click=report_send]").count() === 0);
  await page.click("[phx-click=report_switch]");
  await page.waitForSelector("[phx-click=report_switch]:has-text('Switch on')");
  await picture(page, "reports-1440-light");
  await page.click("[phx-click=report_remove]");
  await page.waitForSelector("#reports", { state: "detached" });

  // Settings: by keyboard alone, kept on the server, there at first paint.
  await page.goto(server.url);
  await connected(page);
  await page.keyboard.press("?");
  check("the question mark shows the keys", await page.$eval("#help", d => d.open && d.textContent.includes("Settings")));
  await page.keyboard.press("Escape");
  await until(page, () => !document.querySelector("#help").open && document.activeElement === document.body);
  await page.keyboard.press(",");
  await page.waitForURL("**/settings");
  await page.waitForSelector("#settings");
  await page.selectOption("#settings select[name=theme]", "dark");
  await page.selectOption("#settings select[name=language]", "de");
  await page.selectOption("#settings select[name=density]", "compact");
  await page.selectOption("#settings select[name=range]", "24h");
  await page.click("#tiles-overview summary");
  await page.uncheck("input[value=volume]");
  await picture(page, "settings-1440-light");
  await Promise.all([page.waitForNavigation(), page.click("#settings button.primary")]);
  await page.waitForSelector("h1:has-text('Einstellungen')");
  const fresh = await open(browser, server.url);
  const first = await (await fetch(server.url)).text();
  check("they are in the document before any script", /<html lang="de" data-density="compact" data-theme="dark"/.test(first) && first.includes("/preferences.css?v="));
  check("a hidden tile is not there, the others are", await fresh.page.locator("#tile-volume").isHidden() && await fresh.page.locator("#tile-latency").isVisible());
  check("the usual range is taken", (await fresh.page.textContent("nav.range a[aria-current]")) === "24 h");
  check("the tabs are German", (await fresh.page.textContent("nav.tabs")).includes("Kosten"));
  await fresh.page.click("#theme");
  await until(fresh.page, () => document.documentElement.dataset.theme === "light");
  await until(fresh.page, async () => (await (await fetch("/")).text()).includes('data-theme="light"'));
  check("the button's theme is kept as well", true);
  await page.goto(`${server.url}/settings`);
  await connected(page);
  await Promise.all([page.waitForNavigation(), page.click("[phx-click=reset_settings]")]);
  await page.waitForSelector("h1:has-text('Settings')");

  // Links: a page without a sign-in, and nothing but it; revoked, its socket is closed and the page is gone.
  await page.goto(`${server.url}/sharing`);
  await connected(page);
  await page.selectOption("#share-form select[name=place]", { label: "Board: Night shift" });
  await page.fill("#share-form input[name=customer]", "globex");
  await page.fill("#share-form input[name=origins]", "https://intranet.example");
  await page.click("#share-form button.primary");
  await page.waitForSelector("#made-link");
  const path = await page.getAttribute("#made-link", "href");
  await picture(page, "sharing-1440-light");
  const answerOf = await fetch(server.url + path);
  check("only the named origin may embed it", answerOf.headers.get("content-security-policy").includes("frame-ancestors https://intranet.example") && (await fetch(server.url)).headers.get("content-security-policy").includes("frame-ancestors 'none'"));
  check("no cookie is needed", answerOf.headers.get("set-cookie") === null);
  const guest = await open(browser, server.url + path);
  await ready(guest.page);
  await until(guest.page, () => document.querySelectorAll("#board-grid .loading").length === 0);
  check("the link shows its customer's figures", close(await value(guest.page, 1), await figure({ select: "calls", where: "customer_id:globex", window: "24h" })), `${await value(guest.page, 1)}`);
  check("and nothing to press or to go to", await guest.page.locator("nav.tabs, #board-edit, form, #filters").count() === 0);
  await picture(guest.page, "shared-1440-light");
  const id = spawnSync(binary, ["share", "list", "--data", server.data], { encoding: "utf8" }).stdout.split(/\s+/)[0];
  const revoked = spawnSync(binary, ["share", "revoke", id, "--data", server.data], { encoding: "utf8" });
  check("the command line revokes it", revoked.status === 0, revoked.stderr);
  await guest.page.waitForSelector("h1:has-text('No such page')", { timeout: patience });
  check("its socket is closed and the page is gone", (await fetch(server.url + path)).status === 404);

  for (const colorScheme of ["light", "dark"])
    for (const at of ["/boards", "/boards/Night%20shift", "/settings", "/sharing", "/", "/costs", "/calls", "/conversations"]) {
      const other = await open(browser, server.url + at, { colorScheme });
      await other.page.waitForSelector("[aria-busy=false], #settings", { timeout: patience });
      if (at.startsWith("/boards/")) await other.page.click("#board-edit"), await other.page.waitForSelector(".handles");
      for (const width of [360, 390, 1440]) {
        await other.page.setViewportSize({ width, height: 900 });
        check(`${at} fits ${width} px, ${colorScheme}`, await fits(other.page));
        if (width !== 360) await picture(other.page, `see${at.replaceAll(/[/%]/g, "-")}-${width}-${colorScheme}`);
      }
      const against = await violations(other.page);
      check(`no accessibility violation on ${at}, ${colorScheme}`, against?.length === 0, JSON.stringify(against));
      check(`${at} is clean, ${colorScheme}`, other.problems.length === 0, JSON.stringify(other.problems));
      await other.page.context().close();
    }
  check("no error and nothing refused by the CSP", [...problems, ...guest.problems, ...fresh.problems].length === 0, JSON.stringify([problems, guest.problems, fresh.problems]));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
