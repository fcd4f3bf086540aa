// Tiles of the tabs are moved where they stand, by pointer and by keys, for whoever moved them, in every browser; who reads by a link moves nothing.
import { spawnSync } from "node:child_process";
import { Server, binary, callEvents, check, finish, launch, open, patience, settled, until, violations } from "./lib.mjs";

const server = new Server();
const browser = await launch();
// Names in the order in which the tiles are seen.
const seen = wanted => {
  const names = [...document.querySelectorAll("#overview > .tile")].map((el, i) => [+getComputedStyle(el).order, i, el.id.slice(5)]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(one => one[2]);
  return wanted ? names.join() === wanted : names;
};
const shown = page => page.evaluate(seen);
const ordered = (page, wanted) => until(page, seen, wanted.join());
const middle = async (page, id) => { const box = await page.locator(id).boundingBox(); return [box.x + box.width / 2, box.y + box.height / 2]; };
async function drag(page, grip, to) {
  await page.mouse.move(...await middle(page, grip));
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 8 });
  await page.mouse.up();
}

try {
  await server.start();
  for (let i = 0; i < 8; i++) await server.post(callEvents({ ago_s: 600 - i * 40 }).events);
  const { page, problems } = await open(browser, `${server.url}/`);
  await settled(page);
  const came = await shown(page);
  check("the tiles stand as they came", came[0] === "active_agents" && came.length === 15, came.join());
  check("no grip is in the way before", await page.locator("#overview .grip:visible").count() === 0);
  await page.click("#arrange");
  check("the button shows a grip on each tile", await page.locator("#overview .grip:visible").count() === came.length && await page.getAttribute("#arrange", "aria-pressed") === "true");
  const against = await violations(page);
  check("and keeps nobody out", against.length === 0, JSON.stringify(against));

  const before = await page.locator("#tile-active_calls").boundingBox();
  await drag(page, "#grip-spend_today_usd", [before.x + 12, before.y + before.height / 2]);
  const first = ["active_agents", "spend_today_usd", ...came.filter(name => !["active_agents", "spend_today_usd"].includes(name))];
  await ordered(page, first);
  check("a tile is dragged in front of another", true);
  const after = await page.locator("#tile-calls_today").boundingBox();
  await drag(page, "#grip-active_agents", [after.x + after.width - 12, after.y + after.height / 2]);
  const second = ["spend_today_usd", "active_calls", "calls_today", "active_agents", ...first.slice(4)];
  await ordered(page, second);
  check("and behind another", true);

  await page.focus("#grip-active_agents");
  await page.keyboard.press("ArrowLeft");
  const third = ["spend_today_usd", "active_calls", "active_agents", "calls_today", ...second.slice(4)];
  await ordered(page, third);
  await page.keyboard.press("ArrowLeft");
  const fourth = ["spend_today_usd", "active_agents", "active_calls", "calls_today", ...second.slice(4)];
  await ordered(page, fourth);
  check("arrow keys move it, and it keeps the focus", await page.evaluate(() => document.activeElement.id) === "grip-active_agents");
  await until(page, () => document.querySelectorAll("link[href^='/preferences.css']").length === 1);  // the old one goes when the new one has come
  check("one style sheet says the order", true);

  await page.reload();
  await settled(page);
  check("the order is there after a reload", (await shown(page)).join() === fourth.join(), (await shown(page)).join());
  check("and the grips are away", await page.locator("#overview .grip:visible").count() === 0);
  const settings = await open(browser, `${server.url}/settings`);
  const listed = await settings.page.$$eval("#order-overview input", all => all.map(box => box.value));
  check("another browser's settings list it so", listed.slice(0, 4).join() === fourth.slice(0, 4).join(), listed.join());
  await settings.page.context().close();

  // A tab where one goes from here: its own order, and the grips stay.
  await page.keyboard.press("m");
  await page.click("nav.tabs a[href^='/costs']");
  await page.waitForSelector("#costs-page #grip-cost_map", { state: "visible", timeout: patience });
  check("the grips stay while one goes on", await page.getAttribute("#arrange", "aria-pressed") === "true");
  await page.click("nav.tabs a[href='/'], nav.tabs a[href^='/?']");
  await page.waitForSelector("#overview #grip-volume", { state: "visible", timeout: patience });
  await page.click("#arrange-reset");
  await ordered(page, came);
  check("all of them go back", true);
  await page.keyboard.press("m");
  check("the key puts the grips away", await page.locator("#overview .grip:visible").count() === 0);
  check("the page is clean", problems.length === 0, JSON.stringify(problems));

  // Who came by a link has nothing to press; what their browser sends all the same moves nothing, and is no error.
  const made = spawnSync(binary, ["share", "create", "--data", server.data, "--page", "/", "--customer", "acme"], { encoding: "utf8" });
  const guest = await open(browser, server.url + /\/shared\/\S+/.exec(made.stdout)[0]);
  await settled(guest.page);
  check("a link's page has no button to move tiles", await guest.page.locator("#arrange, #arrange-reset").count() === 0 && await guest.page.locator("#overview .grip:visible").count() === 0);
  await guest.page.evaluate(() => new Promise(done => window.liveSocket.main.pushWithReply(null, "event", { type: "hook", event: "tile_place", value: { tile: "volume", before: "active_agents" } }).then(done, done)));
  check("and moves none", (await shown(guest.page)).join() === came.join() && guest.problems.length === 0, JSON.stringify(guest.problems));
  await page.reload();
  await settled(page);
  check("for nobody", (await shown(page)).join() === came.join());
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
