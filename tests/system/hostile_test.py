"""Bodies made to hurt: bombs of gzip and Zstandard, lengths that lie, nesting without end, forged signatures. Each is refused with its reason; what it cost
the server is printed in milliseconds, of its CPU and until its answer, and bounded in CPU seconds and bytes of memory; nothing of it is taken."""
import json
import pathlib
import re
import struct
import sys
import threading
import time
import zlib

from harness import Server, check, check_conservation
from vendors import PUBLIC, Sender, vapi_life
from wire import snappy, varint

CPU_SECONDS_MAX = 1.0  # of one request, on whatever machine and in whatever build; docs/limits.md has what is measured
MEMORY_MAX = 512 << 20  # above what a quiet server holds: the unpacked forms of a few bodies at once
EVENTS, JSON, PROTOBUF = "application/x-ndjson", "application/json", "application/x-protobuf"


def gzip_bomb(unpacked):
    """Zeros: about 1000:1, as far as deflate goes. The end is never reached, so it need not be right."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(b"\0" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + piece * (unpacked >> 20)


def zstd_bomb(unpacked):
    """Blocks of one repeated byte: 30 000:1 and more."""
    block = struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd\x80\x58" + struct.pack("<I", min(unpacked, 0xFFFFFFFF)) + block * (unpacked // (128 << 10))


ATTRIBUTES = {"/v1/traces": (9,), "/v1/logs": (6,), "/v1/metrics": (7, 1, 5)}  # of a span, of a record, of a point of a gauge of a metric


def nested_protobuf(depth, path):
    """An attribute of arrays in arrays, written from the inside."""
    parts, size = [], 0
    for _ in range(depth):
        for number in (1, 5):  # ArrayValue.values, AnyValue.array_value
            head = varint(number << 3 | 2) + varint(size)
            parts.append(head)
            size += len(head)
    value = b"".join(reversed(parts))
    def within(number):
        return varint(number << 3 | 2) + varint(len(value)) + value
    for number in (2, *ATTRIBUTES[path]):  # KeyValue.value, …
        value = within(number)
        if number == 7:  # of a point, which has a time and a value
            value = b"\x19" + struct.pack("<Q", time.time_ns()) + b"\x21" + struct.pack("<d", 1) + value
    if path == "/v1/metrics":
        value = b"\x0a\x01m" + value  # its name
    for number in (2, 2, 1):  # items, of scopes, of resources
        value = within(number)
    return value


def wide_protobuf(count):
    """As many empty resources as fit."""
    return b"\x0a\x00" * count


class Attacks:
    def __init__(self, server):
        self.server = server
        self.lines = []

    def cpu_seconds(self):
        """To the nanosecond: of all threads that there are (none ends while requests are answered)."""
        tasks = pathlib.Path(f"/proc/{self.server.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def send(self, name, path, body, headers, statuses, send=None):
        before, begin = self.cpu_seconds(), time.monotonic()
        status, _, answer = send() if send else self.server.request("POST", path, body, headers)
        waited, cpu = time.monotonic() - begin, self.cpu_seconds() - before
        check(status in statuses, f"{name}: {status} {answer[:300]}")
        check(answer or status in (200, 204), f"{name}: no reason")
        check(cpu < CPU_SECONDS_MAX, f"{name} took {cpu:.2f} CPU seconds")
        self.lines.append(f"{name:48} {status}  {len(body):>9} bytes  {1000 * cpu:6.1f} ms CPU, answered after {1000 * waited:6.1f} ms")


def bombs(attacks, vapi):
    for name, bomb, encoding in (("gzip 1000:1 to 8 GiB", gzip_bomb(8 << 30)[:8 << 20], "gzip"), ("zstd 30000:1 to 4 GiB", zstd_bomb(4 << 30), "zstd"),
                                 ("gzip 1000:1 to 100 MiB", gzip_bomb(100 << 20), "gzip"), ("zstd 30000:1 to 10 MiB", zstd_bomb(10 << 20), "zstd")):
        for path, kind in (("/v1/events", EVENTS), ("/v1/traces", PROTOBUF), ("/v1/metrics", JSON), ("/v1/logs", PROTOBUF)):
            attacks.send(f"{name} to {path}", path, bomb, {"Content-Type": kind, "Content-Encoding": encoding}, (400, 413))
        headers = {"Content-Type": JSON, "Content-Encoding": encoding, **vapi.headers(bomb, vapi.path, None)}
        attacks.send(f"{name} to a webhook", vapi.path, bomb, headers, (400, 413))
    write = {"Content-Type": PROTOBUF, "Content-Encoding": "snappy"}
    attacks.send("Snappy that says 4 GiB", "/api/v1/write", varint(0xFFFFFFFF) + b"\0" * 100, write, (400, 413))
    copies = varint(60 << 20) + b"\0\x00" + (bytes([63 << 2 | 2]) + struct.pack("<H", 1)) * (60 << 14)
    attacks.send("Snappy of copies, 21:1", "/api/v1/write", copies, write, (400, 413))


def deep_and_wide(attacks, senders):
    deep = b"[" * 4_000_000
    for path in ("/v1/traces", "/v1/metrics", "/v1/logs"):
        attacks.send(f"4 M brackets to {path}", path, b'{"resourceSpans":' + deep, {"Content-Type": JSON}, (400,))
    attacks.send("4 M brackets to /v1/events", "/v1/events", b'{"type":"x","data":' + deep, {"Content-Type": JSON}, (400,))
    attacks.send("a line of 4 M brackets", "/v1/events", b'{"type":"x","time_ms":1,"data":' + deep + b"\n", {"Content-Type": EVENTS}, (200, 400, 413))  # the line is refused
    for vendor in ("vapi", "retell", "elevenlabs", "livekit", "twilio"):
        sender = senders[vendor]
        attacks.send(f"100 000 brackets from {vendor}", sender.path, deep[:100_000], {}, (400,), lambda s=sender: s.send("[" * 100_000))
    for path in ATTRIBUTES:
        attacks.send(f"protobuf 800 000 deep to {path}", path, nested_protobuf(800_000, path), {"Content-Type": PROTOBUF}, (400,))
        attacks.send(f"4 M empty resources to {path}", path, wide_protobuf(4_000_000), {"Content-Type": PROTOBUF}, (200, 400, 413))
    attacks.send("4 M empty series", "/api/v1/write", snappy(wide_protobuf(4_000_000)), {"Content-Type": PROTOBUF, "Content-Encoding": "snappy"}, (204, 400, 413))
    attacks.send("members without end", "/v1/events", b'{"type":"x","time_ms":1,"data":{' + b",".join(b'"%d":1' % i for i in range(300_000)) + b"}}", {"Content-Type": JSON},
                 (200, 400, 413))


def nothing_is_tried_again(server, senders):
    """What can never be right is a 4xx that no sender repeats, with a reason; a forged one is 401 and leaves nothing."""
    for vendor, sender in senders.items():
        status, _, answer = sender.send(json.dumps(vapi_life("c", "")[0]), forge=True)
        check(status == 401 and json.loads(answer)["error"]["code"] == "signature", f"{vendor}: {status} {answer}")
        status, headers, answer = sender.send("no JSON")
        check(status == 400 and json.loads(answer)["error"]["message"] and "Retry-After" not in headers, f"{vendor}: {status} {answer}")
    for path, kind, body in (("/v1/events", EVENTS, b"no JSON\n"), ("/v1/traces", PROTOBUF, b"\xff"), ("/v1/metrics", JSON, b"{"), ("/v1/logs", PROTOBUF, b"\x0a\xff"),
                             ("/api/v1/write", PROTOBUF, b"\xff\xff\xff\xff\xff\xff")):
        headers = {"Content-Type": kind, **({"Content-Encoding": "snappy"} if path.endswith("write") else {})}
        status, headers, answer = server.request("POST", path, body, headers)
        check(status == 400 and answer and "Retry-After" not in headers, f"{path}: {status} {answer}")
    good, bad = {"type": "x", "time_ms": 0, "data": {}}, {"type": "x"}

    good["time_ms"] = int(time.time() * 1000)
    status, _, answer = server.post_events([good, bad, {**good, "id": "2"}, "no JSON"])
    check(status == 200 and (answer["accepted"], answer["rejected"]) == (2, 2), f"{status} {answer}")


def all_at_once(server):
    """Sixteen bombs together hold no more memory than the budget lets them; some are told to come again."""
    bomb = gzip_bomb(400 << 20)
    seen = []

    def one():
        seen.append(server.request("POST", "/v1/events", bomb, {"Content-Type": EVENTS, "Content-Encoding": "gzip"}, timeout=120)[0])
    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(len(seen) == 16 and set(seen) <= {400, 413, 429, 503}, str(seen))


def peak_bytes(server):
    status = open(f"/proc/{server.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def main():
    with Server(extra=["--otlp", "off"]) as server:
        senders = {vendor: Sender(server, vendor, *more) for vendor, more in (
            ("vapi", ()), ("retell", ()), ("elevenlabs", ()), ("twilio", ("--public-url", PUBLIC)), ("livekit", ("--api-key", "APIkey")))}
        nothing_is_tried_again(server, senders)
        accepted = server.get("/api/v1/audit/conservation")[1]["accepted"]
        quiet = server.rss_bytes()
        attacks = Attacks(server)
        bombs(attacks, senders["vapi"])
        deep_and_wide(attacks, senders)
        all_at_once(server)
        peak, after = peak_bytes(server), server.rss_bytes()
        print("\n".join(attacks.lines))
        print(f"memory: {quiet >> 20} MiB before, {peak >> 20} MiB at most, {after >> 20} MiB after")
        check(peak - quiet < MEMORY_MAX, f"{peak - quiet} bytes more than before")
        check(server.get("/api/v1/audit/conservation")[1]["accepted"] - accepted <= 1, "something of it was taken")
        check_conservation(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
