// The LiveView protocol with the unmodified client in a real browser, on views made for it; each check names what it shows.
// The frames themselves, and what a browser cannot send, are in the second half, spoken over a bare socket.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server as Program, check, connected, finish, launch, noon, patience, skip, until } from "./lib.mjs";
import { RawPage, firstPage, open as openSocket } from "./raw_socket.mjs";

const binary = process.env.AYBIZA_DEMO_SERVER;
if (!binary || !existsSync(binary)) skip("AYBIZA_DEMO_SERVER names no program");
const web = createRequire(new URL("../../web/package.json", import.meta.url));
const room = mkdtempSync(join(tmpdir(), "aybiza-liveview-"));

// The client as npm has it, with hooks that write down what happens to them.
const client = `
import { Socket } from "phoenix";
import { LiveSocket } from "phoenix_live_view";
window.log = [];
const seen = what => window.log.push(what);
const Probe = {
  mounted() {
    seen("mounted");
    window.probe = this;
    this.handleEvent("before", () => seen("before:" + this.el.dataset.version));
    this.handleEvent("after", () => seen("after:" + this.el.dataset.version));
  },
  beforeUpdate() { seen("beforeUpdate:" + this.el.dataset.version); },
  updated() { seen("updated:" + this.el.dataset.version); },
  destroyed() { seen("destroyed"); },
  disconnected() { seen("disconnected"); },
  reconnected() { seen("reconnected"); },
};
const Echo = { mounted() { window.echo = this; this.handleEvent("points", p => seen("points:" + p.ys.join())); } };
document.addEventListener("securitypolicyviolation", e => console.error("CSP refused " + e.effectiveDirective));
const csrf = document.querySelector("meta[name='csrf-token']").content;
window.liveSocket = new LiveSocket("/live", Socket, { params: { _csrf_token: csrf }, hooks: { Probe, Echo }, reconnectAfterMs: n => [50, 100, 200, 400][n - 1] ?? 500 });
window.liveSocket.connect();
`;
const { buildSync } = web("esbuild");
const bundle = buildSync({ stdin: { contents: client, resolveDir: new URL("../../web", import.meta.url).pathname }, bundle: true, write: false, format: "iife" });
writeFileSync(join(room, "demo.js"), bundle.outputFiles[0].text);

class Demo {
  port = 0;
  async start(key = "first key") {
    this.process = spawn(binary, [this.port, key, join(room, "demo.js")].map(String), { stdio: ["ignore", "pipe", "inherit"] });
    this.url = await new Promise((resolve, reject) => {
      let said = "";
      this.process.stdout.on("data", chunk => { said += chunk; const found = /ready: (http:\S+)/.exec(said); if (found) resolve(found[1]); });
      this.process.once("exit", code => reject(new Error(`the demo server ended with ${code}`)));
    });
    this.port = +new URL(this.url).port;
  }
  end(signal) { return new Promise(resolve => { this.process.removeAllListeners("exit"); this.process.once("exit", resolve); this.process.kill(signal); }); }
}

const demo = new Demo();
const browser = await launch();
const problems = [];
// A page that counts its loads and the frames of its socket.
async function show(path, context) {
  const page = await (context ?? await browser.newContext()).newPage();
  page.setDefaultTimeout(patience);
  page.loads = 0;
  page.frames = [];
  page.sockets = 0;
  page.on("load", () => page.loads++);
  page.on("pageerror", e => problems.push(`${path}: ${e.message}`));
  page.on("console", m => { if (/CSP refused|invariant|undefined/.test(m.text()) && !/ERR_CONNECTION/.test(m.text())) problems.push(`${path}: ${m.text()}`); });
  page.on("websocket", socket => {
    page.sockets++;
    socket.on("framereceived", f => page.frames.push(["in", ...JSON.parse(f.payload)]));
    socket.on("framesent", f => page.frames.push(["out", ...JSON.parse(f.payload)]));
  });
  await page.goto(demo.url + path);
  await live(page);
  return page;
}
const sent = (page, event) => page.frames.filter(f => f[0] === "out" && f[4] === event).length;
const text = (page, selector) => page.textContent(selector);
const becomes = (page, selector, wanted) => page.waitForFunction(([s, w]) => document.querySelector(s)?.textContent === w, [selector, String(wanted)], { timeout: patience });
const push = (page, event, value = {}, selector = "h1") => page.evaluate(([s, e, v]) => window.liveSocket.js().push(document.querySelector(s), e, { value: v }), [selector, event, value]);
const live = page => page.waitForFunction(() => document.querySelector("[data-phx-main].phx-connected") && !document.querySelector(".phx-client-error, .phx-server-error"), null, { timeout: patience });
const loaded = async (page, times) => { for (const end = Date.now() + patience; Date.now() < end && page.loads < times;) await page.waitForTimeout(50); };
const log = page => page.evaluate(() => window.log.splice(0));

async function clicksAndComponents() {
  const page = await show("/demo/counter");
  await page.click("#inc");
  await becomes(page, "#count", 5);
  check("17 click with phx-value", true);
  await page.click("#js");
  await becomes(page, "#count", 6);
  await page.click("#inc");
  await becomes(page, "#count", 11);
  check("17 a class toggled by JS survives later diffs", await page.$eval("#count", e => e.classList.contains("on")));
  page.frames.length = 0;
  await page.click("#right button");
  await becomes(page, "#right u", 1);
  const reply = page.frames.find(f => f[0] === "in" && f[4] === "phx_reply" && f[5].response.diff);
  check("26 only the component's own diff travels", Object.keys(reply[5].response.diff).join() === "c" && Object.keys(reply[5].response.diff.c).length === 1, JSON.stringify(reply?.[5]));
  const first = await page.$eval("#right", e => e.getAttribute("data-phx-component"));
  await page.click("#toggle");
  await page.waitForSelector("#right", { state: "detached" });
  await page.waitForFunction(() => !document.querySelector("[data-phx-ref-src]"));
  for (const end = Date.now() + patience; Date.now() < end && sent(page, "cids_will_destroy") === 0;) await page.waitForTimeout(20);
  check("26 the removed component is announced, and answered", sent(page, "cids_will_destroy") >= 1);
  await page.click("#toggle");
  await page.waitForSelector("#right");
  check("26 it comes back with a number of its own", await page.$eval("#right", e => e.getAttribute("data-phx-component")) !== first);
  check("17, 26 in one load", page.loads === 1);
  await page.click("#crash");
  await page.waitForSelector(".phx-error, .phx-server-error", { timeout: 3000 }).catch(() => {});
  await live(page);
  await becomes(page, "#count", 0);
  await page.click("#inc");
  await becomes(page, "#count", 5);
  check("36 a handler that throws: joined again, and usable", page.loads === 1);
  await page.context().close();
}

async function lists() {
  const page = await show("/demo/list");
  await page.$$eval("#flat li", all => all.forEach((e, i) => { e.mark = i; }));
  await page.click("#reverse");
  await page.waitForFunction(() => document.querySelector("#flat li").id === "item-4");
  check("18 a reordered list keeps its elements", (await page.$$eval("#flat li", all => all.map(e => e.mark).join())) === "3,2,1,0");
  for (const name of ["add", "remove", "bump", "clear", "add", "add"]) await page.click(`#${name}`);
  await page.waitForFunction(() => document.querySelectorAll("#flat li").length === 2);
  check("18 insert, remove, change, clear, refill", (await page.$$eval("#flat b", all => all.map(e => e.textContent).join())) === "1,1");
  await page.context().close();
}

async function streams() {
  const page = await show("/demo/streams");
  const ids = () => page.$$eval("#rows > p", all => all.map(e => e.id.slice(2)).join());
  const after = async (event, n, wanted) => {
    await push(page, event, { n });
    await page.waitForFunction(w => [...document.querySelectorAll("#rows > p")].map(e => e.id.slice(2)).join() === w, wanted, { timeout: patience }).catch(() => {});
    check(`19 stream: ${event}`, (await ids()) === wanted, await ids());
  };
  await after("append", 4, "1,2,3,4");
  await after("prepend", 0, "0,1,2,3,4");
  await after("at", 9, "0,1,9,2,3,4");
  await push(page, "update", { n: 2 });
  await becomes(page, "#s-2", "row 2new");
  check("19 stream: an update stays in place", (await ids()) === "0,1,9,2,3,4", await ids());
  await push(page, "update_only", { n: 3 });
  await becomes(page, "#s-3", "row 3only");
  await push(page, "update_only", { n: 77 });
  await after("delete", 9, "0,1,2,3,4");
  check("19 stream: update_only adds nothing", !(await page.$("#s-77")));
  await push(page, "other");
  await becomes(page, "#other", 1);
  check("19 stream: another diff leaves it alone", (await ids()) === "0,1,2,3,4");
  await after("limited", 5, "3,4,5");
  await after("reset", 8, "8");
  await page.context().close();
}

async function hooks() {
  const page = await show("/demo/hooks");
  await page.waitForFunction(() => window.log.includes("mounted"));
  await log(page);
  await push(page, "change");
  await becomes(page, "#version", 1);
  check("20 hook: an attribute's change", (await log(page)).join() === "beforeUpdate:0,updated:1");
  await push(page, "toggle");
  await page.waitForSelector("#probe", { state: "detached" });
  check("20 hook: removal", (await log(page)).join() === "destroyed");
  await push(page, "toggle");
  await page.waitForSelector("#probe");
  check("20 hook: insertion", (await log(page)).join() === "mounted");
  await page.click("#both");
  await becomes(page, "#version", 2);
  const order = await log(page);
  check("21 push_event: one sees the page before the patch, one after", order.join().startsWith("before:1") && order.at(-1) === "after:2", order.join());
  const ask = event => page.evaluate(e => new Promise(resolve => window.probe.pushEvent(e, {}, resolve)), event);
  check("22 pushEvent: a reply", (await ask("ask"))?.answer === 42);
  check("22 pushEvent: a reply and a diff", (await ask("ask_and_change"))?.answer === 43 && (await text(page, "#version")) === "3");
  const nothing = await ask("unknown");
  check("22 pushEvent: neither", nothing === null || JSON.stringify(nothing) === "{}", JSON.stringify(nothing));
  await page.context().close();
}

async function forms() {
  const page = await show("/demo/form");
  page.frames.length = 0;
  await page.$eval("#name", e => { for (const text of ["Z", "Zo", "Zoë"]) { e.value = text; e.dispatchEvent(new Event("input", { bubbles: true })); } });
  await becomes(page, "#typed", "Zoë");
  const changes = page.frames.filter(f => f[0] === "out" && f[4] === "event" && f[5].event === "check");
  check("25 phx-debounce: one event for three keys", changes.length === 1, `${changes.length}`);
  check("24 form: urlencoded, with its target", changes[0]?.[5].value.includes("name=Zo%C3%AB") && changes[0]?.[5].meta?._target === "name", JSON.stringify(changes[0]?.[5]));
  await page.fill("#name", `<b>"&'`);
  await page.click("#form button");
  await becomes(page, "#saved", `<b>"&'/go`);
  check("24 form: the button that submitted is in it, and the text is escaped", !(await page.$("#saved b")));
  await page.waitForFunction(() => !document.querySelector("#form button").disabled && document.querySelector("#form button").textContent === "Save");
  check("24 form: the button is back", true);
  await page.context().close();
}

async function navigation() {
  const page = await show("/demo/moves");
  await page.evaluate(() => { window.same = true; });
  const at = async (wanted, how) => {
    await becomes(page, "#at", wanted);
    await page.waitForFunction(w => document.title === `At ${w}`, wanted, { timeout: patience }).catch(() => {});
    check(`27 ${how}: address and title`, page.url().endsWith(wanted === "start" ? "/demo/moves" : `at=${wanted}`) && (await page.title()) === `At ${wanted}`, `${page.url()} ${await page.title()}`);
  };
  page.frames.length = 0;
  await page.click("#link");
  await at("link", "a patch link");
  await page.click("#js");
  await at("js", "JS.patch");
  check("27 one live_patch each", sent(page, "live_patch") === 2, `${sent(page, "live_patch")}`);
  await page.goBack();
  await at("link", "back");
  await page.goForward();
  await at("js", "forward");
  const entries = await page.evaluate(() => history.length);
  await page.click("#replace");
  await at("replaced", "replace");
  check("27 replace adds no entry", (await page.evaluate(() => history.length)) === entries);
  page.frames.length = 0;
  await page.click("#later");
  await becomes(page, "#at", "timer");
  const pushed = page.frames.filter(f => f[0] === "in").map(f => f[4]);
  check("28 push_patch from a timer: live_patch, then the diff", pushed.indexOf("live_patch") >= 0 && pushed.indexOf("live_patch") < pushed.lastIndexOf("diff"), pushed.join());
  check("28 and the address is right", page.url().endsWith("at=timer"));
  await page.click("#counter");
  await page.waitForSelector("#count");
  await page.goBack();
  await page.waitForSelector("#at");
  await live(page);
  await page.click("#away");
  await page.waitForSelector("#count");
  check("29 link, back and push_navigate: one socket, no reload", page.sockets === 1 && page.loads === 1 && await page.evaluate(() => window.same === true), `${page.sockets} sockets, ${page.loads} loads`);
  check("29 leave and join with redirect", page.frames.some(f => f[0] === "out" && f[4] === "phx_leave") && page.frames.some(f => f[0] === "out" && f[4] === "phx_join" && f[5].redirect));
  await page.goBack();
  await page.waitForSelector("#wrong");
  await live(page);
  await page.click("#wrong");
  await page.waitForSelector("#flat");
  check("30 a patch link to another view becomes a live navigation", page.loads === 1 && page.frames.some(f => f[0] === "in" && f[5]?.response?.link_redirect));
  await page.goBack();
  await page.waitForSelector("#arrive");
  await live(page);
  await page.click("#arrive");
  await page.waitForSelector("#count");
  check("32 a mount that redirects", page.url().endsWith("/demo/counter") && page.loads === 1, page.url());
  await page.goBack();
  await page.waitForSelector("#patched");
  await live(page);
  await page.click("#patched");
  await becomes(page, "#go", "arrived");
  check("32 a mount that patches", page.url().endsWith("go=arrived") && page.loads === 1, page.url());
  await page.goto(demo.url + "/demo/moves");
  await live(page);
  const loads = page.loads;
  await page.click("#other");
  await page.waitForSelector("#count");
  await live(page);
  check("31 a link into another live session is one full load", page.loads === loads + 1 && page.url().endsWith("/other/page"), `${page.loads - loads} loads`);
  await page.context().close();
}

async function ticking() {
  const page = await show("/demo/ticks");
  const began = Date.now();
  await page.evaluate(() => {
    window.shown = [];
    new MutationObserver(() => window.shown.push(+document.querySelector("#ticks").textContent)).observe(document.querySelector("#ticks"), { childList: true, characterData: true, subtree: true });
  });
  await push(page, "run");
  await becomes(page, "#ticks", 60);
  const shown = await page.evaluate(() => window.shown), took = Date.now() - began;
  check("43 sixty ticks in order", shown.at(-1) === 60 && shown.every((n, i) => i === 0 || n > shown[i - 1]), `${shown.length} shown in ${took} ms`);
  await page.context().close();
}

async function recovery() {
  const page = await show("/demo/moves");
  await page.click("#link");
  await becomes(page, "#at", "link");
  await page.type("#word", "kept");
  await becomes(page, "#typed", "kept");
  await log(page);
  await demo.end("SIGKILL");
  await page.waitForSelector(".phx-client-error, .phx-server-error, .phx-loading", { state: "attached" });
  const began = Date.now();
  await demo.start();
  await live(page);
  await becomes(page, "#typed", "kept");
  console.log(`     live again ${Date.now() - began} ms after SIGKILL`);
  check("33 place and form are kept", (await text(page, "#at")) === "link" && (await page.inputValue("#word")) === "kept" && page.loads === 1, `${await text(page, "#at")} ${page.loads}`);
  const life = await log(page);
  check("33 the hook saw disconnected and reconnected", life.includes("disconnected") && life.includes("reconnected"), life.join());
  await page.evaluate(() => window.liveSocket.socket.conn.addEventListener("close", e => { window.closedWith = e.code; }));  // listens before it stops
  await demo.end("SIGTERM");
  await page.waitForFunction(() => window.closedWith, null, { timeout: patience }).catch(() => {});
  const code = await page.evaluate(() => window.closedWith);
  check("35 a stopping server closes with 1012", code === 1012, `${code}`);
  await demo.start();
  const began_close = Date.now();
  await live(page);
  check("35 back without a reload", page.loads === 1, `${page.loads} loads`);
  console.log(`     back after ${Date.now() - began_close} ms`);
  await demo.end("SIGTERM");
  await demo.start("another key");
  await page.waitForFunction(() => document.querySelector("[data-phx-main].phx-connected") && window.log.length < 9, null, { timeout: patience });
  await loaded(page, 2);
  await live(page);
  await page.waitForTimeout(1500);  // a reload loop would show by now
  check("34 another key: one reload, then connected", page.loads === 2, `${page.loads} loads`);
  await page.context().clearCookies();
  await page.evaluate(() => window.liveSocket.socket.conn.close());
  await loaded(page, 3);
  await live(page);
  await page.waitForTimeout(1500);
  check("37 without its cookie: stale, one reload, then connected", page.loads === 3, `${page.loads} loads`);
  await page.context().close();
}

async function twoTabs(program) {
  check("3 another version of the protocol is refused", (await openSocket(program.url, { vsn: "1.0.0" })).status === 400);
  const context = await browser.newContext();
  const tabs = [];
  for (let i = 0; i < 2; i++) {
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.diffs = [];
    page.on("websocket", s => s.on("framereceived", f => page.diffs.push(f.payload)));
    await page.goto(`${program.url}/?tz=${noon.tz}`);
    await connected(page);
    tabs.push(page);
  }
  const count = page => page.$eval("#tile-calls_today data.num", e => +e.getAttribute("value"));
  const start = i => program.post([{ id: `two-${i}`, type: "call.started", time: new Date().toISOString(), data: { call_id: `two-${i}`, customer_id: "acme", agent_id: "a" } }]);
  const both_at = async n => {
    for (const page of tabs) await page.waitForFunction(n => +document.querySelector("#tile-calls_today data.num").getAttribute("value") === n, n, { timeout: patience }).catch(() => {});
    return (await count(tabs[0])) === n && (await count(tabs[1])) === n;
  };
  for (let i = 0; i < 30; i++) await start(i);
  check("42 two tabs of one view are both at 30", await both_at(30));
  const parts = page => new Set(page.diffs.map(t => JSON.parse(t)).filter(f => f[3] === "diff" && f[4].c).flatMap(f => Object.entries(f[4].c).map(([cid, diff]) => cid + JSON.stringify(diff))));
  const same = () => { const [a, b] = tabs.map(parts); return [[...a].filter(part => b.has(part)).length, a.size, b.size]; };
  for (let i = 30; i < 60 && same()[0] === 0 && await both_at(i); i++) await start(i);  // a tab that is behind leaves states out: one change at a time until both are told of it from the same state
  check("42 and got the same bytes for the same change", same()[0] > 0, same().join());
  await context.close();
}

// ---- Random trees ----

async function randomTrees() {
  const page = await show("/demo/random");
  const wrong = await page.evaluate(async () => {
    const normal = html => { const box = document.createElement("div"); box.innerHTML = html; return plain(box); };
    const plain = box => {
      for (const e of box.querySelectorAll("*")) for (const a of [...e.attributes]) if (a.name.startsWith("data-phx-")) e.removeAttribute(a.name);
      box.normalize();
      return box.innerHTML.replace(/<!--.*?-->/gs, "");
    };
    const wrong = [];
    for (let seed = 1; seed <= 600; seed++) {
      await new Promise(resolve => setTimeout(resolve, 55));  // a page may send 20 events a second for long
      const expected = await new Promise(resolve => {
        window.addEventListener("phx:expect", e => resolve(e.detail.html), { once: true });
        window.liveSocket.js().push(document.querySelector("#tree"), "mutate", { value: { seed } });
      });
      const shown = plain(document.querySelector("#tree").cloneNode(true)), wanted = normal(expected);
      if (shown !== wanted) wrong.push({ seed, shown, wanted });
    }
    return wrong;
  });
  check("16 the page is the server's HTML after each of 600 random diffs", wrong.length === 0, JSON.stringify(wrong[0]));
  await page.context().close();
}

// ---- Frames ----

async function frames() {
  const url = demo.url + "/demo/counter", first = await firstPage(url);
  check("1 the first page: one root, its session, a token, a guarded cookie", first.status === 200 && first.html.split("data-phx-main").length === 2 && first.session && first.csrf && /HttpOnly/.test(first.cookies[0]) && /SameSite/.test(first.cookies[0]));
  const dial = options => openSocket(url, { cookie: first.cookie, csrf: first.csrf, ...options });
  for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${demo.port + 1}`]) check(`2 an upgrade from ${origin.replace(/\d+$/, "N")} is refused`, (await dial({ origin })).status === 403);
  check("2 one without Origin is no browser: accepted", (await dial({ origin: null })).status === undefined);
  const joined = await RawPage.open(url, { first });
  const reply = await joined.join();
  check("4 join", reply.status === "ok" && reply.response.rendered.s !== undefined && reply.join_ref === joined.join_ref, JSON.stringify(reply).slice(0, 200));
  const inc = await joined.event("click", "inc", { by: "1" });
  check("8 only the changed slot, as text", JSON.stringify(inc.response) === '{"diff":{"0":"1"}}', JSON.stringify(inc.response));
  check("9 an event that changes nothing", JSON.stringify((await joined.event("click", "nothing", {})).response) === "{}");
  const beat = await joined.ask("heartbeat", {}, { topic: "phoenix", join_ref: null });
  check("7 heartbeat", beat.status === "ok" && beat.join_ref === null);
  let answered = false;
  joined.ask("event", { type: "click", event: "inc", value: { by: "1" } }, { join_ref: "999" }).then(() => { answered = true; });
  const still = await joined.event("click", "inc", { by: "1" });
  check("10 an event of an earlier join is not heard", !answered && still.response.diff["0"] === "2", JSON.stringify(still));
  const old_ref = joined.join_ref;
  joined.join_ref = "77";
  await joined.ask("phx_join", { url, params: { _csrf_token: first.csrf, _mounts: 0 }, session: first.session, static: "" });
  answered = false;
  joined.ask("event", { type: "click", event: "inc", value: { by: "1" } }, { join_ref: old_ref }).then(() => { answered = true; });
  const anew = await joined.event("click", "inc", { by: "3" });
  check("46 a second join takes the topic over", !answered && anew.response.diff["0"] === "3", JSON.stringify(anew));
  const error = new Promise(resolve => { joined.on_push = (event, payload, join_ref) => { if (event === "phx_error") resolve(join_ref); }; });
  joined.ask("event", { type: "click", event: "inc", value: {} }, { topic: "lv:nobody", join_ref: "5" });
  check("11 an event on a topic nobody joined", (await error) === "5");
  joined.close();

  // Each from an address of its own: who is refused again and again is told something else (38).
  let neighbours = 1;
  const refused = async (over, { page: other, ...socket } = {}) => {
    const page = await RawPage.open(url, { first: other ?? first, socket: { from: `127.0.0.${++neighbours}`, ...socket } });
    const said = await page.join(over);
    page.close();
    return said.response?.reason;
  };
  const tampered = first.session.replace(/.$/, c => (c === "A" ? "B" : "A"));
  check("5 a tampered session", (await refused({ session: tampered })) === "stale");
  check("5 another id", (await refused({}, { page: { ...first, id: "pother" } })) === "stale");
  check("5 another cookie", (await refused({}, { cookie: "aybiza_sid=6ba7b810-9dad-41d1-80b4-00c04fd430c8" })) === "stale");
  check("5 a wrong CSRF token", (await refused({}, { csrf: "wrong" })) === "stale");
  const again = [];
  for (let i = 0; i < 3; i++) again.push(await refused({ session: tampered }, { from: "127.0.0.99" }));
  check("38 the third refusal in a row is no longer `stale`, which would reload for ever", again[0] === "stale" && again[2] !== "stale", again.join());
  check("6 another view's address", (await refused({ url: demo.url + "/demo/list" })) === "unauthorized");
  check("6 a live redirect into another session", (await refused({ url: undefined, redirect: demo.url + "/other/page" })) === "unauthorized");
  check("6 an address that is no page", (await refused({ url: undefined, redirect: demo.url + "/nowhere" })) === "unauthorized");
  const big = await RawPage.open(url, { first });
  await big.join();
  big.socket.send(JSON.stringify([big.join_ref, "9", big.topic, "event", { type: "click", event: "inc", value: { pad: "x".repeat(70_000) } }]));
  check("39 a message of 70 kB closes the socket", (await big.socket.closed) === 1009, `${await big.socket.closed}`);
}

try {
  await demo.start();
  for (const part of [clicksAndComponents, lists, streams, hooks, forms, navigation, ticking, randomTrees, frames]) {
    try { await part(); } catch (error) { check(`${part.name} came to its end`, false, error.message); }
  }
  await recovery().catch(error => check("recovery came to its end", false, error.message));
  check("47 no error in any page, and the CSP had nothing to refuse", problems.length === 0, JSON.stringify(problems));
  const program = new Program();
  await program.start();
  try { await twoTabs(program); } finally { await program.end(); }
} finally {
  await browser.close();
  await demo.end("SIGTERM").catch(() => {});
  rmSync(room, { recursive: true, force: true });
}
finish();
