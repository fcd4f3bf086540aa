"""The OpenTelemetry JavaScript SDK against the running server: traces, metrics and logs by both of its HTTP exporters and by gRPC, in both
temporalities; what was sent is read back through the API. Answers 77 without node or without its packages:
    cd tests/system/otlp_client && npm ci --ignore-scripts"""
import gzip
import json
import os
import re
import sys

from canary_bodies import SHORT
from harness import Server, check, check_conservation, command, node, node_client, wait_until

CLIENT = node_client("otlp_client")


def near(a, b, relative=0.01):
    return a is not None and b is not None and abs(a - b) <= relative * max(abs(a), abs(b), 1e-9)


def sdk(server, url, flavour, temporality):
    sent = node(CLIENT, url, flavour, temporality)
    check(sent["problems"] == [], str(sent["problems"]))
    where = [f'tag.service.name:{sent["service"]}']

    def value(select, **more):
        def look():
            rows = server.query(select=select, window="15m", source="store", where=where + more.get("where", []))["rows"]
            return rows[0][0] if rows and rows[0] else None
        return look

    def expect(select, wanted, relative=1e-9, **more):
        look = value(select, **more)
        wait_until(f"{flavour} {temporality} {select} {more}", lambda: ((got := look()) is not None and near(got, wanted, relative), f"{got} is not {wanted}"))

    for region, count in sent["orders"].items():
        expect("metric:orders:sum", count, where=[f"tag.region:{region}"])
    expect("metric:bytes:sum", sent["bytes"])
    expect("metric:waiting:last", sent["waiting"])
    expect("metric:temperature:last", 21.5)
    for name in ("latency", "fine"):
        values = sorted(sent[name])
        expect(f"metric:{name}:count", len(values))
        expect(f"metric:{name}:sum", sum(values))
        expect(f"metric:{name}:avg", sum(values) / len(values))
    expect("metric:fine:p50", sorted(sent["fine"])[len(sent["fine"]) // 2], 0.08)  # the SDK's buckets at this spread: under 5 %

    # Spans of no call are a metric; each took 100 ms and its number.
    def spans():
        rows = server.query(select="metric:span.duration:count,metric:span.duration:sum", by="tag.span,customer_id", window="15m",
                            where=[f'tag.service:{sent["service"]}'])["rows"]
        return rows == [["charge card", "acme", 5, 510]], rows
    wait_until(f"{flavour} {temporality}: spans of no call", spans)

    def call():
        status, answer = server.get(f'/api/v1/calls/{sent["conversation"]}')
        if status != 200:
            return False, answer
        turns, usage = answer["turns"], answer["usage"]
        good = len(turns) >= 1 and len(usage) == 1 and usage[0]["input_tokens"] == 1200 and usage[0]["output_tokens"] == 85
        return good, answer
    wait_until(f"{flavour} {temporality}: the call", call)


def genai(server, url, flavour):
    """Texts as log records and as events of a span, and a parent that alone names the conversation and comes last: one call, each text once."""
    name = f"genai-{flavour}"
    sent = node(CLIENT, "--genai", url, flavour, name)
    check(sent["problems"] == [], str(sent["problems"]))
    wanted = [("caller", "Please call me back"), ("agent", "Sure, which number?"), ("caller", "[phone:\u202671], or [email]"), ("agent", "Thank you.")]

    def look():
        status, answer = server.get(f"/api/v1/calls/{name}")
        if status != 200:
            return False, answer
        turns = [(turn["speaker"], turn["text_content"]) for turn in answer["turns"]]
        return turns == wanted and len(answer["usage"]) == 2 and answer["call"]["agent_name"] == "Desk", answer
    wait_until(f"{flavour}: the conversation", look)
    # Nothing of it is left under the trace id, in memory or in the store.
    told = server.genai_told = getattr(server, "genai_told", 0) + 1
    for source in ("live", "store"):
        def figures():
            rows = server.query(select="calls,turns,tokens", window="15m", source=source, where=["agent_id:genai-desk", "customer_id:acme"])["rows"]
            return rows == [[told, 4 * told, 220 * told]], rows
        wait_until(f"{flavour}: {told} conversations, {source}", figures)


def logs(server, times):
    """Records that tell nothing of a call are kept as they are, without the number that one of them holds."""
    def look():
        _, body = server.read("/api/v1/export?table=raw_events&format=ndjson")
        rows = [json.loads(line) for line in body.decode().splitlines()]
        kept = sorted(json.dumps(json.loads(r["data"]), sort_keys=True) for r in rows if r["type"] == "otel.log" and r["customer_id"] == "acme")
        wanted = sorted([json.dumps({"attempt": 2, "body": "payment failed for [phone:\u202671]", "severity": 17}, sort_keys=True),
                         json.dumps({"body": {"nested": ["a", 1, True]}, "severity": 9}, sort_keys=True)] * times)
        return kept == wanted, kept
    wait_until("log records", look)


def http_contract(server):
    def post(path, body, content_type="application/x-protobuf", **headers):
        return server.request("POST", path, body, {"Content-Type": content_type, **headers})

    status, headers, body = post("/v1/traces", b"")
    check(status == 200 and body == b"" and headers["Content-Type"] == "application/x-protobuf", f"{status} {headers} {body}")
    status, headers, body = post("/v1/metrics", b"{}", "application/json")
    check(status == 200 and body == b"{}" and headers["Content-Type"].startswith("application/json"), f"{status} {body}")
    status, _, body = post("/v1/logs", gzip.compress(b'{"resourceLogs":[]}'), "application/json", **{"Content-Encoding": "gzip"})
    check(status == 200 and body == b"{}", f"{status} {body}")
    status, _, body = post("/v1/traces", b"\xff\xff\xff")
    check(status == 400 and body[:2] == b"\x08\x03", f"{status} {body}")
    status, _, body = post("/v1/traces", b"{", "application/json")
    check(status == 400 and json.loads(body)["code"] == 3, f"{status} {body}")
    status, _, _ = post("/v1/traces", b"x", "text/plain")
    check(status == 415, str(status))
    status, _, body = post("/", b"", "application/json")
    check(status == 400 and b"/v1/traces" in body, f"{status} {body}")
    bad = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "00", "spanId": "00"}]}]}]}
    status, _, body = post("/v1/traces", json.dumps(bad), "application/json")
    check(status == 200 and json.loads(body)["partialSuccess"]["rejectedSpans"] == "1", f"{status} {body}")
    status, _, _ = post("/v1/metrics", gzip.compress(b"\0" * (50 << 20)), **{"Content-Encoding": "gzip"})
    check(status == 413, str(status))
    begin = server.cpu_seconds()
    status, _, _ = post("/v1/traces", b'{"resourceSpans":' + b"[" * 4_000_000, "application/json")
    check(status == 400 and server.cpu_seconds() - begin < 5, f"{status}")  # far above what it takes


def grpc_contract(url):
    """What a sender by gRPC is told when it is wrong: a status that its SDK gives up on."""
    for headers, code, words in (({"x-api-key": "wrong"}, 16, "key"), ({"x-api-key": KEY["acme"], "method": "/x.Y/Z"}, 12, ""),
                                 ({"x-api-key": KEY["acme"], "body": "ffff"}, 3, "protobuf")):
        answer = node(CLIENT, "--call", url, json.dumps(headers))
        check(answer["code"] == code and words in answer["message"], f"{headers}: {answer}")


KEY = {}


def main():
    if CLIENT is None:
        print("skipped: node or tests/system/otlp_client/node_modules is missing")
        return 77
    with Server(extra=["--otlp", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0"]) as server:
        other, grpc = ("{}:{}".format(*server.address(what)) for what in ("OTLP/HTTP", "OTLP/gRPC"))
        http_contract(server)
        made = command("key", "create", "--data", server.data, "--customer", "acme", "--scope", "ingest")
        check(made.returncode == 0, made.stderr)
        key = made.stdout.split()[-1]
        wait_until("the key is known", lambda: ((s := server.request("POST", "/v1/traces", b"", {"Content-Type": "application/x-protobuf", "x-api-key": key})[0]) == 200, s))
        KEY["acme"] = key
        os.environ["OTEL_EXPORTER_OTLP_HEADERS"] = f"x-api-key={key}"  # as teams set it: what is sent is this customer's
        for flavour, temporality, url in (("proto", "delta", f"http://127.0.0.1:{server.port}"), ("http", "delta", f"http://{other}"),
                                          ("proto", "cumulative", f"http://{other}"), ("http", "cumulative", f"http://127.0.0.1:{server.port}"),
                                          ("grpc", "delta", f"http://{grpc}"), ("grpc", "cumulative", f"http://{grpc}")):
            sdk(server, url, flavour, temporality)
        logs(server, 6)
        for flavour, url in (("proto", f"http://127.0.0.1:{server.port}"), ("http", f"http://{other}"), ("grpc", f"http://{grpc}")):
            genai(server, url, flavour)
        grpc_contract(f"http://{grpc}")
        check_conservation(server)
        data = server.data
        server.stop()
        kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
        check(b"415 555" not in kept and not SHORT.search(kept), "a phone number was kept")
    print("otlp_test: all good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
