// What the browser tests share: the real program in a directory of its own, Chromium, and checks.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const web = createRequire(new URL("../../web/package.json", import.meta.url));

export const skip = why => { console.log(`skipped: ${why}`); process.exit(77); };
export const binary = process.env.AYBIZA_BINARY;
if (!binary || !existsSync(binary)) skip("AYBIZA_BINARY names no program");
export const chromiumPath = process.env.AYBIZA_CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
if (!chromiumPath) skip("no Chromium (script/bootstrap browser)");
let chromium;
try { ({ chromium } = web("playwright-core")); } catch { skip("playwright-core is not installed (script/bootstrap browser)"); }

// How long something may take that comes in tenths of a second on a quiet machine: what never comes fails, what comes late does not.
export const patience = 120_000;
export const launch = () => chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

// One server on a port of its own; start() again after kill() takes the same port and data.
export class Server {
  data = mkdtempSync(join(tmpdir(), "aybiza-browser-"));
  port = 0;
  constructor(flags = ["--insecure-loopback"]) { this.flags = flags; }

  async start() {
    this.process = spawn(binary, ["serve", "--data", this.data, "--listen", `127.0.0.1:${this.port}`, ...this.flags], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const url = await new Promise((resolve, reject) => {
      const listen = chunk => {
        said += chunk;
        const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said);
        if (found) { this.port = +found[1]; resolve(found[0]); }
      };
      this.process.stdout.on("data", listen);
      this.process.stderr.on("data", listen);
      this.process.on("exit", code => reject(new Error(`the server ended with ${code}: ${said}`)));
    });
    this.url = url;
    this.said = () => said;
    return url;
  }
  async kill(signal = "SIGKILL") {
    this.process.removeAllListeners("exit");
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;  // it has ended by itself, and why is told by start()
    return new Promise(resolve => { this.process.on("exit", resolve); this.process.kill(signal); });
  }
  async end() {
    await this.kill("SIGTERM");
    rmSync(this.data, { recursive: true, force: true });
  }

  async post(events) {
    const answer = await fetch(`${this.url}/v1/events`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(events) });
    const said = await answer.json();
    if (!answer.ok || said.rejected) throw new Error(`events: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  }
  // What the API answers at /api/v1/`target`.
  async get(target) {
    let answer;
    for (const end = Date.now() + patience; ;) {  // 503: the store has not caught up, or others ask; on a loaded machine for a while
      answer = await fetch(`${this.url}/api/v1/${target}`);
      if (answer.status !== 503 || Date.now() > end) break;
      await new Promise(resolve => setTimeout(resolve, 1000 * +(answer.headers.get("retry-after") ?? 1)));
    }
    if (!answer.ok) throw new Error(`${target}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
  query(parameters) { return this.get(`query?${new URLSearchParams(parameters)}`); }
}

// A time zone in which it is about noon: what is asked of "today" there has neither just begun nor ends while a test runs.
const hour_ms = 3_600_000, ahead = 12 - new Date().getUTCHours();
export const noon = { tz: encodeURIComponent(`Etc/GMT${ahead < 0 ? "+" : "-"}${Math.abs(ahead)}`), midnight: () => Math.floor((Date.now() + ahead * hour_ms) / (24 * hour_ms)) * 24 * hour_ms - ahead * hour_ms };

// Calls are spread over shards by their ids: the same in each run, unless AYBIZA_TEST_SALT asks for another spread.
const salt = process.env.AYBIZA_TEST_SALT ?? "";
let serial = 0;
// The events of one call that started `ago_s` seconds ago; `over` replaces members of its end, null leaves it in flight.
export function callEvents({ id = `call-${salt}${++serial}`, ago_s = 60, length_s = 30, customer = "acme", region = "eu-west-1", over = {} } = {}) {
  const at = s => new Date(Date.now() - (ago_s - s) * 1000).toISOString();
  const base = { call_id: id, customer_id: customer, agent_id: `agent-${serial % 4}`, region, model_used: "claude-sonnet-4" };
  const event = (suffix, type, s, data) => ({ id: `${id}-${suffix}`, type, time: at(s), data: { ...base, ...data } });
  const events = [event("s", "call.started", 0, { direction: "inbound" }),
    event("1", "turn", 5, { turn_number: 1, speaker: "caller", text_content: "Thank you, this is great", sentiment_score: 0.4 }),
    event("2", "turn", 8, { turn_number: 2, speaker: "agent", text_content: "You are welcome", response_time_ms: 700 + serial, stt_latency_ms: 120, llm_latency_ms: 400, tts_latency_ms: 150 })];
  if (over) events.push(event("e", "call.ended", length_s, { call_outcome: "successful", resolution_status: "resolved", total_duration_ms: length_s * 1000, voice_processing_latency_ms: 800 + serial, cost_usd: 0.05, ...over }));
  return { id, events };
}

// A page that collects what must not happen: errors, refusals of the CSP, reloads.
export async function open(browser, url, context = {}, live = true) {
  const room = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...context }), page = await room.newPage();
  room.setDefaultTimeout(patience);
  const problems = [];
  page.on("pageerror", e => problems.push(e.message));
  page.on("console", m => { if (m.type() === "error" && !/ERR_CONNECTION|WebSocket connection|Failed to load resource/.test(m.text())) problems.push(m.text()); });
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", e => console.error(`CSP refused ${e.effectiveDirective} ${e.blockedURI}`)));
  await page.goto(url);
  if (live) await connected(page);  // a plain page has no socket
  return { page, problems };
}
export const connected = page => page.waitForSelector("[data-phx-main].phx-connected", { timeout: patience });
export const settled = page => page.waitForSelector("#overview[aria-busy=false]", { timeout: patience });
export const tile = (page, name) => page.locator(`#tile-${name} data.num`);
export const value = async (page, name) => +(await tile(page, name).getAttribute("value", { timeout: patience }));
// What was sent until now is in live state and in the store: what a page computes from here on has it.
export const told = server => server.query({ select: "calls", window: "1h", source: "store" });
// Every chart with figures has them and all it takes to draw; those in sight are drawn, and can be hit.
export async function charted(page) {
  await until(page, () => {
    const charts = [...document.querySelectorAll(".tile:not(.empty, .broken, .loading) .chart")].filter(el => el.clientWidth > 0).map(el => window.liveSocket.main.getHook(el));
    const in_sight = box => box.bottom > 0 && box.top < innerHeight;
    return !document.querySelector(".tile.loading") && charts.length > 0 && charts.every(hook => hook?.charts && hook.option && (!in_sight(hook.el.getBoundingClientRect()) || (hook.chart && !hook.pending)));
  });
  await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r()))));  // the charts' own next frame
}
export const until = (page, what, argument) => page.waitForFunction(what, argument, { timeout: patience });

// What axe-core has against the page, at WCAG 2.2 AA; run by the debugger, so the page's CSP does not have to allow it.
export async function violations(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: readFileSync(web.resolve("axe-core/axe.min.js"), "utf8") });
  const { result } = await session.send("Runtime.evaluate", { awaitPromise: true, returnByValue: true,
    expression: `axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes.slice(0,3).map(n => n.html.slice(0,120) + " " + (n.any[0]?.message ?? "")).join(" | ")))` });
  return result.value;
}

// At four widths and in both themes nothing sticks out of a page, nobody is kept out of it, and it does nothing forbidden.
export async function layout(browser, server, paths) {
  for (const colorScheme of ["light", "dark"])
    for (const path of paths) {
      const { page, problems } = await open(browser, server.url + path, { colorScheme });
      await page.waitForSelector("[aria-busy=false]", { timeout: patience });
      for (const width of [360, 390, 1440, 2560]) {
        await page.setViewportSize({ width, height: 900 });
        const wide = await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(document.documentElement.scrollWidth - document.documentElement.clientWidth)))));
        check(`nothing sticks out of ${path} at ${width} px, ${colorScheme}`, wide <= 0, `${wide} px`);
      }
      const against = await violations(page);
      check(`no accessibility violation on ${path}, ${colorScheme}`, against?.length === 0, JSON.stringify(against));
      check(`${path} is clean, ${colorScheme}`, problems.length === 0, JSON.stringify(problems));
      await page.context().close();
    }
}

let failures = 0;
export function check(what, ok, more = "") {
  if (!ok) failures++;
  console.log(`${ok ? "ok  " : "FAIL"} ${what}${ok ? "" : ` ${more}`}`);
}
export const finish = () => { console.log(failures ? `${failures} failed` : "all passed"); process.exit(failures ? 1 : 0); };

// The table behind a picture, as its reader opens it: the server sends it while it is open.
export async function openTable(page, ...names) {
  await connected(page);  // the page without scripts has them all
  for (const name of names) {
    await page.waitForSelector(`#table-${name} summary`, { state: "attached", timeout: patience });
    await page.$eval(`#table-${name}`, table => { table.open = true; });
    await page.waitForSelector(`#table-${name} table`, { state: "attached", timeout: patience });
  }
}
export async function closeTable(page, ...names) {
  for (const name of names) {
    await page.$eval(`#table-${name}`, table => { table.open = false; });
    await page.waitForSelector(`#table-${name} table`, { state: "detached", timeout: patience });
  }
}
