// What a call's money goes to, what a minute costs and what the cache saves, in a real browser against the real program: every figure is the API's.
import { Server, callEvents, check, closeTable, finish, launch, layout, noon, open, openTable, patience, until, value } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const rows = async parameters => (await server.query({ window: "1h", source: "store", ...parameters })).rows;
const cells = (page, id) => page.$$eval(`#${id} tbody tr`, all => all.map(row => [...row.children].map(cell => cell.textContent.trim())));
const near = (shown, told) => Math.abs(shown - told) <= 1e-9 + 1e-6 * Math.abs(told);

try {
  await server.start();
  let pieces = 0;
  for (let i = 0; i < 12; i++) {
    const call = callEvents({ ago_s: 900 - i * 30, length_s: 60 + i });
    delete call.events.at(-1).data.cost_usd;
    const usage = data => call.events.push({ id: `${call.id}-u${++pieces}`, type: "usage", time: call.events[1].time, data: { call_id: call.id, customer_id: "acme", ...data } });
    usage({ model: "claude-sonnet-4-5", input_tokens: 9000, cache_read_tokens: 50_000, output_tokens: 700 });
    usage({ model: "nova-3", stt_seconds: 55, cost_usd: 0.02 });
    usage({ model: "sonic", tts_characters: 900, cost_usd: 0.03 });
    if (i % 3 === 0) usage({ model: "bundle", input_tokens: 10, stt_seconds: 5, cost_usd: 0.07 });
    await server.post(call.events);
  }
  const open_call = callEvents({ ago_s: 100, over: null });
  open_call.events.push({ id: `${open_call.id}-u`, type: "usage", time: open_call.events[1].time, data: { call_id: open_call.id, customer_id: "acme", model: "a model nobody lists", input_tokens: 10, cache_read_tokens: 400 } });
  await server.post(open_call.events);
  pieces++;
  await rows({ select: "calls" });  // everything is in the store

  const { page, problems } = await open(browser, `${server.url}/costs?tz=${noon.tz}`);
  await page.waitForSelector("#costs-page[aria-busy=false]", { timeout: patience });
  await openTable(page, "cost_stages");
  await until(page, () => document.querySelector("#tile-cost_stages tbody tr"));
  const by_model = Object.fromEntries(await rows({ select: "cost_usd", by: "model_used" }));
  const stages = Object.fromEntries((await cells(page, "tile-cost_stages")).map(([stage, spent, share]) => [stage, { spent: +spent.replace("$", ""), share: parseFloat(share) }]));
  await closeTable(page, "cost_stages");
  const expected = { Model: by_model["claude-sonnet-4-5"], "Speech to text": by_model["nova-3"], "Text to speech": by_model.sonic, "Not told apart": by_model.bundle };
  for (const [stage, usd] of Object.entries(expected)) check(`${stage} is the API's`, Math.abs(stages[stage]?.spent - usd) < 0.005 + 1e-9, JSON.stringify([stages[stage], usd]));
  check("no stage is there that cost nothing", Object.keys(stages).length === 4, JSON.stringify(stages));
  const [[all]] = await rows({ select: "cost_usd" });
  check("stages add up to the spend", Math.abs(Object.values(expected).reduce((a, b) => a + b, 0) - all) < 1e-9 && Math.abs(Object.values(stages).reduce((sum, { share }) => sum + share, 0) - 100) < 0.3, `${all}`);
  const [[per_call, length]] = await rows({ select: "cost_per_call,avg_duration_ms", where: "call_outcome:successful" });
  check("a minute's cost is the API's", near(await value(page, "cost_per_minute"), per_call / (length / 60_000)), `${await value(page, "cost_per_minute")} and ${per_call / (length / 60_000)}`);
  const [[, cached]] = await rows({ select: "cache_read_tokens", by: "model_used", where: "model_used:claude-sonnet-4-5" });
  check("the cache's saving is its tokens times the difference of prices", near(await value(page, "cache_saved"), cached * (3 - 0.3) / 1e6), `${await value(page, "cache_saved")}, ${cached} tokens`);
  check("tokens without a price are counted, not guessed", (await page.textContent("#tile-cache_saved footer")).includes("400 more without a price"));
  check("one piece of usage has no price", near(await value(page, "unpriced_share"), 1 / pieces), `${await value(page, "unpriced_share")}, ${pieces} pieces`);
  const [[today]] = (await server.query({ select: "cost_usd", from: new Date(noon.midnight()).toISOString(), to: new Date().toISOString(), source: "store" })).rows;
  check("what was spent today is the API's", near(await value(page, "spend_today_usd"), today), `${await value(page, "spend_today_usd")} and ${today}`);
  await page.locator("#tile-cost_stages").scrollIntoViewIfNeeded();
  check("the stages are drawn", await page.waitForSelector("#chart-cost_stages canvas", { timeout: patience }).then(() => true, () => false));

  const nobody = await open(browser, `${server.url}/costs?region=mars`);
  await nobody.page.waitForSelector("#tile-cache_saved .why", { timeout: patience });
  check("without usage it is said so", (await nobody.page.textContent("#tile-cache_saved .why")).startsWith("Nothing was read from a cache") && (await nobody.page.textContent("#tile-cost_per_minute .why")).startsWith("No ended call"));
  await layout(browser, server, ["/costs"]);
  check("no error and nothing refused by the CSP", problems.length === 0, JSON.stringify(problems));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
