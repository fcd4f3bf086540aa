// Comparison, zoom, change markers, what moved, and the Costs page in a real browser against the real program: every figure is the API's.
import { Server, callEvents, charted, check, closeTable, connected, finish, launch, layout, open, openTable, patience, until } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const minute = 60_000, begin = Math.floor(Date.now() / minute) * minute - 30 * minute;  // two periods of ten minutes, both over
const iso = ms => new Date(ms).toISOString();
const before = { from: iso(begin), to: iso(begin + 10 * minute) }, now = { from: iso(begin + 10 * minute), to: iso(begin + 20 * minute) };
const custom = `from=${now.from}&to=${now.to}`;
const ask = async parameters => (await server.query({ source: "store", ...parameters })).rows;
const cells = (page, id) => page.$$eval(`#${id} tbody tr`, rows => rows.map(row => [...row.children].map(cell => cell.textContent.trim())));
const ready = (page, id) => page.waitForSelector(`#${id}[aria-busy=false]`, { timeout: patience });
const plain = text => text.replaceAll("\u202f", "");
const usd = text => +plain(text).replace("$", "").replace("−", "-");

try {
  await server.start();
  // Seventy calls in each period; in the second one most of those of eu-west-1 fail, and there are ten more.
  let serial = 0;
  for (const [start, fails, count] of [[begin, 10, 70], [begin + 10 * minute, 2, 80]])
    for (let i = 0; i < count; i++) {
      const region = i % 2 ? "eu-west-1" : "us-east-1", failed = i % 2 === 1 && (i >> 1) % fails === 0;
      const call = callEvents({ id: `m-${++serial}`, ago_s: (Date.now() - start) / 1000 - i * 7 - 1, length_s: 6, region, over: failed ? { call_outcome: "failed", resolution_status: "unresolved" } : {} });
      call.events.push({ id: `m-${serial}-u`, type: "usage", time: call.events[0].time, data: { call_id: call.id, customer_id: "acme", model: i % 3 ? "model-a" : "model-b", input_tokens: 1000, cache_read_tokens: 500, output_tokens: 200 } });
      await server.post(call.events);
    }
  await server.post([{ type: "change", time: iso(begin + 15 * minute), data: { what: "prompt", version: "7", customer_id: "acme" } }]);
  await ask({ select: "calls", window: "1h" });  // everything is in the store

  // The period before: in every tile, and under the charts.
  const { page, problems } = await open(browser, `${server.url}/?${custom}`);
  await page.addInitScript(() => { window.marked = []; window.addEventListener("phx:chart-marks", event => window.marked.push(...event.detail.marks)); });
  await page.reload();
  await connected(page);
  await ready(page, "overview");
  check("without the switch nothing is compared", await page.locator(".against").count() === 0);
  await page.click("#compare");
  await page.waitForURL("**compare=1**");
  await ready(page, "overview");
  const [[rate, p95]] = await ask({ select: "success_rate,p95_voice_latency_ms", ...before });
  await until(page, text => document.querySelector("#tile-success_rate .against .num")?.textContent === text, `${(rate * 100).toFixed(1)} %`);
  check("a tile's earlier figure is the query over the shifted range", true);
  const [[later]] = await ask({ select: "success_rate", ...now });
  const difference = await page.textContent("#tile-success_rate .against .delta"), tone = await page.getAttribute("#tile-success_rate .against .delta", "class");
  check("fewer successes are bad", difference === `−${((rate - later) * 100).toFixed(1)} pt` && tone.includes("bad"), `${difference} ${tone}, ${rate} ${later}`);
  check("latency is compared too", p95 !== null && await page.locator("#tile-p95_voice_latency_ms .against").count() === 1);
  await openTable(page, "volume");
  await until(page, () => document.querySelector("#tile-volume thead")?.textContent.includes("Period before"));
  const volume = (await cells(page, "tile-volume")).map(row => row.slice(1).map(text => +plain(text)));
  const buckets = async range => (await ask({ select: "calls", step: "15s", ...range })).map(row => row[1]);
  check("the chart's earlier line is the query over the shifted range", JSON.stringify(volume.map(row => row[1])) === JSON.stringify(await buckets(before)), JSON.stringify(volume));
  check("and its bars are that of the range", JSON.stringify(volume.map(row => row[0])) === JSON.stringify(await buckets(now)));
  await closeTable(page, "volume");
  await until(page, () => window.marked.some(mark => mark.name === "Prompt 7"));
  check("the change is marked", await page.evaluate(at => window.marked.some(mark => mark.xAxis === at), begin + 15 * minute));

  // What changed.
  await until(page, () => document.querySelector("#tile-movers tbody tr"));
  const moves = await cells(page, "tile-movers");
  const eu = moves.find(row => row[0] === "Region: eu-west-1" && row[1] === "Success");
  const [[, calls_before, rate_before]] = await ask({ select: "calls,success_rate", by: "region", where: "region:eu-west-1", ...before });
  const [[, calls_now, rate_now]] = await ask({ select: "calls,success_rate", by: "region", where: "region:eu-west-1", ...now });
  check("what moved is told with both figures and samples", eu && eu[2] === `${(rate_before * 100).toFixed(1)} %` && eu[3] === `${(rate_now * 100).toFixed(1)} %` && +eu[5] === calls_before && +eu[6] === calls_now && eu[4].endsWith("worse"), JSON.stringify([moves, rate_before, rate_now]));
  check("a region where nothing moved is not told of", !moves.some(row => row[0] === "Region: us-east-1" && row[1] === "Success"));

  // Dragging over a chart zooms the whole page; back and the link lead out again.
  await page.goto(`${server.url}/?range=1h`);
  await connected(page);
  await ready(page, "overview");
  const drag = async () => {
    await charted(page);
    const box = await page.locator("#chart-volume").boundingBox();
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 8 });
    await page.mouse.up();
  };
  await drag();
  await page.waitForURL("**from=**to=**", { timeout: patience });
  const zoomed = new URL(page.url()).searchParams, length = (Date.parse(zoomed.get("to")) - Date.parse(zoomed.get("from"))) / minute;
  check("the drag is the page's range", length > 15 && length < 35, `${length} minutes`);
  await ready(page, "overview");
  const [[inside]] = await ask({ select: "success_rate", from: zoomed.get("from"), to: zoomed.get("to") });
  await until(page, share => Math.abs(+document.querySelector("#tile-success_rate data.num")?.getAttribute("value") - share) < 1e-9, inside);
  check("tiles are those of the zoomed range", true);
  await page.goBack();
  await page.waitForURL(url => !url.search.includes("from="));
  await until(page, () => !document.querySelector("#reset-zoom"));  // the address leads, the page follows
  check("back leads out", true);
  await ready(page, "overview");
  await drag();
  await page.waitForSelector("#reset-zoom", { timeout: patience });
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("z");
  await page.waitForURL(url => !url.search.includes("from="));
  check("so does the key", true);

  // Costs.
  await page.goto(`${server.url}/costs?${custom}`);
  await connected(page);
  await ready(page, "costs-page");
  await openTable(page, "tokens", "model_tokens");
  await until(page, () => document.querySelector("#tile-tokens tbody tr") && document.querySelector("#tile-model_tokens tbody tr"));
  const models = await cells(page, "tile-model_tokens");
  await closeTable(page, "tokens", "model_tokens");
  for (const [model, input, cached, output] of await ask({ select: "input_tokens,cache_read_tokens,output_tokens", by: "model_used", ...now })) {
    const row = models.find(row => row[0] === model)?.map(plain);
    check(`tokens of ${model} are the API's`, row && +row[1] === input && +row[2] === cached && +row[3] === output, JSON.stringify([models, input, cached, output]));
  }
  const set_budget = async usd => {
    await page.fill("#budget-form input[name=name]", "acme");
    await page.fill("#budget-form input[name=usd]", usd);
    await page.click("#budget-form button");
  };
  await set_budget("1.250");  // a thousand, or one and a quarter
  await page.waitForSelector("main.plain");
  check("a sum that could be meant two ways is refused with how to write it", (await page.textContent("main")).includes("'1.250' is not a sum of USD; write it as 1250.50"), await page.textContent("main"));
  await page.click("main a.button");
  await connected(page);
  await ready(page, "costs-page");
  await set_budget("8,00");
  await page.waitForURL("**/costs#tile-budgets");
  // A budget is of a month (UTC), which may have begun after all of these calls: it has one of its own, and one that ends meanwhile is not the one that was asked for.
  const month_of = ms => Date.UTC(new Date(ms).getUTCFullYear(), new Date(ms).getUTCMonth(), 1);
  let month, spent, budget;
  do {
    month = month_of(Date.now());
    await server.post(callEvents({ id: `m-${++serial}`, ago_s: 0, length_s: 0 }).events);
    [[spent]] = await ask({ select: "cost_usd", from: iso(month), to: iso(Date.now() + minute), where: "customer_id:acme" });
    await page.reload();
    await connected(page);
    await ready(page, "costs-page");
    await until(page, () => document.querySelector("#tile-budgets tbody tr"));
    [budget] = await cells(page, "tile-budgets");
  } while (month_of(Date.now()) !== month);
  check("the budget has the API's spend", budget[0] === "acme" && usd(budget[3]) === 8 && Math.abs(usd(budget[4]) - spent) < 0.005, JSON.stringify([budget, spent]));
  check("its stage is told in words", budget[7] === (spent >= 8 ? "used up" : spent >= 7.6 ? "over 95 %" : spent >= 6.8 ? "over 85 %" : spent >= 6.4 ? "over 80 %" : "below 80 %"), budget[7]);
  check("a month cannot be foreseen from a day", budget[9].startsWith("not enough history"), budget[9]);
  await page.click("#tile-budgets button:has-text('Remove')");
  await until(page, () => document.querySelector("#tile-budgets")?.textContent.includes("No budget yet"));
  check("a budget can be taken away", true);
  await page.goto(`${server.url}/costs?${custom}`);
  await connected(page);
  await ready(page, "costs-page");
  await page.fill("#human input", "4.5x");
  await page.click("#human button");
  await page.waitForSelector("#tile-return [role=alert]");
  check("what is no sum is said beside its field", (await page.textContent("#tile-return [role=alert]")).includes("write it as 1250.50"));
  await page.fill("#human input", "4,50");
  await page.click("#human button");
  await page.waitForURL("**human=4%2C50**");
  const [[resolved, cost]] = await ask({ select: "resolved_calls,cost_usd", ...now });
  await until(page, text => [...document.querySelectorAll("#tile-return dd")].some(dd => dd.textContent.replaceAll("\u202f", "") === text), `$${(resolved * 4.5 - cost).toFixed(2)}`);
  check("what agents save is resolved calls by a person's cost less the spend", true);
  await page.fill("#what-if textarea", "input\t*\tmodel-a\t2\t1M\noutput\t*\tmodel-a\t10\t1M\ncache_read\t*\tmodel-a\t0.2\t1M\n");
  await page.click("#what-if button");
  await until(page, () => document.querySelector("#tile-what_if dl"));
  const used = (await ask({ select: "input_tokens,cache_read_tokens,output_tokens", by: "model_used", where: "model_used:model-a", ...now }))[0];
  const by_list = (used[1] * 2 + used[2] * 0.2 + used[3] * 10) / 1e6;
  const shown = usd(await page.textContent("#tile-what_if dd:nth-of-type(2)"));
  check("usage by another list", Math.abs(shown - by_list) <= 0.005 + 0.006 * by_list, `${shown} and ${by_list}`);

  // Agents as if all had taken the same mix.
  await page.goto(`${server.url}/agents?${custom}`);
  await connected(page);
  await ready(page, "agents-page");
  await until(page, () => /\d % \[\d/.test(document.querySelector("table#agents tbody")?.textContent ?? "") || document.querySelector("table#agents tbody")?.textContent.includes("too few calls"));
  check("the table has the adjusted rate", (await page.textContent("table#agents thead")).includes("Success, same mix"));

  await layout(browser, server, [`/?${custom}&compare=1`, `/costs?${custom}&compare=1&human=4.5`, `/agents?${custom}`]);
  check("no error and nothing refused by the CSP", problems.length === 0, JSON.stringify(problems));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
