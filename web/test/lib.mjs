// What the browser tests share: Chromium, and a page that talks to a server played by the test (no socket is opened).
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const chromiumPath = process.env.AYBIZA_CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

// How long something may take that comes in tenths of a second on a quiet machine: what never comes fails, what comes late does not.
export const patience = 120_000;
export const launch = (more = {}) => chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-dev-shm-usage"], ...more });

export const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
export const origin = "http://127.0.0.1:9";  // the discard port: whatever the test does not answer fails

const types = { js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml" };

// Serves `view` as a LiveView page. Returns {page, events, push}: what the page pushed, and how to push to it. An answer may be a promise: the page waits for it.
export async function livePage(browser, { assets, view, answer = () => ({}), context = {} }) {
  const manifest = JSON.parse(readFileSync(join(assets, "manifest.json")));
  const page = await (await browser.newContext({ colorScheme: "light", ...context })).newPage();
  page.setDefaultTimeout(patience);
  const events = [], problems = [];
  page.on("console", m => { if (m.type() === "error") problems.push(m.text()); });
  page.on("pageerror", e => problems.push(e.message));
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="csrf-token" content="t"><title>Test</title><link rel="icon" href="${manifest["icon.svg"]}"><link rel="stylesheet" href="${manifest["app.css"]}">
    <script src="${manifest["theme.js"]}" data-app="${manifest["app.js"]}"></script></head>
    <body><div id="v" data-phx-main data-phx-session="s" data-phx-static="">${view}</div></body></html>`;
  await page.route("**/*", route => {
    const path = new URL(route.request().url()).pathname, headers = { "content-security-policy": csp };
    if (path === "/") return route.fulfill({ body: html, contentType: "text/html", headers });
    const file = path.startsWith("/assets/") && join(assets, path.slice("/assets/".length));
    if (file && existsSync(file)) return route.fulfill({ body: readFileSync(file), contentType: types[path.split(".").pop()], headers });
    return route.fulfill({ status: 404, body: "" });
  });
  let send, join_ref, topic, joined;
  const ready = new Promise(resolve => { joined = resolve; });
  await page.routeWebSocket("**/live/websocket*", socket => {
    send = message => socket.send(JSON.stringify(message));
    socket.onMessage(async text => {
      const [jr, ref, to, event, payload] = JSON.parse(text);
      let response = {};
      if (event === "phx_join") { join_ref = jr; topic = to; response = { rendered: { s: [view] }, liveview_version: "1.2.12" }; }
      if (event === "event") {
        events.push([payload.event, payload.value]);
        const r = await answer(payload.event, payload.value);
        response = { diff: Object.keys(r).length ? { r } : {} };
      }
      send([jr, ref, to, "phx_reply", { status: "ok", response }]);
      if (event === "phx_join") joined();
    });
  });
  await page.goto(`${origin}/`);
  await ready;
  const push = (...list) => send([join_ref, null, topic, "diff", { e: list }]);
  const patch = html => send([join_ref, null, topic, "diff", { s: [html] }]);
  const until = (name, test = () => true) => page.waitForFunction(() => true).then(async () => {
    for (const end = Date.now() + patience; Date.now() < end;) {
      const found = events.find(([n, v]) => n === name && test(v));
      if (found) return found[1];
      await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    throw new Error(`the page never pushed ${name}; it pushed ${JSON.stringify(events.slice(-5))}`);
  });
  return { page, events, problems, push, patch, until };
}

let failures = 0;
export function check(what, ok, more = "") {
  if (!ok) failures++;
  console.log(`${ok ? "ok  " : "FAIL"} ${what}${ok ? "" : ` ${more}`}`);
}
export const finish = () => { console.log(failures ? `${failures} failed` : "all passed"); process.exit(failures ? 1 : 0); };
