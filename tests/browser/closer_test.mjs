// Looking closer in a real browser: turns are found and lead into their call, bars lead to their calls, tiles fill the screen, tables are files; every figure is the API's.
import { readFileSync } from "node:fs";
import { Server, callEvents, charted, check, connected, finish, launch, layout, open, openTable, patience, until, value } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const ready = (page, id) => page.waitForSelector(`#${id}[aria-busy=false]`, { timeout: patience });
const cells = (page, id) => page.$$eval(`#${id} tbody tr`, rows => rows.map(row => [...row.children].map(cell => cell.textContent.trim())));
const rows = async parameters => (await server.query(parameters)).rows;
// A place in a chart, as shares of its size: what lies there is drawn before it is clicked.
const clickBar = async (page, id, share_x, share_y) => {
  await charted(page);
  await page.locator(`#${id}`).scrollIntoViewIfNeeded();
  await charted(page);
  const box = await page.locator(`#${id}`).boundingBox();
  await page.mouse.click(box.x + box.width * share_x, box.y + box.height * share_y);
};

try {
  await server.start();
  for (let i = 0; i < 60; i++) {
    const call = callEvents({ ago_s: 1200 - i * 18, length_s: 20, over: i % 3 ? {} : { call_outcome: "failed", resolution_status: "unresolved" } });
    for (const event of call.events)
      if (event.type === "turn") Object.assign(event.data, { started_at: event.time, ended_at: new Date(Date.parse(event.time) + 2000).toISOString(), interrupted: event.data.speaker === "agent" ? i % 4 === 0 : i % 10 === 0 },
        event.data.speaker === "caller" && { text_content: i === 7 ? "The pelican ate my invoice" : "Where is my parcel" });
    if (i % 5 === 0) call.events.push({ id: `${call.id}-i`, type: "call.intervened", time: call.events[1].time, data: { call_id: call.id, customer_id: "acme", kind: "whisper" } });
    await server.post(call.events);
  }
  await server.post(callEvents({ ago_s: 20, over: null }).events);
  await server.query({ select: "calls", window: "1h", source: "store" });  // everything is in the store

  // `/` leads to the search from a page that has none; what is found leads to its turn.
  const { page, problems } = await open(browser, `${server.url}/costs`);
  await page.keyboard.press("/");
  await page.waitForURL("**/conversations#search");
  await until(page, () => document.activeElement?.id === "search");
  check("the key leads to the search, which has the focus", true);
  await page.keyboard.type("pelican");
  await page.keyboard.press("Enter");
  await page.waitForURL("**q=pelican**");
  await page.waitForSelector("#found mark", { timeout: patience });
  const found = await cells(page, "tile-found_turns"), api = await server.get("turns/search?q=pelican&window=1h");
  check("the turn is found, as the API finds it", found.length === 1 && api.hits.length === 1 && found[0][2] === api.hits[0].text && await page.textContent("#found mark") === "pelican", JSON.stringify([found, api.hits]));
  await page.selectOption("#turn-search select", "meaning");
  await page.click("#turn-search button");
  await until(page, () => document.querySelector("#tile-found_turns .why")?.textContent.includes("aybiza topics train"));
  check("without a model of topics it is said how to get one", true);
  await page.goBack();
  await page.waitForSelector("#found a.row", { timeout: patience });
  await page.click("#found a.row");
  await page.waitForURL(url => url.pathname === `/calls/${api.hits[0].call_id}`);
  await until(page, () => document.querySelector(".turn:target")?.textContent.includes("The pelican ate my invoice"));
  check("it leads to its place in the call", true);

  // Talk: interruptions both ways, interventions, silence and talk.
  await page.goto(`${server.url}/conversations`);
  await connected(page);
  await ready(page, "conversations-page");
  const spoken = Object.fromEntries((await rows({ select: "interruptions,turns", by: "speaker", window: "1h" })).map(([who, cut, turns]) => [who, cut / turns]));
  check("callers' and agents' interruptions are the API's", await value(page, "interruption_share") === spoken.agent && await value(page, "agent_interruption_share") === spoken.caller, JSON.stringify(spoken));
  const [[intervened, calls]] = await rows({ select: "intervened_calls,calls", window: "1h" });
  check("interventions are the API's", intervened === 12 && await value(page, "intervention_rate") === intervened / calls, `${intervened} of ${calls}`);
  check("of twenty seconds an agent speaks two and nobody sixteen", Math.abs(await value(page, "silence_share") - 0.8) < 1e-9 && Math.abs(await value(page, "talk_ratio") - 0.1) < 1e-9, `${await value(page, "silence_share")}`);

  // Work.
  await page.goto(`${server.url}/agents`);
  await connected(page);
  await ready(page, "agents-page");
  await openTable(page, "work", "work_regions");
  const work = await cells(page, "tile-work"), sum = work.reduce((all, row) => all + +row[1], 0);
  check("the volume adds up to the API's calls", sum === calls, `${sum} and ${calls}`);
  await until(page, () => document.querySelector("#tile-work_regions tbody tr"));
  check("who is at work is there with the region", JSON.stringify(await cells(page, "tile-work_regions")) === JSON.stringify([["eu-west-1", "1", "1"]]), JSON.stringify(await cells(page, "tile-work_regions")));

  // Bars lead to their calls; a click is no drag.
  await page.goto(`${server.url}/?range=1h`);
  await connected(page);
  await ready(page, "overview");
  await clickBar(page, "chart-outcomes", 0.42, 0.5 / 7);
  await page.waitForURL("**/calls?**outcome=successful**", { timeout: patience });
  check("the bar of an outcome leads to its calls", true);
  await page.goto(`${server.url}/costs?range=1h`);
  await connected(page);
  await ready(page, "costs-page");
  await clickBar(page, "chart-cost_map", 0.5, 0.6);
  await page.waitForURL("**/calls?**", { timeout: patience });
  const asked = new URL(page.url()).searchParams;
  check("a part of the map leads to the calls of its region and model", asked.get("region") === "eu-west-1" && asked.get("model") === "claude-sonnet-4", page.url());
  const minute = 60_000, end = Math.floor(Date.now() / minute) * minute, iso = ms => new Date(ms).toISOString();
  await page.goto(`${server.url}/?from=${iso(end - 60 * minute)}&to=${iso(end)}`);  // a bar of an hour that ends now moves on between the look and the click
  await connected(page);
  await ready(page, "overview");
  await charted(page);
  const [bar_x, bar_y] = await page.$eval("#chart-volume", el => {  // the chart is asked where it has the last of its bars but one
    const { chart, option } = window.liveSocket.main.getHook(el), box = el.getBoundingClientRect();
    const [start, calls] = [].concat(option.series).find(one => one.type === "bar").data.filter(row => row[1] > 0).at(-2), place = chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [start, calls / 2]);
    return [place[0] / box.width, place[1] / box.height];
  });
  await clickBar(page, "chart-volume", bar_x, bar_y);
  await page.waitForURL("**/calls?**from=**", { timeout: patience });
  const bucket = new URL(page.url()).searchParams;
  check("a bar of the volume leads to the calls of its minute", Date.parse(bucket.get("to")) - Date.parse(bucket.get("from")) === 60_000, page.url());
  await page.waitForSelector("#calls tbody tr", { timeout: patience });
  const [[of_minute]] = await rows({ select: "calls", from: bucket.get("from"), to: bucket.get("to") });
  check("they are the API's", (await cells(page, "calls")).length === of_minute, `${of_minute}`);

  // Taken away, and alone on the screen.
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(".pager [data-give=csv]")]);
  const csv = readFileSync(await file.path(), "utf8").trim().split("\r\n");
  check("the calls shown are a file", csv.length === of_minute + 1 && csv[0].includes("Customer"), csv[0]);

  // Columns are chosen by keyboard, kept, and the file follows them.
  await page.goto(`${server.url}/calls?outcome=failed`);
  await connected(page);
  await ready(page, "calls-page");
  await page.focus("#choose-columns");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#columns:popover-open");
  const beyond = await page.$eval("#columns", box => box.getBoundingClientRect().right - document.body.getBoundingClientRect().right);
  check("the list of columns ends within the page", beyond < 0, String(beyond));
  for (const name of ["customer", "region", "turns", "resolution", "tokens"]) {
    await page.focus(`#columns input[value=${name}]`);
    await page.keyboard.press("Space");
  }
  const heads = () => page.$$eval("#calls thead th", all => all.map(th => th.textContent));
  const wanted = ["Start", "Outcome", "Agent", "Model", "Length", "Latency", "Cost", "Resolution", "Tokens"];
  await until(page, names => JSON.stringify([...document.querySelectorAll("#calls thead th")].map(th => th.textContent)) === JSON.stringify(names), wanted);
  check("columns are chosen by keyboard, and the list stays open", await page.locator("#columns:popover-open").count() === 1);
  await page.keyboard.press("Escape");
  await page.reload();
  await connected(page);
  await ready(page, "calls-page");
  check("they are there when one comes back", JSON.stringify(await heads()) === JSON.stringify(wanted), JSON.stringify(await heads()));
  const [[unresolved]] = await rows({ select: "calls", window: "1h", where: "resolution_status:unresolved" });
  const statuses = (await cells(page, "calls")).map(row => row[7]);
  check("a chosen column is the API's", statuses.length === unresolved && statuses.every(text => text === "Unresolved"), JSON.stringify([unresolved, statuses]));
  const [chosen] = await Promise.all([page.waitForEvent("download"), page.click(".pager [data-give=csv]")]);
  check("the file has the chosen columns", readFileSync(await chosen.path(), "utf8").split("\r\n")[0].replace("\ufeff", "") === wanted.join(","));
  await page.click("#choose-columns");
  await page.click("#columns [phx-click=columns_reset]");
  await until(page, () => document.querySelectorAll("#calls thead th").length === 10);
  check("they go back to how they came", (await heads()).includes("Customer"));
  await page.goto(`${server.url}/`);
  await connected(page);
  await ready(page, "overview");
  await page.click("#tile-volume [data-give=full]");
  await until(page, () => document.fullscreenElement?.id === "tile-volume");
  await page.click("#tile-volume [data-give=full]");
  await until(page, () => !document.fullscreenElement);
  check("a tile fills the screen, and comes back", true);
  await layout(browser, server, ["/conversations?q=pelican", "/calls"]);
  check("no error and nothing refused by the CSP", problems.length === 0, JSON.stringify(problems));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
