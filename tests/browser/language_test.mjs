// Every page in German, without data and with it: no text of the English files is left where the German ones say something else.
import { readFileSync, readdirSync } from "node:fs";
import { Server, callEvents, check, finish, launch, open, openTable, patience } from "./lib.mjs";

const folder = new URL("../../data/texts/", import.meta.url);
const textsOf = language => new Map(readdirSync(new URL(`${language}/`, folder)).flatMap(file => readFileSync(new URL(`${language}/${file}`, folder), "utf8").split("\n"))
  .filter(line => line.includes(" = ") && !line.startsWith("#")).map(line => [line.slice(0, line.indexOf(" = ")).trim(), line.slice(line.indexOf(" = ") + 3).trim()]));
// The English definitions of the figures are a table of the documentation.
function figuresOf(document) {
  const out = [], lines = document.split("\n"), first = lines.findIndex(line => line.startsWith("| figure | title |")) + 2;
  for (let i = first; lines[i]?.startsWith("| `"); i++) {
    const [name, ...texts] = lines[i].slice(1).replace(/\|$/, "").replaceAll("\\|", "\0").split("|").map(cell => cell.replaceAll("\0", "|").trim());
    ["", ".text", ".formula", ".source", ".unit", ".counted"].forEach((part, place) => texts[place] && out.push([`figure.${name.replaceAll("`", "")}${part}`, texts[place]]));
  }
  return out;
}
const english = new Map([...textsOf("en"), ...figuresOf(readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8"))]), german = textsOf("de");
const words = new Set(german.values());
const foreign = [...english].filter(([key, text]) => german.get(key) !== text && !words.has(text) && !key.startsWith("language."));
const plain = new Map(foreign.filter(([, text]) => !text.includes("{}")).map(([key, text]) => [text, key]));
// A text with places for figures: the whole of what is shown has its shape.
const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const shaped = foreign.filter(([, text]) => text.includes("{}") && /\p{L}{3}/u.test(text.replaceAll("{}", ""))).map(([key, text]) => [new RegExp(`^${text.split("{}").map(escaped).join(".+")}$`, "u"), key]);
const english_of = text => plain.get(text) ?? shaped.find(([shape]) => shape.test(text))?.[1];

const server = new Server();
const browser = await launch();
const at = ago_s => new Date(Date.now() - ago_s * 1000).toISOString();

// What a reader may come upon: texts, and what is said of elements. Names that are data or of the API are in code, options of measures and links of boards.
const said = page => page.evaluate(() => {
  const out = new Set([document.title.split(" · ")[0]]), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) if (!node.parentElement.closest("script, style, code, kbd, .brand")) out.add(node.textContent.replace(/\s+/g, " ").trim());
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    for (const name of ["aria-label", "title", "placeholder"]) if (element.hasAttribute(name)) out.add(element.getAttribute(name).trim());
  return [...out].filter(Boolean);
});
// Figures in English notation: a decimal point, a thin space between thousands, the dollar in front.
const english_figures = page => page.$$eval(".num, .n, .err, .trend, .delta, .lat", all => [...new Set(all.filter(el => !el.closest("th, code")).map(el => el.textContent.trim()).filter(text => /\d\.\d(?!\d\d(?!\d))|\u202f|\$\s?\d/.test(text) && !/\bv\d/.test(text)))]);  // but for versions
async function walk(paths, when) {
  for (const path of paths) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "de-DE" }), page = await context.newPage(), drawn = [];
    context.setDefaultTimeout(patience);
    page.on("websocket", socket => socket.on("framereceived", ({ payload }) => drawn.push(...[...String(payload).matchAll(/\\?"name\\?":\\?"((?:[^"\\])*)\\?"/g)].map(found => found[1]))));
    await page.goto(server.url + path);
    if (await page.locator("[data-phx-main]").count()) {
      await page.waitForSelector("[data-phx-main].phx-connected", { timeout: patience });
      await page.waitForFunction(() => !document.querySelector(".tile.loading, [aria-busy=true]"), null, { timeout: patience });
    }
    const left = [...await said(page), ...drawn].map(text => [text, english_of(text)]).filter(([, key]) => key);
    check(`${path} is German ${when}`, left.length === 0 && await page.evaluate(() => document.documentElement.lang) === "de", JSON.stringify(left));
    const figures = await english_figures(page);
    check(`the figures of ${path} are German ${when}`, figures.length === 0, JSON.stringify(figures));
    await context.close();
  }
}

try {
  check("every figure is known in both", [...german.keys()].filter(key => key.startsWith("figure.")).every(key => english.has(key)));
  check("most texts differ", foreign.length > 500, `${foreign.length}`);
  await server.start();
  const settings = await open(browser, `${server.url}/settings`);
  await settings.page.selectOption("#settings select[name=language]", "de");
  await Promise.all([settings.page.waitForNavigation(), settings.page.click("#settings button.primary")]);
  await settings.page.waitForSelector("html[lang=de]");
  const pages = ["/", "/agents", "/conversations", "/calls", "/costs", "/learning", "/system", "/boards", "/settings", "/sharing"];
  await walk([...pages, "/calls/00000000-0000-0000-0000-000000000000", "/boards/Nothing"], "without data");

  let id = "";
  for (let i = 0; i < 90; i++) {
    const well = i % 10 < 7, call = callEvents({ ago_s: 1500 - i * 12, length_s: 30 + (i % 5), over: { call_outcome: ["successful", "failed", "transferred", "abandoned", "voicemail"][i % 5], resolution_status: well ? "resolved" : "unresolved", error_count: i % 4 ? 0 : 1 } });
    for (const event of call.events) Object.assign(event.data, { experiment: "probe", variant: i % 2 ? "b" : "a", agent_type: "x1", ...(event.type === "turn" && { state: event.data.turn_number === 1 ? "greeting" : "resolution", interrupted: i % 3 === 0, topics: ["billing"], emotion: "angry" }) });
    call.events.push({ type: "usage", time: at(1490 - i * 12), data: { call_id: call.id, customer_id: "acme", model: "claude-sonnet-4", input_tokens: 1000, output_tokens: 200, cache_read_tokens: 100 } });
    await server.post(call.events);
  }
  await server.post(callEvents({ ago_s: 20, over: null }).events);
  await server.post([
    { type: "learning.pattern", time: at(900), data: { pattern_id: "p-1", name: "p1", outcome: "success", confidence: 0.9, customer_id: "acme", agent_id: "agent-1", replicated_from: "agent-2" } },
    { type: "learning.knowledge", time: at(700), data: { graph_id: "faq", nodes: 1200, edges: 3400, unanswered_questions: 4, customer_id: "acme" } },
    { type: "learning.improvement", time: at(600), data: { metric: "m1", before: 0.12, after: 0.07, customer_id: "acme" } },
    { type: "change", time: at(500), data: { what: "prompt", version: "7", customer_id: "acme" } },
    { type: "system", time: at(5), data: { region: "eu-west-1", cpu_utilization_pct: 71.5, queue_depth: 2 } },
  ]);
  await server.query({ select: "calls", window: "1h", source: "store" });
  id = (await server.get("calls?limit=1&state=ended")).calls[0].call_id;
  await walk([...pages, "/agents/agent-1", `/calls/${id}`, "/?compare=1", "/?customer=nobody&region=moon", "/costs?by=region&human=7.5", "/conversations?by=emotion", "/conversations?q=great", "/conversations?q=great&in=meaning", `/?at=${encodeURIComponent(at(600))}`], "with data");

  // One figure of each kind, as the tile has it and as it is written; and as a file, where it is a program's.
  const { page } = await open(browser, `${server.url}/costs?by=region`, { locale: "de-DE" });
  const written = new Intl.NumberFormat("de", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  await page.waitForSelector("#tile-spend_usd data.num");
  const [spend, text] = await page.$eval("#tile-spend_usd data.num", el => [+el.getAttribute("value"), el.textContent]);
  check("money is written as in German", spend > 0 && text === `${written.format(spend)}\u00a0$`, `${spend} ${text}`);
  await openTable(page, "spend");
  await page.waitForFunction(() => document.querySelector("#tile-spend table td.num"));
  // Of a minute with one call of five cents the sum has four places.
  const cell = await page.$$eval("#tile-spend table td.num", all => all.map(el => el.textContent).find(one => /\d/.test(one)));
  const [file] = await Promise.all([page.waitForEvent("download"), page.evaluate(() => document.querySelector("#tile-spend [data-give=csv]").click())]);
  const csv = readFileSync(await file.path(), "utf8"), as_program = `$${cell.replace("\u00a0$", "").replaceAll(".", "").replace(",", ".")}`;
  check("a file has them as a program reads them", /^\d+,\d\d+\u00a0\$$/.test(cell) && csv.includes(`,${as_program}\r\n`) && !/\d,\d+\s?\$/.test(csv), `${cell} ${csv.slice(0, 200)}`);
  const budget = async usd => {
    await page.fill("#budget-form input[name=name]", "acme");
    await page.fill("#budget-form input[name=usd]", usd);
    await page.click("#budget-form button");
  };
  await budget("1,250");
  await page.waitForSelector("main.plain");
  check("a sum is refused in German, with how to write it", (await page.textContent("main")).includes("„1,250“ ist kein Betrag in USD; schreiben Sie ihn wie 1250,50"), await page.textContent("main"));
  await page.click("main a.button");
  await page.waitForSelector("#budget-form");
  await budget("1.012,50 $");
  await page.waitForFunction(() => document.querySelector("#tile-budgets tbody td.num"), null, { timeout: patience });
  check("a sum is read as in German", Math.abs((await server.get("budgets")).budgets[0].monthly_usd - 1012.5) < 1e-9);
  await page.context().close();
  const form = await open(browser, `${server.url}/boards`, { locale: "de-DE" });
  await form.page.fill("#board-new input[name=name]", "a/b");
  await form.page.click("#board-new button");
  await form.page.waitForSelector("[role=alert]");
  check("a form's refusal is German", (await form.page.textContent("[role=alert]")).includes("enthält ein „/“, das in keiner Adresse stehen kann"), await form.page.textContent("[role=alert]"));
  await form.page.context().close();

  // Before the sign-in it is the browser that says which language.
  const doors = new Server([]);
  await doors.start();
  for (const [language, word] of [["de-DE,de;q=0.9,en;q=0.8", "Anmelden"], ["fr-FR, en-GB", "Sign in"], ["", "Sign in"]]) {
    const answer = await (await fetch(`${doors.url}/sign-in`, { headers: { "accept-language": language || "*" } })).text();
    check(`the sign-in for "${language}" says ${word}`, answer.includes(`<h1>${word}</h1>`), answer.slice(0, 300));
  }
  const missing = await (await fetch(`${server.url}/shared/none`, { headers: { "accept-language": "de" } })).text();
  check("a link that is over says so in German", missing.includes(german.get("door.no_page")), missing.slice(0, 300));
  await doors.end();
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
