// A LiveView page without a browser: the first page over HTTP, then its socket, spoken frame by frame over TCP.
//
// What a browser's WebSocket hides (the Origin it sends, refusals, close codes, the bytes) is in the open here.
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";

// The first page as a browser without cookies gets it: what its join needs.
export async function firstPage(url) {
  const answer = await fetch(url, { redirect: "manual" });
  const html = await answer.text();
  const take = pattern => pattern.exec(html)?.[1]?.replaceAll("&amp;", "&").replaceAll("&quot;", '"');
  const main = /<[a-z]+ [^>]*data-phx-main[^>]*>/.exec(html)?.[0] ?? "";
  return { status: answer.status, html, headers: answer.headers, url, cookies: answer.headers.getSetCookie(),
    cookie: answer.headers.getSetCookie().map(c => c.split(";")[0]).join("; "),
    csrf: take(/name="csrf-token" content="([^"]*)"/), id: / id="([^"]*)"/.exec(main)?.[1],
    session: / data-phx-session="([^"]*)"/.exec(main)?.[1], static: / data-phx-static="([^"]*)"/.exec(main)?.[1] };
}

// Opens a WebSocket, from another loopback address if need be. Refused: answers {status, body}; accepted: a Socket whose on_text gets every text message.
export function open(url, { origin = new URL(url).origin, cookie = "", csrf = "", vsn = "2.0.0", path = "/live/websocket", from } = {}) {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = { host, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"), ...(origin === null ? {} : { origin }), ...(cookie && { cookie }) };
    const asked = request({ host: hostname, port, localAddress: from, path: `${path}?_csrf_token=${encodeURIComponent(csrf)}&vsn=${vsn}`, headers });
    asked.on("upgrade", (answer, tcp, head) => resolve(new Socket(tcp, head)));
    asked.on("response", answer => {
      let body = "";
      answer.on("data", piece => { body += piece; });
      answer.on("end", () => resolve({ status: answer.statusCode, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

// One frame from the end that masks (a client) or the end that does not (a server).
export function frame(opcode, payload, masked) {
  const body = Buffer.from(payload), size = body.length;
  const head = size < 126 ? Buffer.from([0x80 | opcode, size]) : size < 65536 ? Buffer.from([0x80 | opcode, 126, size >> 8, size & 255]) : Buffer.alloc(10);
  if (size >= 65536) { head[0] = 0x80 | opcode; head[1] = 127; head.writeBigUInt64BE(BigInt(size), 2); }
  if (!masked) return Buffer.concat([head, body]);
  head[1] |= 0x80;
  const mask = randomBytes(4);
  for (let i = 0; i < size; i++) body[i] ^= mask[i & 3];
  return Buffer.concat([head, mask, body]);
}

export class Socket {
  on_text = () => {};
  bytes_in = 0;
  code = null;      // of the peer's close frame
  constructor(tcp, head = Buffer.alloc(0)) {
    this.tcp = tcp;
    this.unread = head;
    this.closed = new Promise(resolve => tcp.on("close", () => resolve(this.code)));
    tcp.setNoDelay(true);
    tcp.on("error", () => {});
    tcp.on("data", piece => {
      this.bytes_in += piece.length;
      this.unread = this.unread.length ? Buffer.concat([this.unread, piece]) : piece;
      while (this.take());
    });
    if (head.length) queueMicrotask(() => { while (this.take()); });
  }
  take() {
    const have = this.unread;
    if (have.length < 2) return false;
    let size = have[1] & 127, at = 2;
    if (size === 126) { if (have.length < 4) return false; size = have.readUInt16BE(2); at = 4; }
    else if (size === 127) { if (have.length < 10) return false; size = Number(have.readBigUInt64BE(2)); at = 10; }
    const mask = have[1] & 128 ? have.subarray(at, at += 4) : null;
    if (have.length < at + size) return false;
    const body = Buffer.from(have.subarray(at, at + size));
    if (mask) for (let i = 0; i < size; i++) body[i] ^= mask[i & 3];
    this.unread = have.subarray(at + size);
    const opcode = have[0] & 15;
    if (opcode === 1) this.on_text(body.toString());
    if (opcode === 8) { this.code = size >= 2 ? body.readUInt16BE(0) : 1005; this.tcp.end(); }
    if (opcode === 9) this.tcp.write(frame(10, body, true));
    return true;
  }
  send(text) { this.tcp.write(frame(1, text, true)); }
  drop() { this.tcp.destroy(); }
}

// A joined page. ask() sends a message on its topic and answers with the reply; pushes go to on_push(event, payload).
export class RawPage {
  on_push = () => {};
  diffs = 0;
  #ref = 0;
  #waiting = new Map();

  static async open(url, options = {}) {
    const page = new RawPage();
    page.first = options.first ?? await firstPage(url);
    page.socket = await open(url, { cookie: page.first.cookie, csrf: page.first.csrf, ...options.socket });
    if (!(page.socket instanceof Socket)) throw new Error(`the socket was refused: ${page.socket.status} ${page.socket.body}`);
    page.socket.on_text = text => page.#arrived(JSON.parse(text));
    return page;
  }
  async join(over = {}) {
    const { id, session, csrf, url } = this.first;
    this.topic = `lv:${id}`;
    this.join_ref = String(this.#ref + 1);
    return this.ask("phx_join", { url, params: { _csrf_token: csrf, _mounts: 0 }, session, static: this.first.static ?? "", ...over });
  }
  ask(event, payload, { topic = this.topic, join_ref = this.join_ref } = {}) {
    const ref = String(++this.#ref);
    this.socket.send(JSON.stringify([join_ref, ref, topic, event, payload]));
    return new Promise(resolve => { this.#waiting.set(ref, resolve); this.socket.closed.then(() => resolve(null)); });
  }
  event(type, event, value, more = {}) { return this.ask("event", { type, event, value, ...more }); }
  // What the pulse hook of a browser does: each tick it has drawn is acknowledged, so that the next may come.
  acknowledge_ticks() { this.ticks = true; }

  #arrived([join_ref, ref, topic, event, payload]) {
    const diff = event === "diff" ? payload : payload?.response?.diff;
    if (diff) this.diffs++;
    if (this.ticks) for (const [name, tick] of diff?.e ?? []) if (name === "tick") this.event("hook", "ack", { n: tick.n });
    if (event !== "phx_reply") return this.on_push(event, payload, join_ref, topic);
    this.#waiting.get(ref)?.({ ...payload, join_ref, topic });
    this.#waiting.delete(ref);
  }
  close() { this.socket.drop(); }
}

// The server's half of a handshake, for a bare socket to compare with.
export function accept(asked, tcp) {
  const key = createHash("sha1").update(asked.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  tcp.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
  return new Socket(tcp);
}
