// Signing in and out in a real browser: the set-up link, the page behind it, two tabs, and what a tab shows whose session has ended.
import { Server, check, connected, finish, launch, open, patience, settled, violations } from "./lib.mjs";

const server = new Server([]);
const browser = await launch();
const password = "correct horse battery";
try {
  await server.start();
  while (!/\/setup\?token=\w+/.test(server.said())) await new Promise(resolve => setTimeout(resolve, 10));
  const set_up = /\/setup\?token=\w+/.exec(server.said())[0];

  for (const colorScheme of ["light", "dark"]) {
    for (const path of ["/sign-in", set_up]) {
      const door = await open(browser, `${server.url}${path}`, { colorScheme }, false);
      const against = await violations(door.page);
      check(`no accessibility violation on ${path.split("?")[0]}, ${colorScheme}`, against?.length === 0, JSON.stringify(against));
      for (const width of [360, 1440]) {
        await door.page.setViewportSize({ width, height: 800 });
        check(`${path.split("?")[0]} fits ${width} px, ${colorScheme}`, await door.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      }
      if (process.env.AYBIZA_PICTURES) await door.page.setViewportSize({ width: 1440, height: 800 }).then(() => door.page.screenshot({ path: `${process.env.AYBIZA_PICTURES}/door${path.slice(0, 6).replaceAll("/", "-")}-${colorScheme}.png` }));
      check(`${path.split("?")[0]} is clean, ${colorScheme}`, door.problems.length === 0, JSON.stringify(door.problems));
      await door.page.context().close();
    }
  }

  const { page } = await open(browser, `${server.url}/calls?range=24h`, {}, false);
  check("a stranger is led to the sign-in", new URL(page.url()).pathname === "/sign-in", page.url());
  await page.goto(server.url + set_up);
  await page.fill("input[name=name]", "ada");
  await page.fill("input[name=password]", password);
  await page.click("button.primary");
  await connected(page);
  await settled(page);
  check("the first user is in", new URL(page.url()).pathname === "/" && (await page.textContent("form.user span")) === "ada");
  if (process.env.AYBIZA_PICTURES) await page.screenshot({ path: `${process.env.AYBIZA_PICTURES}/signed-in.png` });

  // Another tab of the same browser; signing out in one leads the other to the sign-in too.
  const other = await page.context().newPage();
  await other.goto(`${server.url}/calls`);
  await connected(other);
  await page.click("form.user button");
  await page.waitForURL("**/sign-in");
  check("signing out leads to the sign-in", true);
  await other.waitForURL("**/sign-in?next=**", { timeout: patience });
  check("the other tab is led there as well, and will come back", new URL(other.url()).searchParams.get("next") === "/calls", other.url());
  await other.fill("input[name=name]", "ada");
  await other.fill("input[name=password]", "wrong password");
  await other.click("button.primary");
  check("a wrong password is said on the page, the name kept", (await other.textContent("#why")).includes("not right") && (await other.inputValue("input[name=name]")) === "ada");
  await other.fill("input[name=password]", password);
  await other.click("button.primary");
  await connected(other);
  check("and the page that was asked for is there", new URL(other.url()).pathname === "/calls", other.url());
} finally {
  await browser.close();
  await server.end();
}
finish();
