"""Sampling of calls: nothing without a rule that names them and their money; then a call is kept whole or not at all, in every format and after a
kill, figures are estimates that tell their error, live, stored and recomputed alike, and the audit balances."""
import json
import random
import time

from harness import Server, check, check_conservation, command, wait_until
from join_test import export, pipecat_life, sid_of
from vendors import PUBLIC, START, Sender, twilio_life

CALLS, TURNS = 600, 6


def at(offset):
    return int((START + offset) * 1000)


def life(name, number):
    """A start, turns, usage with its cost, an end."""
    events = [{"type": "call.started", "id": f"{name}-s", "time_ms": at(number % 60), "data": {"call_id": name, "agent_id": f"a{number % 5}", "region": "eu" if number % 3 else "us"}}]
    for i in range(TURNS):
        events.append({"type": "turn", "id": f"{name}-t{i}", "time_ms": at(number % 60 + 5 + i * 9),
                       "data": {"call_id": name, "turn_number": i, "speaker": "agent" if i % 2 else "caller", "response_time_ms": 300 + number if i % 2 else None}})
    events.append({"type": "usage", "id": f"{name}-u", "time_ms": at(number % 60 + 20), "data": {"call_id": name, "input_tokens": 100 + number, "cost_usd": 0.25}})
    events.append({"type": "call.ended", "id": f"{name}-e", "time_ms": at(number % 60 + 70), "data": {"call_id": name, "call_outcome": "successful" if number % 2 else "failed"}})
    return events


def sampling(server, *args):
    return command("sampling", args[0], "--data", server.data, *args[1:])


def ask(server, select, source, **more):
    day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START - 7200)), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + 7200))
    return server.query(select=select, start=day[0], end=day[1], source=source, **more)


def sampled_now(server):
    """Whether the running server goes by a rule: calls that nobody has heard of before are left out."""
    def look():
        name = f"probe-{time.time()}"
        body = server.post_events([e for i in range(40) for e in life(f"{name}-{i}", i)[:1]], headers={"X-Probe": "1"})[2]
        return body.get("sampled", 0) > 0, str(body)
    wait_until("the rule", look)


def main():
    with Server() as server:
        whole = [e for i in range(20) for e in life(f"whole-{i}", i)]
        check("sampled" not in server.post_events(whole)[2], "nothing without a rule")
        answer = ask(server, "calls,turns,cost_usd", "live")
        check(answer["rows"] == [[20, 20 * TURNS, 5]] and "estimate" not in answer, str(answer))

        refused = sampling(server, "set", "--calls", "--keep", "0.25")
        check(refused.returncode == 1 and "name money too" in refused.stderr, refused.stderr)
        for bad in (("--calls", "--money", "--keep", "0.7"), ("--calls", "--money", "--keep", "0.0005"), ("--calls", "--metric", "x", "--money", "--keep", "0.5")):
            check(sampling(server, "set", *bad).returncode != 0, str(bad))
        made = sampling(server, "set", "--calls", "--money", "--keep", "0.25")
        check(made.returncode == 0, made.stderr)
        check("calls" in sampling(server, "list").stdout and "keeps 0.25" in sampling(server, "list").stdout, "list")
        sampled_now(server)
        # What began before goes on whole.
        check("sampled" not in server.post_events([{"type": "call.rated", "id": f"whole-{i}-r", "time_ms": at(300), "data": {"call_id": f"whole-{i}", "customer_satisfaction_score": 4}} for i in range(20)])[2], "in flight")
        check(ask(server, "rated_calls", "live")["rows"] == [[20]], "rated whole")

        # Starts first, the rest in any order and not all in one request; and a kill in between.
        lives = [life(f"call-{i}", i) for i in range(CALLS)]
        rest = [e for events in lives for e in events[1:]]
        random.Random(3).shuffle(rest)
        answers = [server.post_events([events[0] for events in lives])[2]]
        for part in range(0, len(rest), 977):
            answers.append(server.post_events(rest[part:part + 977])[2])
            if part == 977:
                server.kill()
                server.start()
        kept, left_out = sum(a["accepted"] for a in answers), sum(a.get("sampled", 0) for a in answers)
        check(kept + left_out == CALLS * (TURNS + 3) and kept % (TURNS + 3) == 0, f"whole or not at all: {kept}, {left_out}")
        kept //= TURNS + 3
        check(100 < kept < 200, str(kept))
        again = server.post_events([e for events in lives for e in events])[2]
        check(again["accepted"] == 0 and again["duplicates"] == kept * (TURNS + 3), f"the same calls: {again}")

        # Spans and a carrier's callbacks of one call: all of it or nothing.
        key = command("key", "create", "--data", server.data, "--customer", "acme", "--scope", "ingest").stdout.strip()
        twilio = Sender(server, "twilio", "--public-url", PUBLIC)
        wait_until("the key", lambda: (lambda s: (s != 401, s))(
            server.request("POST", "/v1/traces", b'{"resourceSpans":[]}', {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})[0]))
        for number in range(1, 41):
            spans, calls = pipecat_life(f"{number:032x}", sid_of(number)), twilio_life(sid_of(number))
            steps = [("spans", [s]) for s in spans[::-1]] + [("call", c) for c in calls]
            if number % 2:
                steps = steps[len(spans):] + steps[:len(spans)]
            for kind, what in steps:
                if kind == "spans":
                    export(server, key, what)
                else:
                    check(twilio.send(what)[0] in (200, 204), str(what))
        rows = ask(server, "calls,turns", "store", where=["customer_id:acme"])["rows"]
        check(rows[0][0] % 4 == 0 and rows[0][1] == 2 * rows[0][0] and 0 < rows[0][0] < 100, f"spans and callbacks: {rows}")
        held = [n for n in range(1, 41) if server.get(f"/api/v1/calls/{sid_of(n)}")[0] == 200]
        check(len(held) * 4 == rows[0][0], f"{held} {rows}")
        for number in held:
            call = server.get(f"/api/v1/calls/{sid_of(number)}")[1]
            check(len(call["turns"]) == 2 and call["call"]["sample_weight"] == 4 and call["call"]["total_duration_ms"] == 63000, str(call))

        select = "calls,turns,cost_usd,success_rate,avg_response_time_ms,p95_response_time_ms"
        truth = (CALLS, CALLS * TURNS, CALLS * 0.25, 0.5, 300 + (CALLS - 1) / 2, None)
        where = ["agent_id:a0|a1|a2|a3|a4", "customer_id:default"]
        for _ in range(2):
            live = ask(server, select, "live", where=where)
            stored = ask(server, select, "store", where=where)
            for answer in (live, stored):
                check(answer["estimate"] == [True] * 6 and answer["standard_error"][0][5] is None, str(answer))
            for i in range(5):
                for field in ("rows", "standard_error"):
                    check(abs(live[field][0][i] - stored[field][0][i]) < 1e-9 * (1 + abs(live[field][0][i])), f"{live} {stored}")
            server.kill()
            server.start()
        probes = live["rows"][0][0] - 4 * kept - 20  # calls that began while we waited for the rule
        check(probes >= 0 and probes % 1 == 0, str(live))
        parts = ask(server, "calls,turns,cost_usd", "live", by="agent_id", where=where)
        check(parts["estimate"] == [False] + [True] * 3 and all(e[1] > 0 for e in parts["standard_error"]), str(parts))
        errors = live["standard_error"][0]
        check(live["rows"][0][1] == 4 * kept * TURNS + 20 * TURNS and abs(live["rows"][0][1] - 20 * TURNS - truth[1]) < 5 * errors[1], f"{live} of {kept}")
        check(abs(errors[1] - (4 * 3 * kept) ** 0.5 * TURNS) < 1e-6, f"{errors} of {kept}")
        check(abs(live["rows"][0][2] - 5 - truth[2]) < 5 * errors[2], str(live))
        begin, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + o)) for o in (-7200, 7200))
        done = json.loads(command("recompute", "--data", server.data, "--query", f"select=calls,turns,cost_usd,success_rate,avg_response_time_ms&from={begin}&to={end}&where={where[0]}&where={where[1]}").stdout)
        check(done["estimate"] == [True] * 5, str(done))
        for i in range(5):
            check(abs(done["rows"][0][i] - live["rows"][0][i]) < 1e-9 * (1 + abs(live["rows"][0][i])), f"{done} {live}")
            check(abs(done["standard_error"][0][i] - errors[i]) < 1e-6 * (1 + errors[i]), f"{done} {live}")

        tiles = server.get("/api/v1/live?range=24h")[1]["tiles"]
        check(tiles["calls_today"].get("estimate") is True or tiles["success_rate"].get("estimate") is True, str(tiles))
        check_conservation(server)
        check(server.metric("aybiza_call_events_sampled_total") == 0, "since the last start")
        check("sampled" in server.post_events([e for events in lives for e in events])[2], "still")
        check(server.metric("aybiza_call_events_sampled_total") == (CALLS - kept) * (TURNS + 3), "counted")
        check(server.get("/api/v1/audit/conservation")[1]["shed"]["sampled"] == (CALLS - kept) * (TURNS + 3), "and in the audit")
        check_conservation(server)

        check(sampling(server, "remove", made.stdout.strip()).returncode == 0, "remove")
        wait_until("whole again", lambda: (lambda body: ("sampled" not in body, str(body)))(server.post_events([e for i in range(20) for e in life(f"after-{time.time()}-{i}", i)])[2]))


if __name__ == "__main__":
    main()
