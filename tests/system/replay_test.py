"""A thousand real dialogues through the wire; random questions answered live, stored, recomputed and from the file."""
import datetime
import json
import math
import os
import random
import sys
import urllib.parse

from harness import Server, check, check_conservation, command, read_lines, shared_file

UTC = datetime.timezone.utc
CALLS = ["calls", "successful_calls", "success_rate", "resolved_calls", "resolution_rate", "escalated_calls",
         "escalation_rate", "errors", "error_rate", "rated_calls", "avg_satisfaction", "cost_per_call",
         "quality_score", "efficiency_score", "avg_duration_ms", "p50_duration_ms", "p95_duration_ms",
         "min_duration_ms", "max_duration_ms", "avg_voice_latency_ms", "p90_voice_latency_ms", "p99_cost_usd",
         "avg_cost_usd"]
TURNS = ["turns", "interruptions", "avg_sentiment", "sentiment_confidence", "avg_response_time_ms",
         "p50_stt_latency_ms", "p95_llm_latency_ms", "p99_tts_latency_ms", "p95_response_time_ms",
         "max_llm_latency_ms", "min_response_time_ms"]
USAGE = ["cost_usd", "tokens", "input_tokens", "output_tokens", "cache_read_tokens"]
DIMENSIONS = ["customer_id", "agent_id", "agent_type", "region", "model_used", "direction", "call_outcome",
              "resolution_status", "hour_of_day"]
TURN_DIMENSIONS = ["intent", "state", "speaker", "emotion", "topic", "sentiment_class"]
STEPS = ["", "", "1m", "5m", "15m", "1h"]


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def text(time):
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def random_question(rng, first, last, regions):
    kind = rng.choice(["call", "turn", "usage", "mixed"])
    pool = {"call": CALLS, "turn": TURNS, "usage": USAGE, "mixed": CALLS + TURNS + USAGE}[kind]
    dimensions = DIMENSIONS + (TURN_DIMENSIONS if kind == "turn" else [])
    pairs = [("select", ",".join(rng.sample(pool, rng.randint(1, min(5, len(pool))))))]
    by = rng.sample(dimensions, rng.choice([0, 0, 1, 1, 1, 2]))
    if by:
        pairs.append(("by", ",".join(by)))
    span = (last - first).total_seconds()
    start = first + datetime.timedelta(seconds=math.floor(rng.uniform(-.05, .7) * span))
    end = start + datetime.timedelta(seconds=math.ceil(rng.uniform(.05, .6) * span) + 1)
    pairs += [("from", text(start)), ("to", text(end))]
    step = rng.choice(STEPS)
    if step:
        pairs.append(("step", step))
    if rng.random() < .35:
        pairs.append(("where", rng.choice(["", "!"]) + "region:" + rng.choice(regions)))
    pairs.append(("limit", "100000"))
    return urllib.parse.urlencode(pairs)


def same(a, b, tolerance):
    if a == b:
        return True
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-9)
    return False


def compare(name, question, expected, actual):
    check(actual["columns"] == expected["columns"], f"{name} {question}: columns {actual['columns']}")
    check(len(actual["rows"]) == len(expected["rows"]),
          f"{name} {question}: {len(actual['rows'])} rows, expected {len(expected['rows'])}")
    errors = actual["relative_error"]
    for got, want in zip(actual["rows"], expected["rows"]):
        for i, (a, b) in enumerate(zip(got, want)):
            tolerance = (errors[i] or 0) + 1e-9
            check(same(a, b, tolerance), f"{name} {question}\n  {expected['columns'][i]}: got {got}\n  want {want}")


def direct(lines):
    """The plainest figures, computed from the file by hand: no part of the product is involved."""
    events = [json.loads(line) for line in lines]
    ended = {e["data"]["call_id"]: e["data"] for e in events if e["type"] == "call.ended"}
    rated = [e["data"]["customer_satisfaction_score"] for e in events if e["type"] == "call.rated"]
    turns = [e["data"] for e in events if e["type"] == "turn"]
    usage = [e["data"] for e in events if e["type"] == "usage"]
    kinds = ("input_tokens", "cache_read_tokens", "output_tokens")
    responses = [t["response_time_ms"] for t in turns if t.get("response_time_ms") is not None]
    durations = sorted(d["total_duration_ms"] for d in ended.values())
    rank = .95 * (len(durations) - 1)
    low = math.floor(rank)
    p95 = durations[low] + (durations[min(low + 1, len(durations) - 1)] - durations[low]) * (rank - low)
    return {
        "calls": len(ended),
        "successful_calls": sum(d.get("call_outcome") == "successful" for d in ended.values()),
        "resolved_calls": sum(d.get("resolution_status") == "resolved" for d in ended.values()),
        "rated_calls": len(rated),
        "avg_satisfaction": sum(rated) / len(rated),
        "turns": len(turns),
        "interruptions": sum(bool(t.get("interrupted")) for t in turns),
        "tokens": sum(u.get(k, 0) for u in usage for k in kinds),
        "avg_response_time_ms": sum(responses) / len(responses),
        "avg_duration_ms": sum(durations) / len(durations),
        "p95_duration_ms": p95,
    }


def main():
    path = shared_file("calls", "sgd.ndjson.gz")
    if path is None:
        print("SKIPPED: the data folder beside the project is not there")
        sys.exit(77)
    rng = random.Random(int(os.environ.get("AYBIZA_TEST_SEED", "11")))
    lines = read_lines(path)
    with Server() as server:
        url = f"http://127.0.0.1:{server.port}"
        done = command("replay", path, "--speed", "max", "--shift", "now", "--salt", "one", "--url", url)
        check(done.returncode == 0, f"replay: {done.stderr[-500:]}")
        last = at(server.query(select="calls", window="5m", source="store")["as_of"])
        first = last - datetime.timedelta(hours=6)
        everything = dict(start=text(first - datetime.timedelta(days=2)), end=text(last + datetime.timedelta(minutes=1)))

        wanted = direct(lines)
        for source in ("store", "auto"):
            answer = server.query(select=",".join(wanted), source=source, **everything)
            for name, value in zip(answer["columns"], answer["rows"][0]):
                error = dict(zip(answer["columns"], answer["relative_error"]))[name] or 1e-9
                check(same(value, wanted[name], error), f"{source} {name}: {value}, by hand {wanted[name]}")

        spans = server.query(select="calls", step="1m", source="store", limit="100000", **everything)["rows"]
        busy = [row[0] for row in spans if row[1] > 0]
        first, last = at(busy[0]), at(busy[-1]) + datetime.timedelta(minutes=2)
        regions = [r[0] for r in server.query(select="calls", by="region", source="store", **everything)["rows"]]
        live = 0
        for _ in range(200):
            question = random_question(rng, first, last, regions)
            recomputed = command("recompute", "--data", server.data, "--query", question)
            check(recomputed.returncode == 0, f"recompute {question}: {recomputed.stderr[-300:]}")
            expected = json.loads(recomputed.stdout)
            status, stored = server.get(f"/api/v1/query?{question}&source=store")
            check(status == 200, f"{question}: {status} {stored}")
            compare("store", question, expected, stored)
            status, now = server.get(f"/api/v1/query?{question}&source=live")
            if status == 200:
                live += 1
                compare("live", question, expected, now)
            else:
                check(now["error"]["code"] == "not_covered", f"{question}: {now}")
            status, automatic = server.get(f"/api/v1/query?{question}")
            check(status == 200, f"{question}: {automatic}")
            compare("auto", question, expected, automatic)
        check(live >= 20, f"only {live} of 200 questions were answered live")

        again = command("replay", path, "--speed", "max", "--shift", "now", "--salt", "two", "--url", url)
        check(again.returncode == 0, f"second replay: {again.stderr[-500:]}")
        everything["end"] = text(datetime.datetime.now(UTC) + datetime.timedelta(minutes=1))
        for source in ("store", "auto"):
            rows = server.query(select="calls,rated_calls", source=source, **everything)["rows"]
            check(rows == [[2000, 2000]], f"after two replays ({source}): {rows}")
        third = command("replay", path, "--speed", "max", "--shift", "now", "--salt", "two", "--url", url)
        check(third.returncode == 0 and "duplicates 4" in third.stderr, f"same salt again: {third.stderr[-300:]}")
        check_conservation(server)
        status, audit = server.get("/api/v1/audit/reconcile")
        check(status == 200 and audit["mismatches"] == 0, f"reconcile: {audit}")
        print(f"200 questions equal, {live} of them also live; 2000 calls, 2000 ratings; balanced, reconciled")


if __name__ == "__main__":
    main()
