"""Retention in the running server: what a preview says goes, figures stay, answers say what is gone; archived rows answer as they did, and forgotten callers are forgotten there."""
import datetime
import hashlib
import json
import pathlib
import sys
import tempfile
import urllib.parse

from harness import Server, check, check_conservation, command, wait_until
from postgres_server import PostgresServer, binaries

DAY = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
OLD, KEPT = DAY - datetime.timedelta(days=9), DAY - datetime.timedelta(days=3)
OLD_CALLS, KEPT_CALLS = 240, 60


def stamp(when):
    return when.isoformat().replace("+00:00", "Z")


def call(number, day):
    begin = day + datetime.timedelta(minutes=number * 17)
    name = f"call-{day.day}-{number}"

    def event(what, key, seconds, **data):
        return {"type": what, "id": f"{name}-{key}", "time": stamp(begin + datetime.timedelta(seconds=seconds)), "data": {"call_id": name, "customer_id": "acme", **data}}
    return [event("call.started", "s", 0, agent_id=f"a{number % 4}", region=["eu", "us"][number % 2]),
            event("turn", 1, 20, turn_number=1, speaker="caller", sentiment_score=0.5, text_content="thank you"),
            event("turn", 2, 50, turn_number=2, speaker="agent", response_time_ms=300 + 7 * number),
            event("usage", "u", 55, model="m", input_tokens=100 + number, cost_usd=0.01),
            event("call.intervened", "i", 60, kind="takeover"),
            event("call.ended", "e", 90, call_outcome="failed" if number % 5 == 0 else "successful", total_duration_ms=90000 + number),
            {"type": "custom.thing", "id": f"{name}-c", "time": stamp(begin), "data": {"customer_id": "acme", "n": number}}]


# From rollups, from rows alone, by two dimensions, lists and calls.
ROLLED = "select=calls,turns,cost_usd,successful_calls,avg_sentiment,p90_response_time_ms&step=1d"
RAW = ["select=calls,hist_duration_ms&by=region", "select=calls,turns,tokens&by=region,agent_id", "select=calls&by=hour_of_day"]


def ask(server, words, start, end=DAY):
    return server.get("/api/v1/query?source=store&" + words + "&" + urllib.parse.urlencode({"from": stamp(start), "to": stamp(end)}))


def exported(server, table, start=OLD, end=DAY):
    status, body = server.read("/api/v1/export?" + urllib.parse.urlencode({"table": table, "format": "ndjson", "from": stamp(start), "to": stamp(end)}))
    check(status == 200, f"{table}: {status} {body[:300]}")
    return sorted(body.decode().splitlines())


def set_rule(server, what, then, days="5"):
    done = command("retention", "set", "--data", server.data, "--what", what, "--keep-days", days, "--then", then)
    check(done.returncode == 0, done.stderr)


def preview(server):
    done = command("retention", "preview", "--url", f"http://127.0.0.1:{server.port}", "--json")
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def rows_of(answer):
    return {rule["what"]: rule["rows"] for rule in answer["rules"]}


def apply(server):
    before = preview(server)["since_start"]["passes"]
    check(command("retention", "apply", "--url", f"http://127.0.0.1:{server.port}").returncode == 0, "apply")

    def look():
        seen = preview(server)
        status = seen["since_start"]
        return status["passes"] > before and not status["running"] and (status["error"] or not any(rows_of(seen).values())), seen
    seen = wait_until("a pass", look)
    check(seen["since_start"]["error"] is None, str(seen))
    return seen


def filled(server):
    """Old and newer calls, their rollups made."""
    for day, count in ((OLD, OLD_CALLS), (KEPT, KEPT_CALLS)):
        status, _, answer = server.post_events([event for number in range(count) for event in call(number, day)])
        check(status == 200 and answer["accepted"] == count * 7, f"{status} {answer}")
    check(server.query(select="calls", source="store", window="20d")["rows"] == [[OLD_CALLS + KEPT_CALLS]], "calls")
    server.stop()
    check(command("recompute", "--data", server.data, "--apply", *server.extra[:-1]).returncode == 0, "rollups")
    server.start()


def rules():
    with tempfile.TemporaryDirectory(prefix="aybiza-test-") as data:
        for words, said in ((("--what", "turns", "--keep-days", "9"), "known are"), (("--what", "raw_events", "--keep-days", "1"), "from 2 to"),
                            (("--what", "raw_events", "--keep-days", "9", "--then", "burn"), "delete or archive"),
                            (("--what", "call_analytics", "--keep-days", "9"), "kept longer"), (("--what", "rollups_day", "--keep-days", "9", "--then", "archive"), "not archived")):
            done = command("retention", "set", "--data", data, *words)
            check(done.returncode == 2 and said in done.stderr, f"{words}: {done.returncode} {done.stderr}")
        check(not (pathlib.Path(data) / "retention.tsv").exists(), "a wrong rule was written")
        check(command("retention", "set", "--data", data, "--what", "calls", "--keep-days", "9").returncode == 0, "calls")
        check(len(command("retention", "list", "--data", data).stdout.splitlines()) == 4, "four tables")
        check(command("retention", "remove", "--data", data, "--what", "call_analytics").returncode == 0, "remove")
        check(command("retention", "remove", "--data", data, "--what", "call_analytics").returncode == 1, "remove twice")


def deleted(store=()):
    with Server(extra=store) as server:
        filled(server)
        check(preview(server)["rules"] == [], "no rule")
        before, daily = ask(server, ROLLED, OLD), ask(server, ROLLED, KEPT)
        check(before[1]["source"] == "rollups" and before[1].get("notes", []) == [], str(before))
        set_rule(server, "calls", "delete"), set_rule(server, "raw_events", "delete")
        seen = preview(server)
        want = {"call_analytics": OLD_CALLS, "conversation_turns": 2 * OLD_CALLS, "usage_events": OLD_CALLS, "interventions": OLD_CALLS, "raw_events": OLD_CALLS}
        check(rows_of(seen) == want, f"{seen} is not {want}")
        check(all(r["bytes_about"] > 0 and r["oldest"][:10] == str(OLD)[:10] and r["waits"] is None for r in seen["rules"]), str(seen))
        ends = {datetime.datetime.fromisoformat(r["before"].replace("Z", "+00:00")) for r in seen["rules"]}
        check(len(ends) == 1 and ends <= {DAY - datetime.timedelta(days=5), DAY - datetime.timedelta(days=4)}, f"{ends}, of the day on which the test began or the next")
        check(all(r["days_of_rows"] == (min(ends) - OLD).days for r in seen["rules"]), str(seen))
        check(len(exported(server, "call_analytics")) == OLD_CALLS + KEPT_CALLS, "a preview changes nothing")
        seen = apply(server)
        check(seen["since_start"]["rows_deleted"] == sum(want.values()), str(seen))
        for table, rows in want.items():
            check(len(exported(server, table)) == rows * KEPT_CALLS // OLD_CALLS, table)
        for _ in range(2):  # also after a start
            status, answer = ask(server, ROLLED, OLD)
            check(status == 200 and answer["rows"] == before[1]["rows"] and answer.get("notes", []) == [], f"{answer} is not {before}")
            check(ask(server, ROLLED, KEPT)[1]["rows"] == daily[1]["rows"], "what is kept")
            cut = (OLD + datetime.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S")  # where the last day that had rows ends
            status, answer = ask(server, ROLLED.split("&")[0], OLD + datetime.timedelta(seconds=30))
            check(status == 200 and any(n.startswith("not_covered: rows before " + cut) for n in answer.get("notes", [])), str(answer))
            for words in RAW:
                status, answer = ask(server, words, OLD)
                check(status == 200 and any(n.startswith("not_covered: rows before " + cut) for n in answer.get("notes", [])), f"{words}: {status} {answer}")
                status, answer = ask(server, words, OLD, OLD + datetime.timedelta(days=2))
                check(status == 400 and answer["error"]["code"] == "not_covered", f"{words}: {status} {answer}")
                check(ask(server, words, KEPT)[1].get("notes", []) == [], words)
            check_conservation(server)
            server.stop()
            server.start()
        # Rollups go too, when a rule says so, and that is said as well.
        set_rule(server, "rollups_minute", "delete"), set_rule(server, "rollups_hour", "delete"), set_rule(server, "rollups_day", "delete", "6")
        apply(server)
        status, answer = ask(server, ROLLED, OLD)
        check(status == 200 and any("not_covered" in n for n in answer.get("notes", [])), str(answer))
        check(sum(row[1] for row in answer["rows"]) == KEPT_CALLS, str(answer))


def archived(store=()):
    with Server(extra=store) as server:
        filled(server)
        tables = ["call_analytics", "conversation_turns", "usage_events", "interventions", "raw_events"]
        before = {words: ask(server, words, OLD)[1]["rows"] for words in [ROLLED, *RAW]}
        rows = {table: exported(server, table) for table in tables}
        name = f"call-{OLD.day}-7"
        page = server.get(f"/api/v1/calls/{name}")[1] | {"as_of": ""}
        listed = server.get("/api/v1/calls?limit=1000")[1]["calls"]
        set_rule(server, "calls", "archive"), set_rule(server, "raw_events", "archive")
        seen = apply(server)
        check(seen["since_start"]["rows_archived"] == 6 * OLD_CALLS, str(seen))
        archive = pathlib.Path(server.data) / "archive"
        manifest = [line.split("\t") for line in (archive / "manifest.tsv").read_text().splitlines()[1:]]
        check(sum(int(line[1]) for line in manifest) == 6 * OLD_CALLS, str(manifest))
        for file, _, size, digest in manifest:
            data = (archive / file).read_bytes()
            check(len(data) == int(size) and hashlib.blake2b(data, digest_size=32).hexdigest() == digest, file)
            check((archive / file).stat().st_mode & 0o777 == 0o600, file)

        def same(what):
            for words, want in before.items():
                answer = ask(server, words, OLD)[1]
                check(answer["rows"] == want and answer.get("notes", []) == [], f"{what}: {words}: {answer['rows']} is not {want}, {answer.get('notes')}")
            for table in tables:
                check(exported(server, table) == rows[table], f"{what}: {table}: {len(exported(server, table))} rows, not {len(rows[table])}")
            found = server.get(f"/api/v1/calls/{name}")[1] | {"as_of": ""}
            check(found == page, f"{what}: the call's page: {found} is not {page}")
            check(server.get("/api/v1/calls?limit=1000")[1]["calls"] == listed, f"{what}: the list")
        same("archived")
        server.kill()
        server.start()
        same("after a kill")
        # The backup holds it, wherever it is restored to; of another server's tables its own tools keep one.
        if not store:
            with tempfile.TemporaryDirectory(prefix="aybiza-test-") as room:
                check(command("backup", "--to", room + "/b", "--url", f"http://127.0.0.1:{server.port}").returncode == 0, "backup")
                check(command("restore", "--from", room + "/b", "--data", room + "/r").returncode == 0, "restore")
                with Server(room + "/r") as again:
                    check(exported(again, "call_analytics") == rows["call_analytics"], "restored")
        # A call of then that is told only now, with its own archive day, joins it.
        late = call(900, OLD - datetime.timedelta(days=16))
        status, _, answer = server.post_events(late)
        check(status == 200 and answer["accepted"] == 7, str(answer))
        server.query(select="calls", source="store", window="1h")
        server.stop()
        check(command("recompute", "--data", server.data, "--apply", *server.extra[:-1]).returncode == 0, "rollups")
        server.start()
        apply(server)
        found = exported(server, "call_analytics", OLD - datetime.timedelta(days=30))
        check(len(found) == OLD_CALLS + KEPT_CALLS + 1, f"{len(found)}")
        check_conservation(server)


def forgotten(store=()):
    """Whose caller is forgotten cannot be read in the archive's files either: no key opens them, and nothing else in them is of the original."""
    said, caller = "my number is +1 415 555 0100", "+1 202 555 0123"
    with Server(extra=store) as server:
        done = command("masking", "set", "--data", server.data, "--customer", "vault", "--policy", "keep_encrypted")
        check(done.returncode == 0, done.stderr)
        wait_until("the policy", lambda: (len(server.get("/api/v1/privacy")[1]["policies"]) == 1, "none"))
        events = call(3, OLD)
        for event in events:
            event["data"]["customer_id"] = "vault"
        events[0]["data"]["caller_number"] = caller
        events[1]["data"] |= {"text_content": said, "text_embedding": [0.25] * 1536}
        status, _, answer = server.post_events(events)
        check(status == 200 and answer["accepted"] == len(events), f"{status} {answer}")
        check(server.query(select="calls", source="store", window="20d")["rows"] == [[1]], "the call")
        server.stop()
        check(command("recompute", "--data", server.data, "--apply", *server.extra[:-1]).returncode == 0, "rollups")
        server.start()
        set_rule(server, "calls", "archive")
        check(apply(server)["since_start"]["rows_archived"] == 5, "all of it is archived")

        def original():
            status, _, body = server.request("POST", f"/api/v1/calls/call-{OLD.day}-3/unmask")
            check(status == 200, body)
            return {turn["turn_number"]: (turn["state"], turn["text_content"]) for turn in json.loads(body)["turns"]}[1]
        check(original() == ("unmasked", said), str(original()))
        check(command("forget", "--data", server.data, "--caller", caller).returncode == 0, "forget")
        for _ in range(2):
            check(original() == ("forgotten", None), str(original()))
            turn = next(row for row in map(json.loads, exported(server, "conversation_turns")) if row["turn_number"] == 1)
            check("[phone:" in turn["text_content"] and turn["text_sealed"] and turn["text_embedding"] is None, str(turn))
            rows = [row for table in ("call_analytics", "conversation_turns", "raw_events") for row in exported(server, table)]
            check(len(rows) == 4 and not any("5550100" in row or "555 0100" in row or "5550123" in row or "555 0123" in row for row in rows), str(rows))
            server.kill()
            server.start()


def main():
    rules()
    deleted()
    archived()
    forgotten()
    folder = binaries()
    if folder:
        for kind in (deleted, archived, forgotten):
            with PostgresServer(folder) as postgres:
                kind(["--store", postgres.url])
    print("retention: ok" + ("" if folder else ", in the embedded store alone: no PostgreSQL server is installed here"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
