// Sends what hot-shots sends, over UDP, and a Snappy-packed remote-write body; prints what was sent as one line of JSON.
//   node send.mjs statsd HOST PORT | node send.mjs stream PATH | node send.mjs write URL VERSION [KEY]
import net from 'node:net';
import { Writable } from 'node:stream';
import StatsD from 'hot-shots';
import snappy from 'snappyjs';

const [, , what, ...rest] = process.argv;

// hot-shots' packets in the frames of a stream socket. (Its datagram transport needs an addon that is built at installation.)
function framed(path) {
  const socket = net.connect(path);
  return new Writable({
    write(packet, _, done) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(packet.length);
      socket.write(Buffer.concat([length, packet]), done);
    },
    final: (done) => socket.end(done),
    destroy: (error, done) => { socket.destroySoon(); done(error); },
  });
}

const stream = (path) => send({ protocol: 'stream', stream: framed(path), prefix: 'hu.' });
const statsd = (host, port) => send({ host, port: Number(port), prefix: 'hs.' });

async function send(transport) {
  const errors = [];
  const client = new StatsD({ maxBufferSize: 1200, globalTags: { env: 'test' }, errorHandler: (e) => errors.push(String(e)), ...transport });
  const sent = { calls: 0, latency: [], queue: 0, users: 0, errors };
  for (let i = 0; i < 200; i++) {  // so few that the kernel's buffer holds all of them, should the server stand still
    client.increment('calls', 1, { region: i % 2 ? 'eu' : 'us' });
    sent.calls += 1;
    const latency = (i * 7919) % 1000;
    client.distribution('latency', latency, { region: i % 2 ? 'eu' : 'us' });
    client.timing('step', latency);
    client.histogram('size', latency / 8);
    sent.latency.push(latency);
    client.gauge('queue', i);
    sent.queue = i;
    client.set('users', `u${i % 37}`);
    sent.users = 37;
  }
  client.decrement('calls', 3, { region: 'eu' });
  sent.calls -= 3;
  client.event('deploy', 'v42 is out');
  client.check('db', client.CHECKS.OK);
  await new Promise((resolve, reject) => client.close((e) => (e ? reject(e) : resolve())));
  return sent;
}

// A protobuf writer of a dozen lines: the messages of remote write are small.
const varint = (v) => {
  const out = [];
  for (v = BigInt(v); v >= 128n; v >>= 7n) out.push(Number(v & 127n) | 128);
  return Buffer.from([...out, Number(v)]);
};
const bytes = (field, value) => Buffer.concat([varint((field << 3) | 2), varint(Buffer.from(value).length), Buffer.from(value)]);
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const real = (field, value) => {
  const raw = Buffer.alloc(8);
  raw.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | 1), raw]);
};
const join = (...parts) => Buffer.concat(parts);

async function write(url, version, key) {
  const now = Date.now(), start = now - 60_000;
  const totals = [100, 130, 130, 175], gauges = [4, 9.5, 2];
  let message, type;
  if (version === '1') {
    type = 'application/x-protobuf';
    const label = (name, value) => bytes(1, join(bytes(1, name), bytes(2, value)));
    const samples = (values) => join(...values.map((v, i) => bytes(2, join(real(1, v), number(2, start + i * 1000)))));
    message = join(
      bytes(1, join(label('__name__', 'rw1_calls_total'), label('job', 'agents'), samples(totals))),
      bytes(1, join(label('__name__', 'rw1_queue'), label('job', 'agents'), samples(gauges))),
      bytes(3, join(number(1, 1), bytes(2, 'rw1_calls_total'))));
  } else {
    type = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
    const symbols = ['', '__name__', 'rw2_calls', 'job', 'agents', 'rw2_queue'];
    const refs = (...numbers) => bytes(1, join(...numbers.map((n) => varint(n))));
    const samples = (values) => join(...values.map((v, i) => bytes(2, join(real(1, v), number(2, start + i * 1000)))));
    message = join(
      ...symbols.map((s) => bytes(4, s)),
      bytes(5, join(refs(1, 2, 3, 4), samples(totals), bytes(5, number(1, 1)))),
      bytes(5, join(refs(1, 5, 3, 4), samples(gauges), bytes(5, number(1, 2)))));
  }
  const headers = { 'Content-Type': type, 'Content-Encoding': 'snappy', 'X-Prometheus-Remote-Write-Version': version === '1' ? '0.1.0' : '2.0.0' };
  if (key) headers.Authorization = `Basic ${Buffer.from(`prometheus:${key}`).toString('base64')}`;
  const body = Buffer.from(snappy.compress(message));
  const answers = [];
  for (let i = 0; i < 2; i++) {  // as after a lost answer
    const answer = await fetch(url, { method: 'POST', headers, body });
    answers.push({ status: answer.status, written: answer.headers.get('x-prometheus-remote-write-samples-written'), text: await answer.text() });
  }
  return { totals, gauges, answers };
}

const sent = await { statsd, stream, write }[what](...rest);
console.log(JSON.stringify(sent));
