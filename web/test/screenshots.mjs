// node web/test/screenshots.mjs <server> <folder> [page…]: one picture a page, width and theme. A page that reports an error fails the run.
import { launch } from "./lib.mjs";

const [server, folder, ...wanted] = process.argv.slice(2);
const pages = { overview: "/", agents: "/agents", conversations: "/conversations", calls: "/calls", call: null, costs: "/costs", learning: "/learning", system: "/system", agent: null };
const names = wanted.length ? wanted : ["overview", "agents", "agent", "conversations", "calls", "call", "costs", "learning", "system"];
const unknown = names.filter(name => !(name in pages));
if (unknown.length) { console.error(`no such page: ${unknown} (${Object.keys(pages)})`); process.exit(2); }

const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
async function ready(deadline) {
  while (Date.now() < deadline) {
    if ((await fetch(`${server}/readyz`).catch(() => null))?.ok) return;
    await pause(200);
  }
  throw new Error("the server did not become ready");
}
await ready(Date.now() + 60_000);
await pause(1000 * (process.env.AYBIZA_WARM_UP_S ?? 45));  // a picture of the first second would show an empty product

// An ended call with its turns says the most.
async function callPath() {
  for (const state of ["ended", "active"]) {
    const answer = await fetch(`${server}/api/v1/calls?state=${state}&limit=50`);
    const calls = answer.ok ? (await answer.json()).calls : [];
    const call = calls.sort((a, b) => (b.turn_count ?? b.duration_ms ?? 0) - (a.turn_count ?? a.duration_ms ?? 0))[0];
    if (call) return `/calls/${call.call_id ?? call.id}`;
  }
  throw new Error("the demo has no call yet");
}

async function agentPath() {
  const answer = await (await fetch(`${server}/api/v1/query?select=calls&by=agent_id&window=1h&order=-calls&limit=1`)).json();
  return `/agents/${encodeURIComponent(answer.rows[0][0])}`;
}

const sizes = { 1440: 900, 390: 844, 2560: 1440 };
const browser = await launch({ ignoreDefaultArgs: ["--hide-scrollbars"] });  // a page keeps their place free
let failed = false;
for (const name of names) {
  const path = pages[name] ?? (name === "agent" ? await agentPath() : await callPath());
  for (const [width, height] of Object.entries(sizes))
    for (const theme of ["light", "dark"]) {
      const context = await browser.newContext({ viewport: { width: +width, height }, colorScheme: theme, reducedMotion: "reduce", isMobile: +width < 600, hasTouch: +width < 600 });
      const page = await context.newPage(), file = `${folder}/${name}-${width}-${theme}.png`;
      page.on("pageerror", e => { failed = true; console.error(`${path} at ${width}: ${e.message}`); });
      page.on("console", m => { if (m.type() === "error") { failed = true; console.error(`${path} at ${width}: ${m.text()}`); } });
      await page.goto(server + path);
      await page.waitForSelector("[data-phx-main].phx-connected");
      await page.waitForFunction(() => [...document.querySelectorAll(".chart")].filter(e => e.getBoundingClientRect().top < innerHeight).every(e => e.querySelector("canvas")), null, { timeout: 15_000 });
      await page.waitForFunction(() => !document.querySelector(".tile.loading"), null, { timeout: 15_000 });
      await pause(300);
      await page.screenshot({ path: file });
      console.log(file);
      await context.close();
    }
}
await browser.close();
process.exit(failed ? 1 : 0);
