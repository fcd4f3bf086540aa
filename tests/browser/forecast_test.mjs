// The band in the chart of calls, in a real browser against the real program: a week that repeats is expected as it was, and too little history is said.
import { Server, check, closeTable, finish, launch, open, openTable, patience, until } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const hour = 3_600_000, day = 24 * hour;
const to = Math.floor(Date.now() / day) * day, from = to - 2 * day, since = from - 28 * day;
const iso = ms => new Date(ms).toISOString();
const of_hour = h => 1 + (h % 24 > 8 ? 1 : 0) + (h % 168 > 120 ? 1 : 0);
const calls_in = async (a, b) => (await server.query({ select: "calls", from: iso(a), to: iso(b), step: "2h", source: "store" })).rows.map(row => row[1]);

try {
  await server.start();
  let events = [];
  for (let at = since, h = 0; at < to; at += hour, h++)
    for (let i = 0; i < of_hour(h); i++) {
      const data = { call_id: `f-${h}-${i}`, customer_id: "acme", agent_id: "agent-1", region: "eu-west-1" };
      events.push({ id: `f-${h}-${i}-s`, type: "call.started", time: iso(at + i * 60_000), data }, { id: `f-${h}-${i}-e`, type: "call.ended", time: iso(at + i * 60_000 + 30_000), data: { ...data, call_outcome: "successful" } });
      if (events.length >= 2000) await server.post(events), events = [];
    }
  await server.post(events);
  await server.query({ select: "calls", from: iso(since), to: iso(to), source: "store" });  // everything is in the store

  const { page, problems } = await open(browser, `${server.url}/?from=${iso(from)}&to=${iso(to)}`);
  await page.waitForSelector("#overview[aria-busy=false]", { timeout: patience });
  await until(page, () => document.querySelector("#tile-volume footer .n")?.textContent.includes("90 % band from the 28 days before"));
  check("the foot says what the band rests on", true);
  await openTable(page, "volume");
  const table = await page.$$eval("#tile-volume tbody tr", all => all.map(row => [...row.children].slice(1).map(cell => +cell.textContent.replaceAll("\u202f", ""))));
  const heads = await page.$$eval("#tile-volume thead th", all => all.map(th => th.textContent));
  check("the table has the band", JSON.stringify(heads) === JSON.stringify(["From", "Calls", "Expected", "Expected at least", "Expected at most"]), JSON.stringify(heads));
  const now = await calls_in(from, to), week_ago = await calls_in(from - 7 * day, to - 7 * day);
  check("the calls are the API's", JSON.stringify(table.map(row => row[0])) === JSON.stringify(now), JSON.stringify(table));
  check("what repeats every week is expected as the API told it a week before", table.length === 24 && table.every((row, i) => Math.abs(row[1] - week_ago[i]) <= 0.05), JSON.stringify([table.map(row => row[1]), week_ago]));
  check("and without doubt", table.every(row => row[3] - row[2] <= 0.11 && row[2] <= row[1] + 0.05 && row[3] >= row[1] - 0.05), JSON.stringify(table));
  await closeTable(page, "volume");
  await page.waitForSelector("#chart-volume canvas", { timeout: patience });
  check("the chart is drawn", true);

  // Twenty days after the first call nothing is guessed.
  const early = await open(browser, `${server.url}/?from=${iso(since + 20 * day)}&to=${iso(since + 21 * day)}`);
  await early.page.waitForSelector("#overview[aria-busy=false]", { timeout: patience });
  await until(early.page, () => document.querySelector("#tile-volume footer .n")?.textContent.includes("no forecast yet: 20 of 21 days of history"));
  await openTable(early.page, "volume");
  check("too little history is said", !(await early.page.textContent("#tile-volume thead")).includes("Expected"));
  check("no error and nothing refused by the CSP", problems.length === 0 && early.problems.length === 0, JSON.stringify([problems, early.problems]));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
