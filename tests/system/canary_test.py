"""A phone number, an e-mail address, a card number and an IBAN in every field of every format, also in bodies and headers that are refused: afterwards
none of them is in the log, the store, a snapshot, what the server printed or what it exports, and calls are still found by them."""
import ctypes
import ctypes.util
import gzip
import json
import random
import re
import socket
import struct
import sys
import tempfile
import urllib.parse

import canary_bodies as bodies
from canary_bodies import EMAIL, NEEDLES, NOW, PHONE, SHORT, TEXTS
from harness import Server, check, check_conservation, wait_until
from vendors import PUBLIC, Sender
from wire import encode, snappy

SNAPSHOT_BYTES = 257 << 20  # of log: so much makes the server write one


class Tally:
    """What became of the requests: a format of which nothing is taken would prove nothing."""

    def __init__(self):
        self.by_format = {}

    def add(self, form, status):
        self.by_format.setdefault(form, {}).setdefault(status, 0)
        self.by_format[form][status] += 1

    def check(self):
        for form, answers in self.by_format.items():
            check(sum(n for status, n in answers.items() if status in (200, 204)) > 0, f"nothing of {form} was taken: {answers}")
            check(all(status < 500 for status in answers), f"{form}: {answers}")


def strange_headers(text):
    """Headers that a proxy or a client may fill with anything."""
    quoted = urllib.parse.quote(text)
    return {"User-Agent": text, "X-Request-Id": text, "X-Forwarded-For": text, "Referer": f"http://x/?q={quoted}", "Cookie": f"who={quoted}", "X-Caller": text}


def send_events(server, tally):
    events = list(bodies.event_lines(server.get("/api/v1/openapi.json")[1])) + list(bodies.session_reports())
    check(len({e["type"] for e in events}) > 15 and len(events) > 1000, f"{len(events)} events")
    for at in range(0, len(events), 400):
        part = events[at:at + 400]
        text = TEXTS[at // 400 % len(TEXTS)]
        ndjson = "\n".join(map(json.dumps, part)).encode()
        for body, kind, more in ((ndjson, "application/x-ndjson", {"Idempotency-Key": bodies.short(text)}),
                                 (gzip.compress(ndjson + b"\n"), "application/x-ndjson", {"Content-Encoding": "gzip"}),
                                 (json.dumps(part).encode(), "application/json", {}),
                                 (json.dumps({"batch": part, "sent_at": text}).encode(), "application/json", {}),
                                 (json.dumps([{**e, "specversion": "1.0", "subject": text, "dataschema": text} for e in part]).encode(),
                                  "application/cloudevents-batch+json", {})):
            status, _, _ = server.request("POST", f"/v1/events?q={urllib.parse.quote(text)}", body, {"Content-Type": kind, **more, **strange_headers(text)})
            tally.add(f"events {kind}", status)
    for event in events[::50]:
        status, _, _ = server.request("POST", "/v1/events", json.dumps({**event, "specversion": "1.0"}).encode(), {"Content-Type": "application/cloudevents+json"})
        tally.add("events application/cloudevents+json", status)


def send_otlp(server, tally):
    for path, name, made in (("traces", "Traces", bodies.traces()), ("logs", "Logs", bodies.logs()), ("metrics", "Metrics", bodies.metrics())):
        for at, message in enumerate(made):
            for kind, body in (("application/json", json.dumps(message).encode()), ("application/x-protobuf", encode(message, name))):
                status, _, answer = server.request("POST", f"/v1/{path}", body, {"Content-Type": kind, **strange_headers(TEXTS[at % len(TEXTS)])})
                tally.add(f"OTLP {path} {kind}", status)
                check(status == 200, f"{path} {kind}: {status} {answer[:300]}")


def send_webhooks(server, senders, tally):
    for vendor, folder in (("vapi", "vapi"), ("retell", "retell"), ("elevenlabs", "elevenlabs"), ("livekit", "livekit_webhook"), ("twilio", "twilio")):
        for shape in bodies.vendor_shapes(folder):
            for body in bodies.bodies(shape):
                tally.add(f"{vendor} webhook", senders[vendor].send(body)[0])
    for name in bodies.TWILIO_FORM:
        for text in TEXTS:
            bodies.bodies.count += 1
            form = json.loads(bodies.own_call(json.dumps({**bodies.TWILIO_FORM, name: text, text: text}), bodies.bodies.count))
            tally.add("twilio form", senders["twilio"].send(form)[0])


def send_metrics(server, statsd, path, tally):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.connect(path)
        for packet in bodies.statsd_packets():
            udp.sendto(packet, statsd)
            stream.sendall(struct.pack("<I", len(packet)) + packet)
    for kind, name, message in bodies.remote_writes():
        status, _, answer = server.request("POST", "/api/v1/write", snappy(encode(message, name)), {"Content-Type": kind, "Content-Encoding": "snappy"})
        tally.add(f"remote write {name}", status)
        check(status == 204, f"{name}: {status} {answer}")
    wait_until("packets are read", lambda: ((n := server.metric("aybiza_statsd_packets_total")) == 2 * len(TEXTS), n))


def send_refused(server, senders):
    """Nothing of this is taken; nothing of it may be kept or printed either."""
    for text in TEXTS:
        quoted = urllib.parse.quote(text, safe="")
        body = json.dumps({"text": text}).encode()
        for path in ("/v1/events", "/v1/traces", "/v1/metrics", "/v1/logs", "/api/v1/write", senders["vapi"].path, f"/v1/webhooks/vapi/{quoted}",
                     f"/v1/webhooks/{quoted}/x", f"/{quoted}", "/observability/logs/otlp/v0"):
            for kind in ("application/json", "application/x-protobuf", "application/x-ndjson", text):
                headers = {"Content-Type": kind, "Authorization": f"Bearer {text}", "x-api-key": text, **strange_headers(text)}
                for sent in (body, body[:-3], text.encode() + b"\xff\xfe", b"\x0a" + bytes([len(text) % 128]) + text.encode()):
                    server.request("POST", f"{path}?q={quoted}", sent, headers)
        server.request("GET", f"/api/v1/query?select=calls&where=agent_id:{quoted}&where={quoted}")
        server.request("GET", f"/api/v1/{quoted}?{quoted}={quoted}")
        for sender in senders.values():
            sender.send(json.dumps({"event": text, "message": {"type": text}}), forge=True)
        with socket.create_connection(("127.0.0.1", server.port)) as raw:  # no HTTP at all
            raw.sendall(text.encode() + b"\r\n\r\n")
            raw.recv(4096)


def found_again(server):
    """By the number itself, in whatever spelling: what was kept is its token."""
    for ident, spelled in (("+16465550143", "(646) 555-0143"), ("finder.canary@mail.example.com",) * 2, ("5555555555554444", "5555 5555 5555 4444"),
                           ("GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32")):
        event = {"type": "call.ended", "id": f"found {ident}", "time_s": NOW - 30, "data": {"call_id": ident, "total_duration_ms": 1000, "region": "found"}}
        check(server.post_events([event])[2]["accepted"] == 1, f"{ident} was refused")
        for look in (ident, spelled):
            status, answer = server.get("/api/v1/calls/" + urllib.parse.quote(look, safe=""))
            check(status == 200 and answer["call"]["region"] == "found", f"{look}: {status} {answer}")
    event = {"type": "call.ended", "id": "found caller", "time_s": NOW - 30, "data": {
        "call_id": "found-caller", "caller_number": "+1 (212) 555-0187", "phone_number": "2125550188", "agent_id": EMAIL, "total_duration_ms": 1000}}
    check(server.post_events([event])[2]["accepted"] == 1, "the caller was refused")
    for parameter, look in (("caller_number", "+12125550187"), ("caller_number", "212-555-0187"), ("phone_number", "+1 212 555 0188")):
        status, answer = server.get("/api/v1/calls?" + urllib.parse.urlencode({parameter: look}))
        check(status == 200 and [c["external_call_id"] for c in answer["calls"]] == ["found-caller"], f"{parameter} {look}: {status} {answer}")
    status, answer = server.get("/api/v1/calls?" + urllib.parse.urlencode({"agent_id": EMAIL, "caller_number": "+12125550187"}))
    check(status == 200 and len(answer["calls"]) == 1, f"an agent's address: {status} {answer}")
    for source in ("live", "store"):
        rows = server.query(select="calls", window="24h", source=source, where=[f"agent_id:{EMAIL}", "!region:x"])["rows"]
        check(rows[0][0] >= 1, f"{source} by an agent's address: {rows}")
    status, answer = server.get("/api/v1/calls?limit=1000&" + urllib.parse.urlencode({"caller_number": PHONE}))
    check(status == 200 and len(answer["calls"]) > 10, f"{len(answer.get('calls', []))} calls by the canary's number")


def search(where, data):
    lower = data.lower()
    short = SHORT.search(lower)
    for needle, at in [(n.decode(), lower.find(n.lower())) for n in NEEDLES] + [(SHORT.pattern.decode(), short.start() if short else -1)]:
        check(at < 0, f"{where} holds {needle}: …{data[max(at - 200, 0):at + 120]!r}…")


def unpacked_frames(data):
    """What a part of a snapshot holds: frames of Zstandard behind their two lengths."""
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    at, out = 0, []
    while at < len(data):
        packed, size = struct.unpack_from("<II", data, at)
        buffer = ctypes.create_string_buffer(size)
        done = library.ZSTD_decompress(buffer, ctypes.c_size_t(size), data[at + 8:at + 8 + packed], ctypes.c_size_t(packed))
        check(done == size, f"a frame of {packed} bytes cannot be unpacked")
        out.append(buffer.raw)
        at += 8 + packed
    return b"".join(out)


MARK = b"found-caller"  # the name of a call: what is searched holds it, so it would hold more


def search_files(server):
    """Every file of the data directory as it is, snapshots also unpacked. How many segments and snapshots hold the mark."""
    marked = {"segment": 0, "snapshot": 0}
    for path in sorted(p for p in server.data.rglob("*") if p.is_file()):
        data = path.read_bytes()
        search(path.name, data)
        marked["segment"] += path.suffix == ".seg" and MARK in data
        if re.fullmatch(r"live\.snapshot\.\d+\.\d+", path.name):
            unpacked = unpacked_frames(data)
            search(path.name + " unpacked", unpacked)
            marked["snapshot"] += MARK in unpacked
    search("what the server printed", "\n".join(server.log).encode())
    return marked


def search_tables(server):
    """The store packs its columns: what it holds is read as it gives it away."""
    rows = 0
    for table in ("call_analytics", "conversation_turns", "usage_events", "interventions", "system_performance_metrics", "agent_status", "metric_points",
                  "metric_series", "metric_distributions", "raw_events", "rollups", "late_events"):
        status, body = server.read(f"/api/v1/export?table={table}&format=ndjson")
        if status == 400:
            continue  # not a table of this version
        check(status == 200, f"{table}: {status} {body[:300]}")
        rows += body.count(b"\n")
        search(f"table {table}", body)
    check(rows > 3000, f"{rows} rows")
    search("/metrics", server.get("/metrics")[1].encode())
    search("the audit", json.dumps(server.get("/api/v1/audit/conservation")[1]).encode())


def force_snapshot(server):
    """Events that nobody knows, until the log has grown as much as it takes."""
    rng = random.Random(3)
    piece = rng.randbytes(24000).hex()  # not to be packed more than bodies may be
    before, sent = server.metric("aybiza_snapshot_offset"), 0
    while sent < SNAPSHOT_BYTES:
        lines = [json.dumps({"type": "filler", "id": f"f-{sent}-{i}", "time_s": NOW, "data": {"text": piece[rng.randrange(999):]}}) for i in range(100)]
        status, _, answer = server.post_events(lines)
        check(status == 200 and answer["accepted"] == 100, f"{status} {answer}")
        sent += 100 * 47000
    last = []

    def look():
        last.append(server.post_events([{"type": "filler", "time_s": NOW, "id": f"nudge-{len(last)}", "data": {"x": 1}}])[0])
        return (at := server.metric("aybiza_snapshot_offset")) > before, at
    wait_until("a snapshot", look)


def main():
    folder = tempfile.mkdtemp(prefix="aybiza-canary-")
    path = f"{folder}/s.stream"
    tally = Tally()
    with Server(extra=["--otlp", "off", "--statsd", "127.0.0.1:0", "--statsd-socket", path, "--statsd-template", "voice.{tenant}.{region}"]) as server:
        senders = {vendor: Sender(server, vendor, *more) for vendor, more in (
            ("vapi", ()), ("retell", ()), ("elevenlabs", ()), ("twilio", ("--public-url", PUBLIC)), ("livekit", ("--api-key", "APIkey")))}
        send_refused(server, senders)
        send_events(server, tally)
        send_otlp(server, tally)
        send_webhooks(server, senders, tally)
        send_metrics(server, server.address("StatsD"), path, tally)
        tally.check()
        found_again(server)
        search_tables(server)
        server.kill()  # the log and the store's own log as they are, with all of it in them
        check(search_files(server)["segment"] > 0, "no segment of the log was searched")
        server.start()
        force_snapshot(server)
        search_tables(server)
        check_conservation(server)
        server.stop()
        check(search_files(server)["snapshot"] > 0, "no snapshot was searched")
    for form, answers in sorted(tally.by_format.items()):
        print(f"{form:45} {answers}")
    print(f"canary: {sum(sum(a.values()) for a in tally.by_format.values())} requests taken or refused, none of {len(NEEDLES)} spellings is anywhere")
    return 0


if __name__ == "__main__":
    sys.exit(main())
