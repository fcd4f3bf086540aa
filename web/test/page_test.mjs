// Drives the bundles in Chromium under the product's own CSP, with the server's side of the protocol played here.
//   node web/test/page_test.mjs <folder of the bundles>
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { check, chromiumPath, finish, launch, livePage, patience } from "./lib.mjs";

const assets = process.argv[2] ?? "build/web";
if (!chromiumPath) { console.log("skipped: no Chromium (script/bootstrap browser)"); process.exit(77); }
const browser = await launch();
const tile = (id, more) => `<section class="tile w-3 h-2" id="${id}" aria-labelledby="h-${id}"><header><h2 id="h-${id}">${id}</h2>
  <button class="info" popovertarget="def-${id}" aria-label="Definition of ${id}">i</button><div id="def-${id}" class="def" popover><p>Calls now.</p><code>count</code></div></header>${more}</section>`;
const value = at => `<div class="value"><data class="num" value="8412">8 412</data><span class="unit">calls</span><span class="trend good">▲ 3.1 %</span></div>
  <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true"><path class="area" d="M0 24L0 9L50 4L100 12L100 24Z"/><path class="line" d="M0 9L50 4L100 12"/></svg>
  <footer><span class="age" data-at="${at}"></span><span class="n">n 1 204</span><span class="tag ai">AI</span></footer>`;
const frame = body => `<a class="skip" href="#main">Skip to content</a>
  <header class="top"><a class="brand" href="/">AYBIZA</a><button class="live" aria-pressed="true"><span class="dot"></span>Live</button><span class="spacer"></span>
  <label class="field"><span>Find</span> <input type="search" id="search" name="q"></label><button id="theme" class="icon" phx-hook="Theme" aria-label="Theme">◐</button></header>
  <nav class="tabs" aria-label="Pages"><a href="/" aria-current="page">Overview</a><a href="/agents">Agents</a></nav>
  <div id="pulse" phx-hook="Pulse" phx-update="ignore"></div><div id="keys" phx-hook="Hotkeys"></div>
  <dialog id="help" aria-labelledby="hh"><h2 id="hh">Keys</h2><form method="dialog"><button>Close</button></form></dialog>
  <main class="page" id="main"><h1>Overview</h1><div class="grid">${body}</div><p><span class="status good">fine</span> <span class="status warn">slow</span> <span class="status bad">down</span></p></main>
  <div class="offline" role="status">Reconnecting…</div>`;
const chart = (id, more = "") => `<div id="${id}" class="chart" phx-hook="Chart" phx-update="ignore" role="img" aria-label="${id}" ${more}></div>`;

const now = Date.now();
const view = frame(tile("calls", value(now)) + tile("old", value(now - 5000)) + tile("older", value(now - 60000)) +
  tile("volume", chart("c-volume")).replace("w-3 h-2", "w-6 h-4") + tile("mood", chart("c-mood")) + tile("world", chart("c-world", 'data-map="world"')) +
  tile("fleet", '<canvas id="f-fleet" class="field" phx-hook="Field" phx-update="ignore" tabindex="0" role="img" aria-label="Fleet"></canvas>').replace("w-3 h-2", "w-12 h-4"));

const ahead = 90_000;  // the server's clock is a minute and a half ahead: ages must come out right all the same
let held = Promise.resolve();
const { page, events, problems, push, patch, until } = await livePage(browser, { assets, view, context: { viewport: { width: 1440, height: 900 } },
  answer: event => (event === "ack" ? held.then(() => ({ at: Date.now() + ahead })) : {}) });
// Looked at again until it is so, which a busy machine decides.
const becomes = async (look, good) => {
  for (const end = Date.now() + patience; ; await page.evaluate(() => new Promise(requestAnimationFrame))) {
    const seen = await look();
    if (good(seen) || Date.now() > end) return seen;
  }
};

// Ticks are acknowledged, the newest only, and teach the page the server's clock.
push(["tick", { n: 1, at: Date.now() + ahead }]);
check("a tick is acknowledged", (await until("ack")).n === 1);
let release;
held = new Promise(resolve => { release = resolve; });
push(["tick", { n: 2, at: Date.now() + ahead }]);
await until("ack", v => v.n === 2);
for (let n = 3; n <= 30; n++) push(["tick", { n, at: Date.now() + ahead }]);
release();  // behind all of them
await until("ack", v => v.n === 30);
const acks = events.filter(([name]) => name === "ack").map(([, v]) => v.n);
check("of the ticks that came while one was answered the newest is acknowledged", acks.join() === "1,2,30", acks.join());
push(["tick", { n: 31, at: Date.now() + ahead - 40_000 }]);  // of this clock's future, and 40 s old by the server's
const age = (await until("ack", v => v.n === 31)).age_ms;
check("the age is free of the clocks' difference", Math.abs(age - 40_000) < 20_000, `${age} ms`);

// Ages and what they look like. The tiles' times are this clock's, so on the server's they are 90 s older.
let ages, began;
do {  // a look that came too late was one at older figures
  began = Date.now();
  patch(view.replaceAll(`data-at="${now}"`, `data-at="${began + ahead}"`).replaceAll(`data-at="${now - 5000}"`, `data-at="${began + ahead - 5000}"`));
  await page.waitForFunction(at => { const age = document.querySelector("#old .age"); return age.dataset.at === at && age.textContent && age.classList.contains("stale"); }, String(began + ahead - 5000));
  ages = await page.$$eval(".age", list => list.map(e => [e.textContent, e.className]));
} while (Date.now() - began > 4000);
check("a fresh age", /ms|s$/.test(ages[0][0]) && !ages[0][1].includes("very"), JSON.stringify(ages[0]));
check("amber after two seconds", ages[1][1].includes("stale") && !ages[1][1].includes("very"), JSON.stringify(ages[1]));
check("red after ten", ages[2][1].includes("very-stale"), JSON.stringify(ages[2]));

// Charts.
const ink = id => page.$eval(`#${id} canvas`, c => { const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0, h = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3]) { n++; h = (h * 31 + d[i] + d[i + 1] * 7 + d[i + 2] * 13) | 0; } return { n, h }; });
const drawn = id => until("drawn", v => v.charts.some(c => c.id === id));
const t0 = Date.now() - 60_000, points = Array.from({ length: 60 }, (_, i) => [t0 + i * 1000, 50 + 40 * Math.sin(i / 5)]);
push(["chart:c-volume", { as_of: Date.now() + ahead, option: { grid: { left: 50, right: 10, top: 10, bottom: 30 }, tooltip: { trigger: "axis", valueFormatter: "@ms" },
  xAxis: { type: "time", axisLabel: { formatter: "@seconds" } }, yAxis: { type: "value", axisLabel: { formatter: "@ms" } },
  series: [{ type: "line", name: "p95", showSymbol: false, data: points, areaStyle: { color: "$accent-wash" }, markLine: { silent: true, data: [{ yAxis: 60 }] } }] } }]);
await drawn("c-volume");
const first = await ink("c-volume");
check("a line chart has ink", first.n > 500, JSON.stringify(first));
push(["chart-data:c-volume", { as_of: Date.now() + ahead, append: [[0, [[points[59][0], 95], [points[59][0] + 1000, 5]]]], keep_from: points[10][0] }]);
const rows = await becomes(() => page.evaluate(() => { const v = window.liveSocket.main; for (const h of Object.values(v.viewHooks ?? {})) { const i = h.__instance ?? h; const e = h.el ?? h.__el?.(); if ((e ?? i.el)?.id === "c-volume") return (h.option ?? i.option)?.series[0].data; } return null; }), rows => !rows || rows.length !== 60);
if (rows) {
  check("appended rows replace the last and drop the oldest", rows.length === 51 && rows[49][1] === 95 && rows[50][1] === 5 && rows[0][0] === points[10][0], `${rows.length} rows`);
} else check("the chart's hook can be reached", false);
check("an append is drawn", (await becomes(() => ink("c-volume"), seen => seen.h !== first.h)).h !== first.h);
push(["chart:c-mood", { as_of: Date.now() + ahead, option: { series: [{ type: "gauge", min: -1, max: 1, progress: { show: true }, detail: { formatter: "@score", fontSize: 14 }, data: [{ value: 0.31 }] }] } }]);
push(["chart:c-world", { as_of: Date.now() + ahead, option: { tooltip: {}, geo: { map: "world" }, series: [{ type: "scatter", coordinateSystem: "geo", symbolSize: 8, data: [{ name: "eu", value: [13, 52, 5] }] }] } }]);
await drawn("c-mood"); await drawn("c-world");
check("a gauge has ink", (await ink("c-mood")).n > 200);
check("a map has ink", (await ink("c-world")).n > 200);
const box = await page.locator("#c-volume").boundingBox();
await page.mouse.move(box.x + 100, box.y + 60);
await page.mouse.down(); await page.mouse.move(box.x + 300, box.y + 60, { steps: 5 }); await page.mouse.up();
const range = await until("chart_range");
check("brushing asks for a range", range.id === "c-volume" && range.to - range.from > 5000, JSON.stringify(range));

// Marks: a name that has room stands above the plot, the next one only where it does not cover it, and one outside the range is none.
push(["chart:c-volume", { as_of: Date.now() + ahead, option: { grid: { left: 50, right: 10, top: 10, bottom: 30 }, xAxis: { type: "time" }, yAxis: { type: "value" }, series: [{ type: "line", name: "p95", showSymbol: false, data: points }] } }],
  ["chart-marks", { marks: [["Model 13", 20], ["Prompt 16", 21], ["Model 18", 40], ["Before", -99]].map(([name, s]) => ({ name, xAxis: t0 + s * 1000 })) }]);
const hook = (id, read) => page.evaluate(([id, read]) => { for (const h of Object.values(window.liveSocket.main.viewHooks ?? {})) { const i = h.__instance ?? h; if ((i.el ?? h.el ?? h.__el?.())?.id === id) return new Function("hook", `return ${read}`)(i); } return null; }, [id, read]);
const good_marks = JSON.stringify({ names: [["Model 13 +1", true], ["Model 18", true]], top: 22 });
const marked = JSON.stringify(await becomes(() => hook("c-volume", "({ names: (hook.chart.getOption().series[0].markLine?.data ?? []).map(m => [m.name, m.label?.show]), top: hook.chart.getOption().grid[0].top })"), seen => JSON.stringify(seen) === good_marks));
check("names of marks do not cover each other", marked === good_marks, marked);
push(["chart:c-mood", { as_of: Date.now() + ahead, option: { series: [{ type: "treemap", left: 0, right: 0, top: 0, bottom: 0, breadcrumb: { show: false }, label: { show: true }, upperLabel: { show: true }, data: [{ name: "claude", value: 96 }, { name: "a-name-that-has-no-room", value: 4 }] }] } }]);
const words = await becomes(() => hook("c-mood", "hook.chart.getZr().storage.getDisplayList().filter(e => e.type === 'tspan').map(e => e.style.text)"), seen => seen?.includes("claude"));
check("a part of a treemap has its whole name or none", words?.includes("claude") && !words.some(word => word.startsWith("a-")), JSON.stringify(words));

// Ten thousand agents.
push(["field:f-fleet", { as_of: Date.now() + ahead, cells: "b".repeat(20) + "w".repeat(180) + "g".repeat(9000) + "i".repeat(800) }]);
await drawn("f-fleet");
const cost = await page.evaluate(async () => {
  const begin = performance.now();
  for (let i = 0; i < 30; i++) { dispatchEvent(new Event("aybiza:theme")); await new Promise(requestAnimationFrame); }
  return (performance.now() - begin) / 30;
});
console.log(`     a frame that repaints 10 000 cells and three charts: ${cost.toFixed(1)} ms`);
const fleet = await page.locator("#f-fleet").boundingBox();
await page.mouse.move(fleet.x + 3, fleet.y + 3);
check("hovering names the worst cell", (await until("field_hover", v => v.index !== null)).index === 0);
await page.mouse.click(fleet.x + 3, fleet.y + 3);
check("a click opens it", (await until("field_open")).index === 0);

// Keys, theme, definitions.
await page.mouse.move(5, 500);
await page.evaluate(() => document.activeElement.blur());
await page.keyboard.press("Space");
await until("toggle_live");
await page.keyboard.press("/");
check("slash goes to the search", await page.evaluate(() => document.activeElement.id) === "search");
await page.keyboard.type("a ?");
check("keys stay text while typing", await page.inputValue("#search") === "a ?" && events.filter(([n]) => n === "toggle_live").length === 1);
await page.evaluate(() => document.activeElement.blur());
await page.keyboard.press("?");
check("the question mark opens help", await page.$eval("#help", d => d.open));
patch(view);
await page.evaluate(() => new Promise(requestAnimationFrame));
check("a patch leaves the dialog open", await page.$eval("#help", d => d.open));
await page.keyboard.press("Escape");
await page.click("#calls .info");
const [button, def] = [await page.locator("#calls .info").boundingBox(), await page.locator("#def-calls").boundingBox()];
check("a definition opens beside its button", def && Math.abs(def.y - button.y - button.height) < 20, JSON.stringify([button, def]));
await page.keyboard.press("Escape");
const before = await ink("c-mood");
await page.click("#theme");
await until("theme", v => v.theme === "dark");
check("charts change with the theme", (await becomes(() => ink("c-mood"), seen => seen.h !== before.h)).h !== before.h);

// Accessibility in both themes, then a phone.
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const session = await page.context().newCDPSession(page);
await session.send("Runtime.evaluate", { expression: axe });
for (const theme of ["dark", "light"]) {
  await page.evaluate(t => { document.documentElement.dataset.theme = t; }, theme);
  await page.evaluate(() => Promise.all(document.getAnimations().map(a => a.finished)));
  const { result } = await session.send("Runtime.evaluate", { awaitPromise: true, returnByValue: true,
    expression: `axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes.slice(0,3).map(n => n.html.slice(0,90) + " " + (n.any[0]?.message ?? "")).join(" | ")))` });
  check(`no accessibility violation, ${theme}`, result.value?.length === 0, JSON.stringify(result.value));
}
for (const width of [360, 390, 768, 1024, 1440, 2560, 3840]) {
  await page.setViewportSize({ width, height: 900 });
  await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`nothing sticks out at ${width} px`, wide <= 0, `${wide} px`);
}
if (process.argv[3]) {
  await page.setViewportSize({ width: 1440, height: 900 });
  for (const theme of ["light", "dark"]) { await page.evaluate(t => { document.documentElement.dataset.theme = t; dispatchEvent(new Event("aybiza:theme")); }, theme); await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))); await page.screenshot({ path: `${process.argv[3]}/${theme}.png` }); }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: `${process.argv[3]}/phone.png` });
}

// Errors reach the server.
await page.evaluate(() => { setTimeout(() => { throw new Error("made for the test"); }, 0); });
check("an error is reported", (await until("client_error")).message.includes("made for the test"));
const unexpected = problems.filter(p => !p.includes("made for the test"));
check("no other error, nothing refused by the CSP", unexpected.length === 0, JSON.stringify(unexpected));
await browser.close();
finish();
