// What a thousand open pages cost the server: cores while a fleet talks, memory while it is silent.
//   AYBIZA_BINARY=build/release/aybiza node bench/sockets_bench.mjs [--sockets 1000] [--seconds 20] [--rate 5000] [--agents 10000] [--history 1]
//
// Method  Pages without a browser (raw_socket.mjs), spread over the tabs, that acknowledge each diff. Cores: the server's
//         time with them less its time without them, under the same fleet. Memory: the resident set of the server with the fleet stopped, when one page of each
//         tab is open and when all are; the rest of the server's memory moves with what the fleet sends.
import { Server } from "../tests/browser/lib.mjs";
import { conclude, coreShare, figure, introduce, joinMany, option, pause, residentKiB, startFleet, tabs } from "./page_load.mjs";

const sockets = option("sockets", 1000), seconds = option("seconds", 20), load = { rate: option("rate", 5000), agents: option("agents", 10_000), history: option("history", 1) };
const server = new Server();
let fleet;
try {
  await server.start();
  introduce("sockets_bench.mjs", null, load);
  fleet = await startFleet(server, load);
  const pid = server.process.pid, alone = await coreShare(pid, seconds);
  fleet.kill("SIGSTOP");
  await pause(5000);
  await joinMany(server, tabs.length, tabs);  // what is computed once for all who look is there
  await pause(2000);
  const before = residentKiB(pid), began = Date.now();
  const pages = await joinMany(server, sockets, tabs, 8);
  await pause(3000);
  const each = (residentKiB(pid) - before) / sockets;
  console.log(`       ${sockets} pages have joined after ${((Date.now() - began - 3000) / 1000).toFixed(1)} s`);
  fleet.kill("SIGCONT");
  await pause(5000);
  const diffs = pages.reduce((s, p) => s + p.diffs, 0);
  const watched = await coreShare(pid, seconds);
  const rate = (pages.reduce((s, p) => s + p.diffs, 0) - diffs) / seconds / sockets;
  if (pages.some(p => p.socket.code !== null)) throw new Error(`sockets were closed: ${pages.map(p => p.socket.code).filter(c => c !== null)}`);
  figure(`${sockets} sockets, cores`, `${(watched - alone).toFixed(2)} (${alone.toFixed(2)} without, ${watched.toFixed(2)} with, ${rate.toFixed(1)} diffs/s each)`, watched - alone <= 1, "<= 1 for 1000");
  figure("memory of a socket", `${each.toFixed(0)} KiB`, each <= 200, "<= 200 KiB");
  for (const page of pages) page.close();
} finally {
  fleet?.kill("SIGCONT");
  fleet?.kill("SIGTERM");
  await server.end().catch(() => {});
}
conclude();
