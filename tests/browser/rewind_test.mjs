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
  // What a page may show of a moment that is no whole minute: each end of its range as it is, or the whole minute before or behind it. A share is its only
  // when it is one of these; where the moment goes on meanwhile, both are looked at again.
  const shows = async (page, name, moment) => {
    const ends = ms => [ms, Math.floor(ms / minute) * minute, Math.ceil(ms / minute) * minute];
    for (let until = Date.now() + patience, seen; ; await page.waitForTimeout(50)) {
      const shown = await value(page, name), to = moment(), told = [];
      for (const end of ends(to))
        for (const begin of ends(to - 15 * minute)) told.push((await server.query({ select: name, from: new Date(begin).toISOString(), to: new Date(end).toISOString() })).rows[0][0]);
      seen = `${shown} and ${told}`;
      if (told.some(one => close(shown, one))) return [true];
      if (Date.now() > until) return [false, seen];
    }
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
  check("and the figures are those of that moment, to the minute at an end that is none", ...await shows(page, "success_rate", () => held));

  await page.click(".rewound a.button");
  await until(page, () => !document.querySelector(".rewound"));
  await settled(page);
  check("back to now, the address has no moment", !new URL(page.url()).searchParams.has("at"), page.url());
  check("and the figures are those of now", ...await shows(page, "success_rate", Date.now));
  check("no error and nothing refused by the CSP", problems.length === 0, JSON.stringify(problems));
} finally {
  await browser.close();
  await server.end().catch(() => {});
}
finish();
