"""Prices against the running server: a price is set beside it, usage costs by it; it changes, history is priced anew, and live state,
the store and the recomputation from the log agree to the nano-USD, also after the server was killed."""
import datetime
import json
import threading
import urllib.parse

from harness import Server, check, check_conservation, command, wait_until

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
START = NOW - datetime.timedelta(minutes=30)
NANO = 10**9


def at(seconds):
    return (START + datetime.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def price(server, *args, code=0):
    done = command("price", *args, "--data", server.data)
    check(done.returncode == code, f"price {args}: {done.returncode} {done.stdout} {done.stderr}")
    return done.stdout if code == 0 else done.stderr


def ask(server, verb, *args):
    done = command("price", verb, "--url", f"http://127.0.0.1:{server.port}", *args)
    check(done.returncode == 0, f"price {verb} {args}: {done.stdout} {done.stderr}")
    return json.loads(done.stdout)


def in_force(server, **wanted):
    """Waits until the server's book holds such a rate."""
    def look():
        rates = server.get("/api/v1/prices")[1]["rates"]
        return any(all(rate[name] == value for name, value in wanted.items()) for rate in rates), wanted
    wait_until("a price in force", look)


def nano(value):
    return None if value is None else round(value * NANO)


def usage(call, seconds, model, customer="acme", **amounts):
    return {"type": "usage", "id": f"{call}-{seconds}-{model}", "time": at(seconds),
            "data": {"call_id": call, "customer_id": customer, "model": model, **amounts}}


def started(call, seconds=0, **more):
    return {"type": "call.started", "id": f"{call}-s", "time": at(seconds), "data": {"call_id": call, "agent_id": "a1", "customer_id": "acme", **more}}


def ended(call, seconds):
    return {"type": "call.ended", "id": f"{call}-e", "time": at(seconds), "data": {"call_id": call, "call_outcome": "successful", "resolution_status": "resolved"}}


def send(server, *events):
    status, _, answer = server.post_events(events)
    check(status == 200 and answer["accepted"] == len(events), f"{status} {answer}")


def cost_of(server, call):
    status, answer = server.get(f"/api/v1/calls/{call}")
    check(status == 200, f"{call}: {status} {answer}")
    return nano(answer["call"]["cost_usd"]), [(nano(u["cost_usd"]), u["cost_source"]) for u in sorted(answer["usage"], key=lambda u: u["time"])]


RANGE = {"start": at(-3600), "end": at(86_400)}


def spent(server, source):
    rows = server.query(select="cost_usd", by="customer_id", source=source, **RANGE)["rows"]
    return sorted((row[0], nano(row[1])) for row in rows)


def recomputed(server):
    query = urllib.parse.urlencode({"select": "cost_usd", "by": "customer_id", "from": RANGE["start"], "to": RANGE["end"]})
    done = command("recompute", "--data", server.data, "--query", query)
    check(done.returncode == 0, done.stderr)
    return sorted((row[0], nano(row[1])) for row in json.loads(done.stdout)["rows"])


def agree(server, wanted):
    for source in ("live", "store"):
        check(spent(server, source) == wanted, f"{source}: {spent(server, source)} is not {wanted}")
    check(recomputed(server) == wanted, f"recompute: {recomputed(server)} is not {wanted}")


def unpriced(server):
    return {(u["kind"], u["provider"], u["model"]): u for u in ask(server, "unpriced")["unpriced"]}


def unknown_then_priced(server):
    send(server, started("c1", carrier="twilio", provider_stt="deepgram"), usage("c1", 1, "house-1", input_tokens=1000, cache_read_tokens=500, output_tokens=10),
         usage("c1", 2, "claude-haiku-4-5", input_tokens=1000, telephony_seconds=90))
    check(cost_of(server, "c1") == (None, [(None, None), (1000 * 1000, "priced")]), str(cost_of(server, "c1")))
    found = unpriced(server)
    check(found[("input", None, "house-1")]["tokens"] == 1000 and found[("cache_read", None, "house-1")]["tokens"] == 500, str(found))
    check(found[("input", None, "house-1")] | {"usage": 1, "calls": 1, "effect": "cost unknown", "priced_now": False} == found[("input", None, "house-1")], str(found))
    check(found[("telephony", "twilio", None)]["seconds"] == 90 and found[("telephony", "twilio", None)]["effect"] == "left out", str(found))
    first = datetime.datetime.fromisoformat(found[("input", None, "house-1")]["first_seen"].replace("Z", "+00:00"))
    check(first == START + datetime.timedelta(seconds=1), str(first))

    for kind, usd in (("input", "2"), ("cache_read", "0.2"), ("output", "10")):
        price(server, "set", "--kind", kind, "--model", "house-1", "--usd", usd)
    price(server, "set", "--kind", "telephony", "--provider", "twilio", "--usd", "0.006")
    in_force(server, kind="telephony", provider="twilio", origin="file")
    check(cost_of(server, "c1")[0] is None, "what was there stays as it was priced")
    check(unpriced(server)[("input", None, "house-1")]["priced_now"] is True, str(unpriced(server)))
    # What comes from now on costs by it, in the same call: 100 at 2 USD a million, and a minute of telephony.
    send(server, usage("c1", 3, "openai/house-1-2026-01-31", input_tokens=100, telephony_seconds=60))
    check(cost_of(server, "c1")[1][2] == (100 * 2000 + 6_000_000, "priced"), str(cost_of(server, "c1")))

    dry = ask(server, "rerate", "--dry-run")
    first = 1000 * 2000 + 500 * 200 + 10 * 10_000
    check(dry["usage"] == 3 and dry["usage_changed"] == 2 and dry["calls_changed"] == 1 and dry["became_known"] == 1 and dry["dry_run"] is True, str(dry))
    check(nano(dry["difference_usd"]) == first + 9_000_000, str(dry))
    check(cost_of(server, "c1")[0] is None, "a dry run changed something")
    done = ask(server, "rerate")
    check(done["done"] is True and {k: v for k, v in done.items() if k.endswith("_usd") or k.startswith("usage")} ==
          {k: v for k, v in dry.items() if k.endswith("_usd") or k.startswith("usage")}, f"{done} is not {dry}")
    total = first + 1_000_000 + 9_000_000 + 100 * 2000 + 6_000_000
    check(cost_of(server, "c1")[0] == total, f"{cost_of(server, 'c1')} is not {total}")
    check(unpriced(server) == {}, str(unpriced(server)))
    agree(server, [("acme", total)])
    again = ask(server, "rerate")
    check(again["usage_changed"] == 0 and again["usage"] == 3, str(again))
    return total


def customers_and_dates(server, total):
    """A price of one customer, one that changes at a moment, and what a sender told himself."""
    price(server, "set", "--kind", "input", "--model", "house-1", "--usd", "1", "--customer", "beta", "--from", at(100))
    in_force(server, customer_id="beta", origin="customer")
    send(server, started("c2", 50, customer_id="beta"), usage("c2", 99, "house-1", "beta", input_tokens=1000), usage("c2", 100, "house-1", "beta", input_tokens=1000),
         usage("c2", 101, "house-1", "beta", input_tokens=1000, cost_usd=0.5), ended("c2", 120))
    check(cost_of(server, "c2") == (502_000_000 + 1_000_000, [(2_000_000, "priced"), (1_000_000, "priced"), (500_000_000, "reported")]), str(cost_of(server, "c2")))
    agree(server, [("acme", total), ("beta", 503_000_000)])
    # Dearer for everybody, of one customer only, from second 100 on.
    price(server, "set", "--kind", "input", "--model", "house-1", "--usd", "3")
    price(server, "set", "--kind", "input", "--model", "house-1", "--usd", "4", "--customer", "beta", "--from", at(100))
    in_force(server, customer_id="beta", usd=4)
    done = ask(server, "rerate", "--customer", "beta", "--from", at(100), "--to", at(10_000))
    check(done["usage"] == 1 and done["usage_changed"] == 1 and nano(done["difference_usd"]) == 3_000_000, str(done))
    check(cost_of(server, "c2")[1] == [(2_000_000, "priced"), (4_000_000, "priced"), (500_000_000, "reported")], str(cost_of(server, "c2")))
    agree(server, [("acme", total), ("beta", 506_000_000)])


def bad_lists(server):
    """A damaged file changes nothing, says why, and rules again once it is right."""
    path = server.data / "prices.tsv"
    good = path.read_text()
    path.write_text(good + "input\t*\thouse-1\ttwo\t1M\n")
    wait_until("the file's fault", lambda: ((e := server.get("/api/v1/prices")[1]["file_error"]) is not None and "line" in e and "usd" in e and "plain decimal" in e, e))
    check("usd" in price(server, "check", code=1), "check")
    price(server, "set", "--kind", "input", "--model", "x", "--usd", "1", code=1)
    before = cost_of(server, "c2")
    send(server, started("c3", 200), usage("c3", 201, "house-1", input_tokens=1))
    check(cost_of(server, "c3")[0] == 3000, str(cost_of(server, "c3")))
    path.write_text(good)
    wait_until("a good file", lambda: (server.get("/api/v1/prices")[1]["file_error"] is None, "still an error"))
    check(cost_of(server, "c2") == before, "what was there changed")
    price(server, "set", "--kind", "input", "--model", "m", "--usd", "1e3", code=2)
    price(server, "set", "--kind", "cheese", "--model", "m", "--usd", "1", code=2)
    price(server, "remove", "--kind", "input", "--model", "nobody", code=1)
    status, _, body = server.request("POST", "/api/v1/prices/rerate?from=yesterday")
    check(status == 400 and b"from" in body, f"{status} {body}")
    check(server.request("POST", "/api/v1/prices/rerate?form=x")[0] == 400, "an unknown parameter")


def lists(server):
    table = [line.split("\t") for line in price(server, "list").splitlines()]
    check(["built in", "input", "*", "claude-sonnet-4-5", "3", "1M", "-", "-", "vendor page, 2026-08"] in table, str(table[:5]))
    check(len([row for row in table if row[0] == "customer"]) == 1 and len([row for row in table if row[0] == "file"]) == 4, str([row for row in table if row[0] != "built in"]))
    more = server.data / "more.tsv"
    more.write_text("tts\tcartesia\t-\t0.04\t1K\t2026-01-01\t-\tour contract\n")
    price(server, "import", str(more))
    more.write_text(json.dumps({"claude-new": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05}}))
    check("2 rates taken" in price(server, "import", str(more), "--format", "litellm"), "litellm")
    in_force(server, model="claude-new", kind="output", usd=15)
    price(server, "remove", "--kind", "output", "--model", "claude-new")
    check("claude-new" not in price(server, "list", "--file") or "output\t*\tclaude-new" not in price(server, "list", "--file"), "removed")


def keys(server):
    """Reading needs read, pricing anew needs admin, and a customer's key stays with its customer."""
    made = {}
    for scope, customer in (("read", "beta"), ("admin", "beta"), ("admin", "*")):
        made[scope, customer] = command("key", "create", "--data", server.data, "--scope", scope, "--customer", customer).stdout.strip()
    def call(method, target, who):
        return server.request(method, target, None, {"Authorization": f"Bearer {made[who]}"})
    wait_until("the keys", lambda: (call("GET", "/api/v1/prices", ("admin", "*"))[0] == 200, "401"))
    status, _, body = call("GET", "/api/v1/prices", ("read", "beta"))
    check(status == 200 and {r["customer_id"] for r in json.loads(body)["rates"]} == {None, "beta"}, "prices of others")
    check(call("POST", "/api/v1/prices/rerate?dry_run=true", ("read", "beta"))[0] in (401, 403), "rerate with a read key")
    check(call("POST", "/api/v1/prices/rerate?customer_id=acme&dry_run=true", ("admin", "beta"))[0] == 403, "another's history")
    status, _, body = call("POST", "/api/v1/prices/rerate?dry_run=true", ("admin", "beta"))
    check(status == 200 and json.loads(body)["customer_id"] == "beta" and json.loads(body)["usage"] == 2, f"{status} {body}")


def kill_while_pricing(server):
    """A server killed while it prices anew has priced all or is through soon after its start: the order is in the log, or never was answered."""
    events = [event for c in range(1500) for event in (started(f"m{c}", c % 900, customer_id="gamma"),
                                                       *(usage(f"m{c}", c % 900 + u, "big-1", "gamma", input_tokens=1000 + c) for u in range(3)))]
    send(server, *events)
    others = spent(server, "store")
    price(server, "set", "--kind", "input", "--model", "big-1", "--usd", "2")
    in_force(server, model="big-1", usd=2)

    accepted = server.get("/api/v1/audit/conservation")[1]["accepted"]

    def ask_and_lose():
        try:
            server.request("POST", "/api/v1/prices/rerate?customer_id=gamma", timeout=60)
        except OSError:
            pass
    asking = threading.Thread(target=ask_and_lose)
    asking.start()
    wait_until("the order in the log", lambda: ((a := server.get("/api/v1/audit/conservation")[1]["accepted"]) > accepted, a))
    server.kill()
    asking.join()
    server.start()
    wanted = others[:2] + [("gamma", sum(3 * (1000 + c) * 2000 for c in range(1500)))]
    wait_until("priced anew after the kill", lambda: ((s := spent(server, "store")) == wanted, f"{s} is not {wanted}"))
    agree(server, wanted)


def speech_models(server):
    """A speech service's model costs the same, whoever tells of it; one that is not listed stays unknown and is named."""
    key = command("key", "create", "--data", server.data, "--customer", "acme", "--scope", "ingest").stdout.strip()

    def export(number, scope, name, attributes):
        nanos = [str(int((START.timestamp() + number + s) * NANO)) for s in (0, 1)]
        span = {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "parentSpanId": f"{1:016x}", "name": name, "startTimeUnixNano": nanos[0], "endTimeUnixNano": nanos[1],
                "attributes": [{"key": k, "value": {"doubleValue" if isinstance(v, float) else "intValue" if isinstance(v, int) else "stringValue": v}} for k, v in attributes.items()]}
        body = json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": scope}, "spans": [span]}]}]}).encode()
        return server.request("POST", "/v1/traces", body, {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})

    def sent(*what):
        status, _, answer = export(*what)
        check(status == 200 and b"rejected" not in answer.lower(), f"{status} {answer}")
    wait_until("the key", lambda: ((s := export(1, "none", "of no call", {})[0]) == 200, s))
    services = [("stt", "deepgram", "nova-3-medical", 5_200_000), ("stt", "deepgram", "nova-2", None), ("tts", "openai", "tts-1", 15_000_000),
                ("tts", "openai", "tts-1-hd", 30_000_000), ("tts", "openai", "tts-9", None)]  # 60 s, 1 000 characters
    for number, (kind, provider, model, nanos) in enumerate(services, 100):
        stt, named = kind == "stt", {"gen_ai.provider.name": provider, "gen_ai.request.model": model}
        send(server, usage(f"speech-{number}", number, model, **{f"provider_{kind}": provider}, **({"stt_seconds": 60} if stt else {"tts_characters": 1000})))
        sent(number, "pipecat", kind, named | ({"metrics.audio_seconds": 60.0} if stt else {"metrics.character_count": 1000}))
        amount = {"audio_duration": 60, "input_tokens": 0, "output_tokens": 0} if stt else {"characters_count": 1000}
        status, _, answer = server.post_events([{"type": "livekit.session_report", "id": f"report-{number}", "time": at(number), "data": {
            "customer_id": "acme", "room_id": f"RM_{number}", "timestamp": START.timestamp() + number, "usage": [{"type": f"{kind}_usage", "provider": provider, "model": model, **amount}]}}])
        check(status == 200 and answer["accepted"] == 2, f"{status} {answer}")  # the call's end and its usage
        calls = [f"speech-{number}", f"{number:032x}", f"RM_{number}"]
        if not stt:
            sent(number, "livekit-agents", "tts_request", named | {"room_id": f"RM_span_{number}", "lk.tts_metrics": json.dumps({"characters_count": 1000})})
            calls.append(f"RM_span_{number}")
        for call in calls:
            check(cost_of(server, call) == (nanos, [(nanos, nanos and "priced")]), f"{model}, {call}: {cost_of(server, call)}")
    found = unpriced(server)
    left = {name: (one["usage"], one["calls"], one["effect"]) for name, one in found.items() if name[0] in ("stt", "tts")}
    check(left == {("stt", "deepgram", "nova-2"): (3, 3, "cost unknown"), ("tts", "openai", "tts-9"): (4, 4, "cost unknown")}, str(found))


def main():
    with Server() as server:
        total = unknown_then_priced(server)
        customers_and_dates(server, total)
        bad_lists(server)
        wanted = [("acme", total + 3000), ("beta", 506_000_000)]
        agree(server, wanted)
        for how in (server.kill, server.stop):
            how()
            server.start()
            agree(server, wanted)
        lists(server)
        agree(server, wanted)
        keys(server)
        kill_while_pricing(server)
        speech_models(server)
        check_conservation(server)
    print("money: ok")


if __name__ == "__main__":
    main()
