"""Learning and changes through the running server: figures live, stored, after a kill and by recompute; the lists of /api/v1/learning and
/api/v1/changes; experiments by the dimensions of calls."""
import json
import random
import time

from harness import Server, check, check_conservation, command

NOW = time.time() // 60 * 60  # a whole minute


def stamp(seconds_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - seconds_ago))


def event(kind, seconds_ago, **data):
    return {"type": kind, "time": stamp(seconds_ago), "id": f"{kind}-{seconds_ago}-{json.dumps(data, sort_keys=True)}"[:120], "data": data}


def events():
    told = [
        event("learning.pattern", 7200, customer_id="acme", pattern_id="p1", name="apology first", agent_id="a-1", outcome="success", confidence=0.5),
        event("learning.pattern", 600, customer_id="acme", pattern_id="p1", name="apology first", agent_id="a-2", outcome="success", confidence=0.9,
              replicated_from="a-1"),
        event("learning.pattern", 500, customer_id="acme", pattern_id="p2", name="upsell early", agent_id="a-1", outcome="failure"),
        event("learning.pattern", 400, customer_id="zen", pattern_id="p1", name="something else"),
        event("learning.knowledge", 7000, customer_id="acme", nodes=100, edges=300, orphans=9),
        event("learning.knowledge", 300, customer_id="acme", nodes=150, edges=500),
        event("learning.knowledge", 200, customer_id="acme", graph_id="faq", nodes=10, edges=5, unanswered_questions=2),
        event("learning.improvement", 100, customer_id="acme", agent_id="a-1", metric="error_rate", before=0.2, after=0.05, pattern_id="p1"),
        event("change", 900, customer_id="acme", what="prompt", version="7", agent_id="a-1", agent_version="2.0"),
        event("change", 50, customer_id="zen", what="model", hash="abc"),
        event("change", 7300, customer_id="acme", what="deploy", version="old"),
    ]
    for i in range(20):  # two variants of an experiment, and calls of none
        variant = ("a", "b", None, "a")[i % 4]
        dims = {"experiment": "greeting", "variant": variant} if variant else {}
        told.append(event("call.ended", 120 + i, call_id=f"c-{i}", agent_id="a-1", customer_id="acme", total_duration_ms=60000 + i * 1000,
                          call_outcome="successful" if i % 3 else "failed", **dims))
    return told


RANGE = {"start": stamp(3600), "end": stamp(-60)}
PATTERNS = "learning_patterns,active_patterns,successful_patterns,failed_patterns,replicated_patterns,pattern_confidence,improvements,changes"
QUESTIONS = [
    ({"select": PATTERNS}, [[2, 3, 1, 1, 1, 0.9, 1, 2]]),
    ({"select": "learning_patterns,changes", "by": "customer_id"}, [["acme", 1, 1], ["zen", 1, 1]]),
    ({"select": "knowledge_nodes,knowledge_edges,knowledge_orphans,unanswered_questions"}, [[160, 505, 9, 2]]),
    ({"select": "knowledge_nodes", "start": stamp(480), "end": stamp(0), "step": "1m"}, None),
    ({"select": "changes", "by": "agent_version"}, [["2.0", 1], [None, 1]]),
    ({"select": "learning_patterns", "start": stamp(86400)}, [[3]]),
]


def figures(server, sources):
    for question, wanted in QUESTIONS:
        asked = {**RANGE, **question}
        answers = {source: server.query(source=source, **asked)["rows"] for source in sources}
        for source, rows in answers.items():
            check(rows == (wanted if wanted is not None else answers[sources[0]]), f"{source}: {rows} is not {wanted} for {question}")
        text = "&".join(f"{ {'start': 'from', 'end': 'to'}.get(k, k)}={v}" for k, v in asked.items())
        done = command("recompute", "--data", server.data, "--query", text)
        check(done.returncode == 0, done.stderr)
        check(json.loads(done.stdout)["rows"] == answers[sources[0]], f"recompute: {done.stdout} for {text}")
    rows = server.query(select="knowledge_nodes", step="1m", start=stamp(480), end=stamp(0))["rows"]
    check(sorted({row[1] for row in rows}) == [100, 150, 160] and rows[0][1] == 100 and rows[-1][1] == 160, f"growth: {rows}")


def lists(server, source):
    target = f"/api/v1/learning?from={RANGE['start']}&to={RANGE['end']}&source={source}"
    status, answer = server.get(target)
    check(status == 200 and answer["source"] == source, f"{status} {answer}")
    patterns = {(p["customer_id"], p["pattern_id"]): p for p in answer["patterns"]}
    check(set(patterns) == {("acme", "p1"), ("acme", "p2"), ("zen", "p1")}, str(patterns))
    old = patterns["acme", "p1"]
    check((old["new"], old["confidence"], old["replicated_from"], old["agents"], old["events"]) == (False, 0.9, "a-1", ["a-2"], 1), str(old))
    check(old["discovered"].startswith(stamp(7200)[:19]) and patterns["acme", "p2"]["new"] is True, str(patterns))
    check([p["customer_id"] for p in answer["patterns"]] == ["zen", "acme", "acme"], "the newest first")
    graphs = {g["graph_id"]: g for g in answer["knowledge"]}
    check(graphs[None]["nodes"] == 150 and graphs[None]["nodes_before"] == 100 and graphs[None]["orphans"] == 9, str(graphs))
    check(graphs["faq"]["nodes"] == 10 and graphs["faq"]["nodes_before"] is None and graphs["faq"]["unanswered_questions"] == 2, str(graphs))
    [better] = answer["improvements"]
    check(abs(better["change"] + 0.15) < 1e-12 and abs(better["relative_change"] + 0.75) < 1e-12 and better["agent_id"] == "a-1", str(better))
    variants = {(e["experiment"], e["variant"]): e for e in answer["experiments"]}
    check({key: e["calls"] for key, e in variants.items()} == {("greeting", "a"): 10, ("greeting", "b"): 5}, str(variants))
    check([c["what"] for c in answer["changes"]] == ["model", "prompt"], str(answer["changes"]))
    status, answer = server.get(f"/api/v1/changes?from={RANGE['start']}&to={RANGE['end']}&what=prompt&source={source}")
    check(status == 200 and [(c["version"], c["agent_id"], c["agent_version"]) for c in answer["changes"]] == [("7", "a-1", "2.0")], str(answer))
    check(server.get("/api/v1/changes?window=24h&customer_id=acme")[1]["changes"][1]["version"] == "old", "a change of two hours ago")


def experiments(server):
    for source in ("live", "store", "auto"):
        rows = server.query(select="calls,successful_calls,avg_duration_ms", by="variant", where=["experiment:greeting"], source=source, **RANGE)["rows"]
        wanted = [[v, len(of), sum(1 for i in of if i % 3), sum(60000 + i * 1000 for i in of) / len(of)]
                  for v, of in (("a", [i for i in range(20) if i % 4 in (0, 3)]), ("b", [i for i in range(20) if i % 4 == 1]))]
        check(rows == wanted, f"{source}: {rows} is not {wanted}")


def main():
    with Server() as server:
        told = events()
        random.Random(1).shuffle(told)
        status, _, answer = server.post_events(told[:15])
        check(status == 200 and answer["accepted"] == 15, str(answer))
        server.post_events(told[:15])  # twice is once
        server.kill()
        server.start()
        status, _, answer = server.post_events(told[15:])
        check(status == 200 and answer["accepted"] == len(told) - 15, str(answer))
        for _ in range(2):
            figures(server, ("live", "store", "auto"))
            for source in ("live", "store"):
                lists(server, source)
            experiments(server)
            check_conservation(server)
            server.stop()
            server.start()
        status, csv = server.read("/api/v1/export?table=learning_events&format=csv")
        check(status == 200 and len(csv.decode().splitlines()) == 9, csv.decode())
        status, csv = server.read("/api/v1/export?table=change_events&format=csv")
        check(status == 200 and len(csv.decode().splitlines()) == 4, csv.decode())
        for target in ("/api/v1/changes?window=soon", "/api/v1/changes?nonsense=1", "/api/v1/query?select=improvements&by=call_outcome"):
            check(server.get(target)[0] == 400, target)
        paths = server.get("/api/v1/openapi.json")[1]["paths"]
        check("/api/v1/learning" in paths and "/api/v1/changes" in paths, "the document names them")


if __name__ == "__main__":
    main()
