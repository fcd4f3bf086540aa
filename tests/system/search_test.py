"""Searching turns in the running server: by words, by topic, by a vector; what one customer may see; models that are trained, kept and renewed."""
import json
import random
import sys
import time
import urllib.parse

from harness import Server, check, check_conservation, command, wait_until

SUBJECTS = {"billing": "invoice charged refund payment card twice amount statement", "network": "router internet wifi signal modem cable restart light",
            "travel": "flight airport seat luggage boarding ticket gate delay", "health": "doctor appointment clinic prescription pain nurse visit medicine"}
CALLS, TURNS = 120, 6


def embedding(seed):
    rng = random.Random(seed)
    return [round(rng.uniform(-1, 1), 4) for _ in range(1536)]


def said(rng, subject):
    return "so the " + " ".join(rng.choice(SUBJECTS[subject].split()) for _ in range(5)) + f" w{rng.randrange(60)}"


def events(first, count, seed):
    rng, now, out = random.Random(seed), int(time.time() * 1000) - 600_000, []
    for n in range(first, first + count):
        subject = list(SUBJECTS)[n % 4]
        base = {"call_id": f"call-{n}", "customer_id": ["acme", "globex"][n % 2], "agent_id": f"agent-{n % 3}", "region": subject}
        out.append({"type": "call.started", "id": f"{n}-s", "time_ms": now + n * 100, "data": base})
        for t in range(TURNS):
            data = {"call_id": f"call-{n}", "turn_number": t, "speaker": ["caller", "agent"][t % 2], "text_content": said(rng, subject)}
            if n % 10 == 3 and t == 0:
                data["text_embedding"] = embedding(n)
            if n == 40 and t == 2:
                data["text_content"] = "call me on +1 415 555 0134 about the xylophone, don't forget the xylophone"
            out.append({"type": "turn", "id": f"{n}-{t}", "time_ms": now + n * 100 + t, "data": data})
        out.append({"type": "call.ended", "id": f"{n}-e", "time_ms": now + n * 100 + 50, "data": {"call_id": f"call-{n}", "call_outcome": "successful", "total_duration_ms": 50}})
    return out


def send(server, batch, headers=None):
    for at in range(0, len(batch), 200):
        status, _, answer = server.post_events(batch[at:at + 200], headers)
        check(status == 200 and answer["rejected"] == 0, f"{status} {answer}")


def search(server, expected=200, **asked):
    status, answer = server.get("/api/v1/turns/search?" + urllib.parse.urlencode({"to" if k == "end" else "from" if k == "start" else k: v for k, v in asked.items()}))
    check(status == expected, f"{status} for {asked}: {answer}")
    return answer


def post(server, body, headers=None, expected=200):
    status, _, answer = server.request("POST", "/api/v1/turns/search", json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
    check(status == expected, f"{status} for {str(body)[:80]}: {answer[:300]}")
    return json.loads(answer)


def by_words(server):
    found = search(server, q="Xylophone")
    check([h["external_call_id"] for h in found["hits"]] == ["call-40"] and found["hits"][0]["turn_number"] == 2 and found["hits"][0]["speaker"] == "caller", str(found))
    check("[phone:" in found["hits"][0]["text"] and "0134" not in found["hits"][0]["text"], str(found))
    check(found["scanned"]["turns"] == CALLS * TURNS and found["scanned"]["looked_at"] == 1 and found["scanned"]["complete"], str(found["scanned"]))
    check(search(server, q="dont forget", match="all")["scanned"]["looked_at"] == 1, "an apostrophe does not count")
    check(search(server, q="+1 (212) 555-0199")["hits"][0]["external_call_id"] == "call-40", "some phone number")
    flights = search(server, q="flight airport", k=200, agent_id="agent-1", speaker="caller", region="travel")["hits"]
    check(flights and all(h["agent_id"] == "agent-1" and h["speaker"] == "caller" for h in flights), str(flights[:2]))
    check([h["score"] for h in flights] == sorted((h["score"] for h in flights), reverse=True), "best first")
    check(search(server, q="flight", end="2026-01-02T00:00:00Z", start="2026-01-01T00:00:00Z")["hits"] == [], "nothing was said then")


def by_vector(server):
    found = post(server, {"vector": embedding(13), "k": 3})
    check(found["method"] == "exact" and found["by"] == "embedding", str(found)[:300])
    check(found["hits"][0]["external_call_id"] == "call-13" and found["hits"][0]["score"] > .9999 and found["hits"][1]["score"] < .2, str(found)[:500])
    check(found["scanned"]["looked_at"] == CALLS // 10, str(found["scanned"]))
    check(post(server, {"vector": embedding(13), "customer_id": "acme"})["hits"] == [], "these calls are globex's")


def refusals(server):
    for asked, code in [({"like": "refund"}, "no_model"), ({"vector": "1,2,3"}, "invalid_vector"), ({}, "missing_parameter"), ({"q": "a", "k": 201}, "invalid_value"),
                        ({"q": "a", "colour": 1}, "unknown_parameter")]:
        answer = search(server, 400, **asked)
        check(answer["error"]["code"] == code, f"{asked}: {answer}")
    check("aybiza topics train" in search(server, 400, like="refund")["error"]["message"], "the remedy is said")
    answer = post(server, {"vector": [1.0] * 1535}, expected=400)
    for poison in ([0.0] * 1536, [1e39] * 1536, [None] * 1536, ["1"] * 1536, [[1.0]] * 1536, "x" * 1536):
        check(post(server, {"vector": poison}, expected=400)["error"]["parameter"] == "vector", str(poison)[:40])
    check(server.request("POST", "/api/v1/turns/search", json.dumps({"vector": [0.123456] * 20_000}), {"Content-Type": "application/json"})[0] == 413, "a body of 200 KB")
    check("1535" in answer["error"]["message"] and "1536" in answer["error"]["message"], str(answer))


def trained(server, url):
    done = command("topics", "train", "--url", url)
    check(done.returncode == 0 and "version lsa1-" in done.stdout, done.stdout + done.stderr)
    return server.get("/api/v1/topics")[1]


def by_topic(server, version):
    for subject, text in [("billing", "a refund on my card"), ("network", "the modem and the cable"), ("travel", "boarding at the gate"), ("health", "pain medicine")]:
        found = search(server, like=text, k=30)
        check(found["version"] == version and found["by"] == "topic", str(found)[:200])
        right = sum(any(word in h["text"] for word in SUBJECTS[subject].split()) for h in found["hits"])
        check(len(found["hits"]) == 30 and right >= 29, f"{subject}: {right} of 30")
    check(search(server, 400, like="xyzzy plugh")["error"]["code"] == "unknown_words", "no word of it is known")
    check(search(server, 400, like="refund", version="lsa1-000000000000")["error"]["code"] == "unknown_version", "no such model")


def main():
    with Server() as server:
        url = f"http://127.0.0.1:{server.port}"
        send(server, events(0, CALLS, 1))
        wait_until("every turn", lambda: (lambda n: (n == CALLS * TURNS, n))(search(server, q="so")["scanned"]["turns"]))
        by_words(server)
        by_vector(server)
        refusals(server)
        check("no topic model yet" in command("topics", "status", "--url", url).stdout, "said so")
        topics = trained(server, url)
        version = topics["version"]
        check(topics["turns_renewed"] == CALLS * TURNS and topics["doing"] == "nothing" and topics["error"] is None, str(topics))
        by_topic(server, version)
        check(trained(server, url)["version"] == version, "the same turns, the same model")
        # What comes now gets its vector as it is written; another model renews all.
        send(server, events(CALLS, 20, 2))
        looked = lambda: search(server, like="refund")["scanned"]  # noqa: E731
        wait_until("vectors of what came", lambda: (lambda s: (s["looked_at"] == s["turns"] == (CALLS + 20) * TURNS, s))(looked()))
        check(server.get("/api/v1/topics")[1]["turns_renewed"] == 0, "none of them by the background")
        topics = trained(server, url)
        check(topics["version"] != version and [v["version"] for v in topics["versions"]] == [topics["version"], version], str(topics))
        check(topics["turns_renewed"] == (CALLS + 20) * TURNS, str(topics))
        by_topic(server, topics["version"])
        old = search(server, like="refund", version=version)
        check(old["hits"] == [] and old["scanned"]["looked_at"] == 0 and old["notes"], str(old))
        answer = command("topics", "index", "--url", url)
        check(answer.returncode == 1 and "one by one" in answer.stdout, answer.stdout + answer.stderr)
        # Killed and started again: the model is there, and nothing is left to do.
        server.kill()
        server.start()
        check(server.get("/api/v1/topics")[1]["version"] == topics["version"], "kept")
        by_topic(server, topics["version"])
        check_conservation(server)

    with Server(insecure=False) as server:
        keys = {name: command("key", "create", "--data", server.data, "--customer", customer, "--scope", scope).stdout.split()[-1]
                for name, customer, scope in [("in", "*", "ingest"), ("acme", "acme", "read"), ("all", "*", "read"), ("acme-admin", "acme", "admin")]}
        bearer = {name: {"Authorization": "Bearer " + key} for name, key in keys.items()}
        for name in ("in", "acme-admin"):  # a running server reads new keys within a second
            wait_until("the keys are known", lambda: (lambda s: (s != 401, s))(server.request("GET", "/api/v1/topics", headers=bearer[name])[0]))  # noqa: B023
        send(server, events(0, 40, 3), bearer["in"])

        def asked(name):
            status, _, answer = server.request("GET", "/api/v1/turns/search?q=so&k=200", headers=bearer[name])
            return json.loads(answer) if status == 200 else {"hits": [], "scanned": {"turns": 0}}
        wait_until("every turn", lambda: (lambda a: (a["scanned"]["turns"] == 40 * TURNS, a["scanned"]))(asked("all")))
        check({h["customer_id"] for h in asked("all")["hits"]} == {"acme", "globex"}, "the platform sees both")
        mine = asked("acme")
        check(mine["scanned"]["turns"] == 20 * TURNS and {h["customer_id"] for h in mine["hits"]} == {"acme"}, str(mine["scanned"]))
        check(post(server, {"vector": embedding(13)}, bearer["acme"])["hits"] == [], "another's, however near")
        check(post(server, {"vector": embedding(13)}, bearer["all"])["hits"][0]["customer_id"] == "globex", "it is there")
        check(post(server, {"q": "so", "customer_id": "globex"}, bearer["acme"])["scanned"]["turns"] == 0, "asked for by name")
        check(server.request("GET", "/api/v1/turns/search?q=so")[0] == 401, "nobody")
        check(server.request("GET", "/api/v1/turns/search?q=so", headers=bearer["in"])[0] == 403, "a key that may not read")
        check(json.loads(server.request("GET", "/api/v1/topics", headers=bearer["acme"])[2]) == {"version": None, "versions": [], "doing": "nothing"}, "of others' turns not even their number")
        check(server.request("POST", "/api/v1/topics/train", headers=bearer["acme-admin"])[0] == 403, "a model is of all customers' turns")
        check(server.request("POST", "/api/v1/topics/train", headers=bearer["all"])[0] == 403, "admin only")
    print("search: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
