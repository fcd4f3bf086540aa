// Rewind in a real browser: the page of ten minutes ago is what the API answers for that time; played, its moment moves on; and back to now.
import { Server, callEvents, check, connected, finish, launch, open, patience, settled, until, value } from "./lib.mjs";

const server = new Server();
const browser = await launch();
const close = (shown, told) => told !== null && Math.abs(shown - told) <= 1e-9 + 1e-6 * Math.abs(told);
const minute = 60_000;

try {
  await server.start();
  // Two calls a minute over half an hour, none near an end of what is asked, which is at whole minutes (live figures of such a range are kept by the minute); the share of those that go well
  // differs from one five minutes to the next.
  const moment = Math.floor((Date.now() - 10 * minute) / minute) * minute, at = new Date(moment).toISOString();
  for (let i = 0; i < 60; i++) {
    const start = moment + (30 * i - 1185) * 1000, good = i % 10 < 2 + Math.floor(i / 10);
    await server.post(callEvents({ ago_s: (Date.now() - start) / 1000, length_s: 5 + i % 7, over: { call_outcome: good ? "successful" : "failed", resolution_status: good ? "resolved" : "unresolved", total_duration_ms: 10_000 + 500 * i } }).events);
  }
  await server.query({ select: "calls", window: "1h", source: "store" });
  const figures = async (to, select) => {
    const answer = await server.query({ select, from: new Date(to - 15 * minute).toISOString(), to: new Date(to).toISOString() });
    return Object.fromEntries(answer.columns.map((name, i) => [name, answer.rows[0][i]]));
  };

  const { page, problems } = await open(browser, `${server.url}/?range=15m&at=${encodeURIComponent(at)}`);
  await settled(page);
  const then = await figures(moment, "success_rate,avg_sentiment,calls"), now = await figures(Date.now(), "success_rate,calls");
  check("the two moments differ", then.success_rate !== now.success_rate, JSON.stringify([then, now]));
  for (const name of ["success_rate", "avg_sentiment"]) check(`${name} is that of the moment`, close(await value(page, name), then[name]), `${await value(page, name)} and ${then[name]}`);
  await until(page, () => /^n \d/.test(document.querySelector("#tile-volume footer .n")?.textContent ?? ""));
  check("so is the number of calls", (await page.textContent("#tile-volume footer .n")).split(" · ")[0] === `n ${then.calls}`, `${await page.textContent("#tile-volume footer .n")} and ${then.calls}`);
  const told = () => page.textContent(".rewound b.num");
  const clock = new Date(moment).toISOString().slice(11, 19);
  check("the page says whose moment it is", (await told()).endsWith(clock), `${await told()} and ${clock}`);
  await page.goto(`${server.url}/conversations?range=15m&at=${encodeURIComponent(at)}`);
  await connected(page);
  await page.waitForSelector("#conversations-page[aria-busy=false]", { timeout: patience });
  const talk = await figures(moment, "resolution_rate,avg_sentiment");
  for (const [name, expected] of Object.entries(talk)) check(`${name} of the Conversations is that of the moment`, close(await value(page, name), expected), `${await value(page, name)} and ${expected}`);

  // Standing it stands; played at 60 x it moves on.
  await page.goto(`${server.url}/?range=15m&at=${encodeURIComponent(at)}`);
  await connected(page);
  await settled(page);
  await page.click(".rewound [phx-value-speed='60']");
  await page.waitForSelector(".rewound [phx-value-speed='60'][aria-pressed=true]");
  const seconds = text => text.slice(-8).split(":").reduce((sum, part) => 60 * sum + +part, 0);
  const start = seconds(clock);
  await until(page, start => {
    const shown = document.querySelector(".rewound b.num").textContent.slice(-8).split(":").reduce((sum, part) => 60 * sum + +part, 0);
    return (shown - start + 86_400) % 86_400 >= 90;
  }, start);
  check("its moment has moved on by more than a minute and a half", true);
  await page.click(".rewound [phx-value-speed='0']");
  await page.waitForSelector(".rewound [phx-value-speed='0'][aria-pressed=true]");
  const held = new Date(new URL(page.url()).searchParams.get("at")).getTime();
  check("held, the address says where", held > moment + 80_000 && held <= Date.now(), page.url());
  await settled(page);
  const later = await figures(held, "success_rate");
  await until(page, expected => Math.abs(+document.querySelector("#tile-success_rate data.num").value - expected) < 0.04, later.success_rate);
  check("and the figures are those of that moment, but for a call at an end that is no whole minute", true);

  await page.click(".rewound a.button");
  await until(page, () => !document.querySelector(".rewound"));
  await settled(page);
  check("back to now, the address has no moment", !new URL(page.url()).searchParams.has("at"), page.url());
  const present = await figures(Date.now(), "success_rate");
  await until(page, expected => Math.abs(+document.querySelector("#tile-success_rate data.num").value - expected) < 0.06, present.success_rate);
  check("and the figures are those of now", true);
  check("no error and nothing refused by the CSP", problems.length === 0, JSON.stringify(problems));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
