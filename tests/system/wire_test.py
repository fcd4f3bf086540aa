"""The contract of POST /v1/events and of reading back, as an outside tool sees it."""
import gzip
import json
import socket
import subprocess
import time

from harness import BINARY, Server, check, check_conservation, command

NOW = time.time()


def stamp(ago=0.0):
    return int((NOW - ago) * 1000)


def event(kind, ident, data, ago=60.0):
    return {"type": kind, "id": ident, "time_ms": stamp(ago), "data": data}


def contract_example(server):
    events = [
        event("call.started", "e1", {"call_id": "c-1", "agent_id": "a-7", "customer_id": "acme", "region": "us-east",
                                     "caller_number": "+14155550100", "model_used": "claude-sonnet-4-5"}, 130),
        event("turn", "e2", {"call_id": "c-1", "turn_number": 1, "speaker": "caller",
                             "text_content": "I was charged twice, please help, call +1 415 555 0100",
                             "state": "intent_detection"}, 126),
        event("usage", "e3", {"call_id": "c-1", "model": "claude-sonnet-4-5", "input_tokens": 900,
                              "cache_read_tokens": 3200, "output_tokens": 80, "stt_seconds": 3.1,
                              "tts_characters": 120}, 125),
        event("call.ended", "e4", {"call_id": "c-1", "total_duration_ms": 130000, "call_outcome": "successful",
                                   "resolution_status": "resolved", "customer_satisfaction_score": 4.5}, 1)]
    status, headers, answer = server.post_events(events)
    check(status == 200, f"{status} {answer}")
    check(answer["accepted"] == 4 and answer["duplicates"] == 0 and answer["rejected"] == 0, str(answer))
    durability = {k.lower(): v for k, v in headers.items()}["x-durability"]
    check(durability.startswith("fsync; offset="), durability)
    status, _, again = server.post_events(events)
    check(again["duplicates"] == 4 and again["accepted"] == 0, str(again))
    for source in ("store", "auto"):
        row = server.query(select="calls,success_rate,avg_satisfaction,tokens,turns,avg_duration_ms", by="customer_id",
                           window="15m", source=source, where=["customer_id:acme"])["rows"]
        check(row == [["acme", 1, 1, 4.5, 4180, 1, 130000]], f"{source}: {row}")
    for name in ("c-1", None):
        ident = name or call["call"]["call_id"]
        status, call = server.get(f"/api/v1/calls/{ident}")
        check(status == 200 and call["call"]["external_call_id"] == "c-1", str(call)[:300])
        check(len(call["turns"]) == 1 and len(call["usage"]) == 1, str(call)[:300])
    whole = json.dumps(call)
    check("4155550100" not in whole and "555 0100" not in whole, "a phone number came back")
    status, calls = server.get("/api/v1/calls?limit=10")
    check(status == 200 and len(calls["calls"]) == 1, str(calls)[:300])


def bad_input(server):
    good = event("turn", "g1", {"call_id": "c-2", "turn_number": 0, "speaker": "agent"})
    bad = [
        ("not json", "invalid_json", ""),
        (json.dumps({"type": "turn", "id": "b1", "data": {"call_id": "x", "turn_number": 0, "speaker": "agent"}}), None, "time"),
        (json.dumps(event("turn", "b2", {"turn_number": 0, "speaker": "agent"})), None, "call_id"),
        (json.dumps(event("turn", "b3", {"call_id": "x", "turn_number": 0, "speaker": "robot"})), None, "speaker"),
        (json.dumps(event("call.rated", "b4", {"call_id": "x", "customer_satisfaction_score": 6})), None,
         "customer_satisfaction_score"),
        (json.dumps(event("turn", "b5", {"call_id": "x", "turn_number": "one", "speaker": "agent"})), None, "turn_number"),
        (json.dumps(event("turn", "b6", {"call_id": "x", "turn_number": 0, "speaker": "agent"}, -900)), "invalid_time", "time_ms"),
        (json.dumps(event("turn", "b7", {"call_id": "x" * 129, "turn_number": 0, "speaker": "agent"})), None, "call_id"),
    ]
    status, _, answer = server.post_events([json.dumps(good)] + [text for text, _, _ in bad])
    check(status == 200 and answer["accepted"] == 1 and answer["rejected"] == len(bad), str(answer))
    for index, (_, code, field) in enumerate(bad, start=1):
        error = next(e for e in answer["errors"] if e["index"] == index)
        check(error["field"] == field and (code is None or error["code"] == code) and error["message"], str(error))
    for body, kind, want in ((b"{", "application/json", 400), (b"x", "text/csv", 415),
                             (b"[" + b"1," * 10001 + b"1]", "application/json", 413)):
        status, _, _ = server.request("POST", "/v1/events", body, {"Content-Type": kind})
        check(status == want, f"{kind} {body[:10]}: {status}, expected {want}")
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    status, _, _ = server.request("POST", "/v1/events", bomb,
                                  {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"})
    check(status == 413, f"gzip bomb: {status}")
    packed = gzip.compress(json.dumps(event("turn", "z1", {"call_id": "c-2", "turn_number": 1, "speaker": "caller"})).encode())
    status, _, body = server.request("POST", "/v1/events", packed,
                                     {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"})
    check(status == 200 and json.loads(body)["accepted"] == 1, str(body))
    status, answer = server.get("/api/v1/query?select=callz")
    check(status == 400 and answer["error"]["parameter"] == "select" and "calls" in answer["error"]["message"], str(answer))
    status, answer = server.get("/api/v1/query?select=calls&by=topic")
    check(status == 400, str(answer))
    check_conservation(server)


def keys(server):
    made = command("key", "create", "--data", server.data, "--customer", "acme", "--scope", "ingest")
    check(made.returncode == 0, made.stderr)
    key = made.stdout.split()[-1]
    one = event("turn", "k1", {"call_id": "k", "turn_number": 0, "speaker": "agent"})
    status, _, _ = server.post_events([one])
    check(status == 401, f"without a key: {status}")
    status, _, answer = server.post_events([one], {"Authorization": "Bearer " + key})
    check(status == 200 and answer["accepted"] == 1, str(answer))
    status, _, answer = server.post_events([event("turn", "k2", {"call_id": "k", "customer_id": "other", "turn_number": 1,
                                                                 "speaker": "agent"})], {"Authorization": "Bearer " + key})
    check(status == 200 and answer["rejected"] == 1 and answer["errors"][0]["field"] == "customer_id", str(answer))
    status, _, _ = server.request("GET", "/api/v1/query?select=calls", headers={"Authorization": "Bearer " + key})
    check(status == 403, f"an ingest key read: {status}")
    check(server.request("GET", "/healthz")[0] == 200 and server.request("GET", "/readyz")[0] == 200, "health")


def refusals(server):
    second = subprocess.run([BINARY, "serve", "--data", server.data, "--listen", "127.0.0.1:0", "--insecure-loopback"],
                            capture_output=True, text=True, timeout=30, check=False)
    check(second.returncode != 0 and len((second.stderr + second.stdout).strip().splitlines()) <= 2, second.stderr)
    busy = subprocess.run([BINARY, "serve", "--data", str(server.data) + "-other", "--listen", f"127.0.0.1:{server.port}",
                           "--insecure-loopback"], capture_output=True, text=True, timeout=30, check=False)
    check(busy.returncode != 0, "a port in use was taken")
    open_to_all = subprocess.run([BINARY, "serve", "--data", str(server.data) + "-other", "--listen", "0.0.0.0:0"],
                                 capture_output=True, text=True, timeout=30, check=False)
    check(open_to_all.returncode != 0, "listened beyond loopback without TLS")
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"GARBAGE\r\n\r\n")
        check(b"400" in raw.recv(200), "garbage was not refused with 400")


def main():
    with Server() as server:
        contract_example(server)
        bad_input(server)
        refusals(server)
        verified = None
        server.stop()
        verified = command("verify", "--data", server.data)
        check(verified.returncode == 0, verified.stdout + verified.stderr)
    with Server(insecure=False) as server:
        keys(server)
    print("the wire contract holds")


if __name__ == "__main__":
    main()
