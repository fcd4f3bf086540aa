// What the System page says of the program itself, against /metrics, the API and the files of the data directory.
import { spawnSync } from "node:child_process";
import { Server, binary, callEvents, check, finish, launch, layout, noon, open, patience, settled, until, value } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const whole = text => +text.replaceAll("\u202f", "");
const cells = (page, id) => page.$$eval(`#${id} tbody tr`, rows => rows.map(row => [...row.children].map(cell => cell.textContent.trim())));
const ready = (page, id) => page.waitForSelector(`#${id}[aria-busy=false]`, { timeout: patience });
// The buckets of one stage, in milliseconds and not cumulated.
async function waits(stage) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  let below = 0;
  return [...text.matchAll(new RegExp(`aybiza_ingest_to_screen_seconds_bucket{stage="${stage}",le="([^"]+)"} (\\d+)`, "g"))]
    .map(([, bound, count]) => { const here = { bound_ms: bound === "+Inf" ? Infinity : +(bound * 1000).toPrecision(6), count: count - below }; below = +count; return here; });
}
const total = buckets => buckets.reduce((sum, bucket) => sum + bucket.count, 0);
function quantile(buckets, q) {
  let below = 0;
  return buckets.find(bucket => (below += bucket.count) >= Math.max(1, Math.ceil(q * total(buckets)))).bound_ms;
}
const ms = text => { const [, number, unit] = /^≤ ([\d.]+) (ms|s)$/.exec(text) ?? []; return unit === "s" ? number * 1000 : +number; };

try {
  await server.start();
  await server.post(callEvents({ ago_s: 900 }).events);
  const { page: system, problems } = await open(browser, `${server.url}/system`);
  await ready(system, "system-page");
  check("nobody has looked yet, and the page says so", /Nobody has watched/.test(await system.textContent("#tile-to_screen")));

  // Somebody looks.
  const { page: overview } = await open(browser, `${server.url}/?tz=${noon.tz}`);
  await settled(overview);
  let sent = 0;
  for (let i = 0; i < 10; i++) {
    const before = await value(overview, "calls_today"), { events } = callEvents({ ago_s: 5, length_s: 4 });
    await server.post(events);
    sent += events.length;
    await until(overview, n => +document.querySelector("#tile-calls_today data.num").getAttribute("value") > n, before);
  }
  const deadline = Date.now() + patience;
  while (Date.now() < deadline && (total(await waits("drawn")) < sent || total(await waits("written")) < sent)) await new Promise(resolve => setTimeout(resolve, 50));
  const written = await waits("written"), drawn = await waits("drawn");
  check("each event was waited for once", total(written) === sent && total(drawn) === sent, `${sent} sent, ${total(written)} written, ${total(drawn)} drawn`);
  await until(system, n => {  // until then the tile may still say that nobody has watched
    const rows = [...document.querySelectorAll("#tile-to_screen tbody tr")];
    return rows.length === 2 && rows.every(row => +row.children[4].textContent.replaceAll("\u202f", "") === n);
  }, sent);
  const [onto, seen] = await cells(system, "tile-to_screen");
  for (const [row, buckets, name] of [[onto, written, "written"], [seen, drawn, "drawn"]])
    check(`percentiles of what was ${name} are those of /metrics`, [.5, .95, .99].every((q, i) => ms(row[i + 1]) === quantile(buckets, q)) && ms(row[5]) === quantile(buckets, .99), JSON.stringify([row, buckets.filter(bucket => bucket.count)]));

  // What is held is what can be asked for.
  await until(system, () => document.querySelector("#tile-models tbody tr") && [...document.querySelectorAll("#tile-cardinality tbody tr")].some(row => row.children[0].textContent === "Agent" && row.children[1].textContent === "4" && row.children[2].textContent !== "0"));  // every 15 s
  const held = Object.fromEntries((await cells(system, "tile-cardinality")).map(row => [row[0], row]));
  for (const [name, dimension] of [["Region", "region"], ["Agent", "agent_id"], ["Customer", "customer_id"], ["Model", "model_used"]]) {
    const answer = await server.query({ select: "calls", by: dimension, window: "1h" });
    check(`values of ${dimension} are those that are asked for`, whole(held[name]?.[1] ?? "") === answer.rows.filter(row => row[0] !== null).length, JSON.stringify([held[name], answer.rows]));
  }
  // A bound is a shard's; calls are spread by their ids, and a shard need not have met all four agents.
  check("the bound of a dimension is said", /^acme: [1-4] of 20\u202f000 · /.test(held.Agent?.[3] ?? ""), JSON.stringify(held.Agent));
  const models = Object.fromEntries((await cells(system, "tile-models")).map(row => [row[0], row]));
  check("the lexicon in force is named by its bytes", /^[0-9a-f]{16}$/.test(Object.entries(models).find(([name]) => name.startsWith("Moods"))?.[1][2] ?? ""), JSON.stringify(models));
  const prices = await server.get("prices");
  const book = Object.entries(models).find(([name]) => name.startsWith("Costs"))?.[1] ?? [];
  check("the price list has as many entries as the API tells", whole(book[3] ?? "") === (prices.prices ?? prices.rates ?? []).length, JSON.stringify([book, Object.keys(prices)]));
  check("nothing is kept by a rule", /everything is kept for good/.test(await system.textContent("#tile-retention")));

  // A key and its use, without the key.
  const made = spawnSync(binary, ["key", "create", "--data", server.data, "--customer", "acme", "--scope", "read", "--name", "billing"], { encoding: "utf8" });
  const key = made.stdout.trim();
  let used;  // a running server reads new keys within a second
  for (const end = Date.now() + patience; !used?.ok && Date.now() < end;) {
    if (used) await new Promise(resolve => setTimeout(resolve, 50));
    used = await fetch(`${server.url}/api/v1/live`, { headers: { authorization: `Bearer ${key}` } });
  }
  check("the key lets somebody in", used.ok, `${used.status} ${made.stdout}`);
  await until(system, () => [...document.querySelectorAll("#tile-admission tbody tr")].some(row => row.children[0].textContent.trim() === "billing" && !/not since/.test(row.children[5].textContent)));
  const row = (await cells(system, "tile-admission")).find(row => row[0] === "billing");
  check("the key is listed with its rights and its use", row[1] === "key" && row[2] === "read" && row[3] === "acme" && row[4] === "active", JSON.stringify(row));
  check("the key itself is nowhere on the page", !(await system.content()).includes(key));

  await layout(browser, server, ["/system"]);
  check("no error and nothing refused by the CSP", problems.length === 0, JSON.stringify(problems));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
