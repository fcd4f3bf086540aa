"""Two users of two customers ask at random, for what is theirs and for what is not: not one byte of the other's comes back.

Every customer's events carry words that stand in the data only, never in a question: whatever answer holds the other's is a leak.
"""
import http.client
import json
import os
import random
import subprocess
import sys
import time
import urllib.parse

from harness import BINARY, Server, check, wait_until
from sign_in_test import Browser, user
from websocket import LiveSocket

ROUNDS = int(os.environ.get("AYBIZA_REQUESTS") or (10_000 if os.environ.get("AYBIZA_TEST_LONG") else 2_500))  # of requests, and a quarter as many socket events; the long run has 10 000 of each
CUSTOMERS = {"acme": "AQUAMARINE", "globex": "ZIRCONIUM"}
CALLS = 30


def events_of(customer, secret):
    out, now = [], int(time.time() * 1000) - 60_000
    for n in range(CALLS):
        base = {"call_id": f"{customer}-call-{n}", "customer_id": customer, "agent_id": f"{customer}-agent-{n % 3}", "agent_type": f"{secret}-kind", "campaign": f"{secret}-campaign",
                "region": f"{secret.lower()}-region", "model_used": f"{secret}-model", "agent_version": f"{secret}-v{n % 2}"}
        out.append({"type": "call.started", "id": f"{customer}-{n}-s", "time_ms": now + n, "data": base})
        for t in range(2):
            out.append({"type": "turn", "id": f"{customer}-{n}-t{t}", "time_ms": now + n + t, "data": {**base, "turn_number": t, "speaker": ["caller", "agent"][t % 2],
                        "text_content": f"the {secret} words of this turn", "intent": f"{secret}-intent", "response_time_ms": 500 + t}})
        out.append({"type": "usage", "id": f"{customer}-{n}-u", "time_ms": now + n, "data": {**base, "model": f"{secret}-model", "input_tokens": 100, "cost_usd": 0.01}})
        if n % 3:
            out.append({"type": "call.ended", "id": f"{customer}-{n}-e", "time_ms": now + n + 50, "data": {**base, "call_outcome": "successful", "total_duration_ms": 1000}})
    common = {"customer_id": customer, "agent_id": f"{customer}-agent-0"}
    out.append({"type": "learning.pattern", "id": f"{customer}-p", "time_ms": now, "data": {**common, "pattern_id": f"{secret}-1", "name": f"{secret}-pattern", "outcome": "success"}})
    out.append({"type": "learning.improvement", "id": f"{customer}-i", "time_ms": now, "data": {**common, "metric": f"{secret}-metric", "before": 0.2, "after": 0.1}})
    out.append({"type": "change", "id": f"{customer}-c", "time_ms": now, "data": {**common, "what": "prompt", "version": f"{secret}-7"}})
    out.append({"type": "metric", "id": f"{customer}-m", "time_ms": now, "data": {"customer_id": customer, "name": f"{secret}.metric", "kind": "counter", "value": 1, "tags": {"tag": secret}}})
    return out


def moment(rng):
    """Of the last ten minutes, as addresses say it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - rng.randrange(600)))


def random_post(rng):
    """What is posted: (path, content type, body). Prices that were others, budgets, links: of whom, is left to chance."""
    customer = rng.choice(list(CUSTOMERS))
    form, prices = "application/x-www-form-urlencoded", f"input\t*\t*\t{rng.randrange(9)}.50\t1M\n"
    asked = urllib.parse.urlencode({name: value for name, value in {"customer_id": customer, "from": moment(rng), "to": moment(rng)}.items() if rng.random() < .5})
    return rng.choice([
        ("/api/v1/prices/what-if" + ("?" + asked if asked else ""), "text/plain", prices),
        ("/api/v1/budgets", form, urllib.parse.urlencode({"of": "agent", "name": f"{customer}-agent-1", "customer_id": customer, "usd": rng.choice(["9", "none"])})),
        ("/api/v1/budgets", "application/json", json.dumps({"of": "customer", "name": customer, "usd": 1}))])


def random_target(rng):
    customer = rng.choice(list(CUSTOMERS))
    names = {"customer_id": customer, "customer": customer, "agent_id": f"{customer}-agent-{rng.randrange(3)}", "call_id": f"{customer}-call-{rng.randrange(CALLS)}", "range": rng.choice(["5m", "1h", "24h", "7d"]),
             "window": rng.choice(["5m", "1h", "24h"]), "source": rng.choice(["live", "store", "auto"]), "limit": rng.choice([1, 10, 1000]), "state": rng.choice(["active", "ended"]),
             "select": rng.choice(["calls", "turns,cost_usd", "calls,avg_sentiment,active_agents", "tokens", "p95_response_time_ms,calls"]),
             "by": rng.choice(["customer_id", "agent_id", "campaign", "region", "model_used", "agent_version", "intent", "agent_type", "customer_id,campaign"]), "sort": rng.choice(["calls", "-calls", "name"]),
             "compare": rng.choice(["1", "0"]), "at": moment(rng), "since": moment(rng), "speed": rng.choice(["1", "60"]), "human": "7.5",
             "from": moment(rng), "to": moment(rng), "q": customer, "format": rng.choice(["json", "csv", "ndjson"]), "table": rng.choice(["call_analytics", "conversation_turns", "usage", "raw_events", "rollups"])}
    path, wanted = rng.choice([
        ("/api/v1/query", ["select", "by", "window", "source", "customer_id", "agent_id", "limit"]), ("/api/v1/query", ["select", "by", "window", "source"]), ("/api/v1/live", ["customer_id", "range"]),
        ("/api/v1/calls", ["customer_id", "agent_id", "limit", "state", "call_id"]), (f"/api/v1/calls/{names['call_id']}", []), ("/api/v1/flow", ["customer_id", "window"]), ("/api/v1/turns/search", ["q", "customer_id", "agent_id", "window"]), ("/api/v1/learning", ["customer_id", "window"]),
        ("/api/v1/changes", ["window"]), ("/api/v1/export", ["table", "format"]), ("/api/v1/audit/conservation", []), ("/api/v1/audit/reconcile", []), ("/metrics", []), ("/api/v1/privacy", ["customer_id"]),
        ("/api/v1/prices", ["customer_id"]), ("/api/v1/prices/unpriced", ["customer_id"]), ("/", ["customer", "range", "compare", "at", "since", "speed"]), ("/agents", ["customer", "range", "sort", "q", "at"]), (f"/agents/{names['agent_id']}", ["range", "compare", "at"]),
        ("/calls", ["customer", "range", "state"]), (f"/calls/{names['call_id']}", []), ("/conversations", ["customer", "by", "compare", "at"]), ("/conversations", ["customer", "range", "q"]), ("/api/v1/definitions", []), ("/costs", ["customer", "by", "compare", "at", "human"]), ("/learning", ["customer", "at"]),
        ("/api/v1/budgets", []), ("/api/v1/query", ["select", "by", "from", "to", "source"]), ("/system", []),
        ("/boards", []), ("/boards/Night", ["customer", "range"]), ("/boards/Night/board.json", []), ("/wall", ["range"]), ("/sharing", []), ("/settings", [])])
    asked = {name: names[name] for name in wanted if rng.random() < .6 or name in ("select", "table")}
    if path == "/api/v1/turns/search" or "q" in asked and path == "/conversations":
        asked["q"] = "the words of this turn"
    return path + ("?" + urllib.parse.urlencode(asked) if asked else "")


def random_event(rng):
    customer = rng.choice(list(CUSTOMERS))
    return rng.choice([("filter", f"customer={customer}&region=&tz=UTC&refresh=live"), ("chart_click", {"id": "chart-regions", "name": customer + "-region"}), ("toggle_live", {}), ("ack", {"n": rng.randrange(5)}),
                       ("filter", "q=the+words+of+this+turn&in=" + rng.choice(["", "meaning"])), ("chart_click", {"id": "chart-outcomes", "name": "Successful"}), ("chart_click", {"id": "chart-cost_map", "path": [CUSTOMERS[customer].lower() + "-region", "Unknown", CUSTOMERS[customer] + "-model"]}),
                       ("chart_click", {"id": "chart-volume", "x": int(time.time() // 60 * 60) * 1000}), ("search", {"q": customer}), ("more", {}), ("sort", {"by": "calls"}), ("open", {"id": f"{customer}-call-1"}), ("hidden", {"hidden": False}),
                       ("what_if", "prices=" + urllib.parse.quote("input\t*\t*\t2.50\t1M")), ("what_if", "prices=none"), ("rewind", urllib.parse.urlencode({"at": moment(rng)[:16], "speed": "20"})),
                       ("rewind_speed", {"speed": rng.choice(["0", "1", "60"])}), ("field_hover", {"index": rng.randrange(4)}), ("chart_range", {"id": "chart-volume", "from": int(time.time() - 300) * 1000, "to": int(time.time()) * 1000}),
                       ("board_new", "name=Night"), ("board_open", {"name": "Night"}), ("share_make", urllib.parse.urlencode({"place": "/", "customer": customer, "range": "1h", "days": "1"})), ("edit", {}), ("duplicate", {}), ("wall_next", {}), ("tile_add", {}), ("tile_remove", {"id": 1}), ("share_end", {"id": customer + "link"}), ("board_import", "json=%7B%7D")])


def write_boards(data):
    """A board of each customer that everybody of it sees, a link of it, and budgets; they hold words of their own."""
    (data / "boards").mkdir(exist_ok=True)
    for customer, secret in CUSTOMERS.items():
        tiles = [{"title": f"{secret} tile", "formula": "calls", "by": by, "picture": "table"} for by in ("campaign", "customer_id", "model_used")]
        kept = {"version": 1, "id": f"board{customer}", "owner": "somebody" + customer, "customer": customer, "everyone": True, "revision": 1, "board": {"version": 1, "name": "Night", "tiles": tiles}}
        (data / "boards" / f"board{customer}.json").write_text(json.dumps(kept))
        for of, name in (("customer", customer), ("campaign", f"{secret}-campaign"), ("agent", f"{customer}-agent-0")):
            set_ = subprocess.run([BINARY, "budget", "set", "--data", str(data), "--of", of, "--name", name, "--usd", "0.50", *([] if of == "customer" else ["--customer", customer])], capture_output=True, text=True, check=False)
            check(set_.returncode == 0, set_.stderr)
        made = subprocess.run([BINARY, "share", "create", "--data", str(data), "--customer", customer, "--name", f"{secret}-link"], capture_output=True, text=True, check=False)
        check(made.returncode == 0, made.stderr)


def go_on(server, browser, customer, other, seed):
    """ROUNDS requests and socket events of one user."""
    rng, statuses, seen = random.Random(seed), {}, 0
    forbidden = [CUSTOMERS[other], CUSTOMERS[other].lower(), CUSTOMERS[other].title()]

    def look(what, text):
        nonlocal seen
        check(not any(word in text for word in forbidden), f"{customer} was shown {other}'s: {what}: {next((text[max(0, text.find(w) - 200):text.find(w) + 100] for w in forbidden if w in text), '')}")
        seen += CUSTOMERS[customer] in text or CUSTOMERS[customer].lower() in text

    cookie = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    socket = None
    events_each = 1 if ROUNDS >= 10_000 else 4

    def asked(method, target, body, headers):
        """The answer; a connection that rested for too long (the machine stood still) is opened anew, once."""
        for last in (False, True):
            try:
                connection.request(method, target, body, headers)
                return connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionError):
                connection.close()
                if last:
                    raise

    for n in range(ROUNDS):
        if n % 20 == 0:
            target, kind, body = random_post(rng)
            answer = asked("POST", target, body, {"Cookie": cookie, "Content-Type": kind, "Origin": f"http://127.0.0.1:{server.port}"})
        else:
            target, body = random_target(rng), ""
            answer = asked("GET", target, None, {"Cookie": cookie})
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        look(f"{target} {body}", answer.read().decode(errors="replace"))
        check(answer.status < 500 or answer.status == 503, f"{target} {body}: {answer.status}")
        if n % events_each == 0:
            if socket is None or n % (10 * events_each) == 0:
                if socket:
                    socket.close()
                path = rng.choice(["/", "/agents", "/calls", "/conversations", "/costs", "/learning", "/system", "/?compare=1", f"/?range=5m&at={moment(rng)}", f"/costs?at={moment(rng)}&since={moment(rng)}&speed=60", "/?customer=" + other, "/costs?customer=" + other, "/agents/" + other + "-agent-1", "/boards", "/boards/Night", "/wall", "/sharing"])
                page = browser.ask("GET", path)[2].decode()
                look(path, page)
                socket = LiveSocket.join(server.port, browser.cookies, page, f"http://127.0.0.1:{server.port}{path}")
                look("join of " + path, json.dumps(socket.reply))
            name, value = random_event(rng)
            reply = socket.ask("event", {"type": "form" if isinstance(value, str) else "hook", "event": name, "value": value})
            look(f"event {name} {value}", json.dumps([reply, socket.pushed]))
            if reply is None:
                socket = None
    connection.close()
    return statuses, seen


def main():
    with Server(insecure=False) as server:
        for customer, secret in CUSTOMERS.items():
            key = subprocess.run([BINARY, "key", "create", "--data", str(server.data), "--customer", customer, "--scope", "ingest"], capture_output=True, text=True).stdout.strip()
            events = events_of(customer, secret)
            status, _, answer = wait_until("the key is known", lambda: (lambda got: (got[0] != 401, got))(server.post_events(events, {"Authorization": "Bearer " + key})))
            check(status == 200 and answer["accepted"] == len(events), f"{status} {answer}")
            user(server, "add", customer + "-analyst", "--role", "analyst", "--customer", customer)
        server.stop()
        write_boards(server.data)
        server.start(server.port)
        for customer, other in (("acme", "globex"), ("globex", "acme")):
            browser = Browser(server)
            check(browser.sign_in(customer + "-analyst")[0] == 303, "signed in")
            statuses, seen = go_on(server, browser, customer, other, customer)
            check(seen > ROUNDS / 20, f"{customer} sees their own: {seen} of {ROUNDS}")
            for source in ("live", "store"):
                rows = json.loads(browser.ask("GET", f"/api/v1/query?select=calls,turns&window=1h&source={source}")[2])["rows"]
                check(rows == [[CALLS, 2 * CALLS]], f"{customer} counts their own alone: {rows}")
            print(f"{customer}: {ROUNDS} requests, {-(-ROUNDS // (1 if ROUNDS >= 10_000 else 4))} events, answers {dict(sorted(statuses.items()))}, {seen} with data of their own, none with {other}'s")


if __name__ == "__main__":
    sys.exit(main())
