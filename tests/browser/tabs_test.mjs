// Learning, System, the fleet field, the hours and the flow in a real browser against the real program: every figure is the API's.
import { Server, callEvents, check, closeTable, finish, launch, layout, open, openTable, patience, until, value } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const at = ago_s => new Date(Date.now() - ago_s * 1000).toISOString();
const figures = async parameters => {
  const answer = await server.query(parameters);
  return answer.rows.map(row => Object.fromEntries(answer.columns.map((name, i) => [name, row[i]])));
};
const close = (shown, told) => (told === null ? shown === null : Math.abs(shown - told) <= 1e-9 + 0.006 * Math.abs(told));
const cells = (page, id) => page.$$eval(`#${id} tbody tr`, rows => rows.map(row => [...row.children].map(cell => cell.textContent.trim())));
const ready = (page, id) => page.waitForSelector(`#${id}[aria-busy=false]`, { timeout: patience });

try {
  await server.start();
  // Calls of an experiment: of 60 each, 24 and 54 go well.
  for (let i = 0; i < 120; i++) {
    const short = i % 2 === 1, well = (i >> 1) % 10 < (short ? 9 : 4);
    const call = callEvents({ ago_s: 1500 - i * 10, length_s: 30 + (i % 5), over: { call_outcome: well ? "successful" : "failed", resolution_status: well ? "resolved" : "unresolved", error_count: i % 8 === 0 ? 1 : 0 } });
    for (const event of call.events) Object.assign(event.data, { experiment: "greeting", variant: short ? "short" : "control" });
    const states = { "1": "greeting", "2": i % 3 ? "resolution" : "information" };
    for (const event of call.events) if (event.type === "turn") event.data.state = states[event.data.turn_number];
    await server.post(call.events);
  }
  await server.post(callEvents({ ago_s: 20, over: null }).events);
  await server.post([
    { type: "learning.pattern", time: at(900), data: { pattern_id: "p-1", name: "apology first", outcome: "success", confidence: 0.9, customer_id: "acme", agent_id: "agent-1" } },
    { type: "learning.pattern", time: at(800), data: { pattern_id: "p-2", name: "price before terms", outcome: "failure", confidence: 0.7, customer_id: "acme", agent_id: "agent-2", replicated_from: "agent-1" } },
    { type: "learning.knowledge", time: at(700), data: { graph_id: "faq", nodes: 1200, edges: 3400, orphans: 12, unanswered_questions: 4, customer_id: "acme" } },
    { type: "learning.improvement", time: at(600), data: { metric: "error_rate", before: 0.12, after: 0.07, customer_id: "acme", agent_id: "agent-1" } },
    { type: "change", time: at(500), data: { what: "prompt", version: "7", customer_id: "acme" } },
    { type: "system", time: at(5), data: { region: "eu-west-1", cpu_utilization_pct: 71.5, queue_depth: 2 } },
  ]);
  await server.query({ select: "calls", window: "1h", source: "store" });  // everything is in the store

  // Learning.
  const { page, problems } = await open(browser, `${server.url}/learning`);
  await ready(page, "learning-page");
  const [told] = await figures({ select: "success_rate,error_rate,efficiency_score,learning_patterns,replicated_patterns,improvements,knowledge_nodes,unanswered_questions", window: "1h" });
  for (const [name, expected] of Object.entries(told)) check(`${name} is the API's`, close(await value(page, name), expected), `${await value(page, name)} and ${expected}`);
  const variants = await cells(page, "tile-experiments");
  const arms = await figures({ select: "calls,success_rate", by: "variant", window: "1h", where: "experiment:greeting" });
  for (const arm of arms) {
    const row = variants.find(cells => cells[0] === arm.variant);
    check(`variant ${arm.variant} has the API's calls and share`, row && +row[1] === arm.calls && row[2] === `${(arm.success_rate * 100).toFixed(1)} %`, JSON.stringify([row, arm]));
  }
  check("a difference of fifty points in sixty calls each is told", variants.find(row => row[0] === "short")?.at(-1) === "Better", JSON.stringify(variants));
  check("the even split is said", (await page.textContent("#tile-experiments")).includes("Calls were assigned evenly (p 1.00)"));
  check("a change has its hour before and after", (await cells(page, "tile-changes"))[0]?.[0] === "Prompt 7");
  check("patterns are listed", (await cells(page, "tile-pattern_list")).length === 2 && (await cells(page, "tile-improvement_list")).length === 1);
  for (const id of ["progress", "knowledge", "patterns"]) {
    await page.locator(`#tile-${id}`).scrollIntoViewIfNeeded();
    check(`chart ${id} is drawn`, await page.waitForSelector(`#chart-${id} canvas`, { timeout: patience }).then(() => true, () => false));
  }

  // System.
  await page.click("nav.tabs a:has-text('System')");
  await ready(page, "system-page");
  const ledger = await server.get("audit/conservation");
  const ways = await cells(page, "tile-ways_in");
  const whole = text => +text.replaceAll("\u202f", "");
  const all = ways.find(row => row[0] === "All"), json = ways.find(row => row[0] === "events json");
  check("the ways in add up to the audit", all && whole(all[1]) === ledger.offered && whole(all[2]) === ledger.accepted, JSON.stringify([all, ledger]));
  check("events came as JSON", json && whole(json[2]) > 0 && / ago$/.test(json[7]), JSON.stringify(json));
  await fetch(`${server.url}/v1/events`, { method: "POST", headers: { "content-type": "application/json" }, body: "{" });
  await until(page, () => document.querySelector("#tile-troubles")?.textContent.includes("invalid_json"));
  check("what went wrong is there with its reason", true);
  check("the machine that reported is there", (await cells(page, "tile-machines")).some(row => row[0] === "eu-west-1" && row[1] === "71.5 %"));
  await until(page, () => /minutes/.test(document.querySelector("#tile-audit")?.textContent ?? ""));
  const audits = await cells(page, "tile-audit"), compared = await server.get("audit/reconcile");
  check("both audits come out even, as the API says", audits.length === 2 && audits.every(row => row[2] === "0" && row[4].startsWith("Nothing")) && compared.mismatches === 0, JSON.stringify([audits, compared]));
  check("shards are listed", (await cells(page, "tile-shards")).length > 0);
  await until(page, () => document.querySelector("#tile-sockets data.num")?.getAttribute("value") === "1");
  check("this page is the open one", true);

  // The fleet, its hours, and the table below them.
  await page.click("nav.tabs a:has-text('Agents')");
  await ready(page, "agents-page");
  await until(page, () => document.querySelector("#tile-fleet footer .n")?.textContent.includes("good"));
  const legend = await page.textContent("#tile-fleet footer .n");
  const counted = legend.match(/\d+/g).map(Number).reduce((a, b) => a + b, 0);
  const [{ length: agents }] = [await figures({ select: "calls", by: "agent_id", window: "1h" })];
  check("every agent of the last hour is a cell", counted === agents, `${legend}, ${agents} agents`);
  await page.locator("#field-fleet").focus();
  await page.keyboard.press("ArrowRight");
  await until(page, () => document.querySelector("#tile-fleet_worst footer .n")?.textContent.includes("chosen"));
  check("a chosen cell says why", /−|nothing wrong|no call/.test((await cells(page, "tile-fleet_worst"))[0][2]));
  await page.click("#tile-fleet [data-give=full]");
  await until(page, () => document.fullscreenElement?.id === "tile-fleet");
  await page.locator("#field-fleet").focus();
  await page.keyboard.press("ArrowRight");
  await until(page, () => /−|nothing wrong|no call/.test(document.querySelector("#tile-fleet .picked")?.textContent ?? ""));
  await until(page, () => document.querySelector("#field-fleet").getBoundingClientRect().height > 500);
  const [filled, why] = await page.$$eval("#field-fleet, #tile-fleet .picked", all => all.map(el => el.getBoundingClientRect().height));
  check("the field fills the screen, and says why of the chosen agent below it", filled > 500 && why > 10, `${filled} ${why}`);
  await page.click("#tile-fleet [data-give=full]");
  await until(page, () => !document.fullscreenElement);
  await openTable(page, "heat");
  const hours = await cells(page, "tile-heat");
  const hour = new Date().getUTCHours();
  check("this hour has a figure and the rest of the week none", hours.flat().filter(text => text.endsWith("%")).length <= 2 && hours.length === 7, JSON.stringify(hours[0]));
  console.log(`     hour ${hour}: ${hours.flat().filter(text => text.endsWith("%"))}`);
  await page.keyboard.press("Escape");

  // What they learn: all of them, and each that told something.
  const learnt = "learning_patterns,successful_patterns,replicated_patterns,improvements,knowledge_nodes,unanswered_questions";
  await until(page, () => document.querySelector("#tile-learners tbody tr"));
  const learners = await cells(page, "tile-learners"), [everybody] = await figures({ select: learnt, window: "1h" }), each = await figures({ select: learnt, by: "agent_id", window: "1h" });
  const same = (row, told) => row && learnt.split(",").every((name, i) => told[name] === null ? row[i + 1] === "–" : whole(row[i + 1]) === told[name]);
  check("what all agents learn is the API's", learners[0][0] === "All agents" && same(learners[0], everybody), JSON.stringify([learners[0], everybody]));
  for (const agent of ["agent-1", "agent-2"]) {
    const told = each.find(row => row.agent_id === agent);
    check(`what ${agent} learns is the API's`, same(learners.find(row => row[0] === agent), told), JSON.stringify([learners, told]));
  }
  check("the experiments are counted", (await page.textContent("#tile-learners footer .n")).trim() === "1 experiment");

  // Ten thousand cells, painted anew each frame: printed, because a shared machine decides nothing.
  const frames = await page.evaluate(async () => {
    const letters = ["b", "w", "g", "i"], count = 10_000;
    const say = detail => window.dispatchEvent(new CustomEvent("phx:field:field-fleet", { detail }));
    let painted = 0;
    const began = performance.now();
    while (performance.now() - began < 2_000) {
      say({ cells: Array.from({ length: count }, (_, i) => letters[(i + painted) % 4]).join(""), as_of: Date.now() });
      await new Promise(requestAnimationFrame);
      painted++;
    }
    return painted / ((performance.now() - began) / 1000);
  });
  console.log(`     10 000 cells, every one of them changed: ${frames.toFixed(0)} frames/s`);

  // The flow adds up to its calls.
  await page.click("nav.tabs a:has-text('Conversations')");
  await ready(page, "conversations-page");
  await openTable(page, "flow");
  const steps = await cells(page, "tile-flow");
  const first = steps.filter(row => row[0] === "1").reduce((sum, row) => sum + whole(row[3]), 0);
  check("every ended call begins in one state", first === 120, JSON.stringify(steps));
  check("the flow says where it goes", steps.some(row => row[1] === "Greeting" && row[2] === "Resolution" && row[3] === "80") && steps.some(row => row[1] === "Information" && row[2] === "Call ended" && row[3] === "40"), JSON.stringify(steps));
  await closeTable(page, "flow");
  for (const id of ["flow", "resolution_times"]) {
    await page.locator(`#tile-${id}`).scrollIntoViewIfNeeded();
    check(`chart ${id} is drawn`, await page.waitForSelector(`#chart-${id} canvas`, { timeout: patience }).then(() => true, () => false));
  }

  // Where the time goes: each stage with its mean, what is left over, and a waterfall of them.
  const [means] = await figures({ select: "avg_stt_latency_ms,avg_llm_latency_ms,avg_tts_latency_ms,avg_response_time_ms", window: "1h" });
  await openTable(page, "stages");
  const stages = Object.fromEntries((await cells(page, "tile-stages")).map(row => [row[0], parseFloat(row[3]) * (/ s$/.test(row[3]) ? 1000 : 1)]));
  const rest = means.avg_response_time_ms - means.avg_stt_latency_ms - means.avg_llm_latency_ms - means.avg_tts_latency_ms;
  for (const [name, expected] of [["Speech to text", means.avg_stt_latency_ms], ["Model", means.avg_llm_latency_ms], ["Text to speech", means.avg_tts_latency_ms], ["Response", means.avg_response_time_ms], ["Everything else", rest]])
    check(`${name} is the API's`, Math.abs(stages[name] - expected) <= 0.006 * expected + 0.5, JSON.stringify([stages, means]));
  await closeTable(page, "stages");
  await page.locator("#tile-stages").scrollIntoViewIfNeeded();
  check("the waterfall is drawn", await page.waitForSelector("#chart-stages canvas", { timeout: patience }).then(() => true, () => false));

  // An agent's page says how busy it is, not how many agents there are.
  const own = await open(browser, `${server.url}/agents/agent-1`);
  await own.page.waitForSelector("#tile-utilization data.num", { timeout: patience });
  const [busy] = await figures({ select: "utilization", window: "1h", where: "agent_id:agent-1" });
  check("utilisation is the API's", Math.abs(await value(own.page, "utilization") - busy.utilization) < 0.01, `${await value(own.page, "utilization")} and ${busy.utilization}`);
  check("the number of agents is not there", await own.page.locator("#tile-active_agents").count() === 0);

  await layout(browser, server, ["/learning", "/system", "/agents", "/agents/agent-1", "/conversations"]);
  check("no error and nothing refused by the CSP", problems.length === 0, JSON.stringify(problems));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
