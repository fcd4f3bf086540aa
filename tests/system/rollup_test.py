"""Rollups in the running server: what they answer is what the log says, before and after late news, a rerate and a start in between;
`recompute --apply` makes them anew and goes on where it was cut off."""
import datetime
import json
import pathlib
import urllib.parse

from harness import Server, check, check_conservation, command, wait_until
from postgres_server import PostgresServer, binaries

DAY = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
FIRST = DAY - datetime.timedelta(days=5)
REGIONS = ["eu", "us", None]


def at(**offset):
    return (FIRST + datetime.timedelta(**offset)).isoformat().replace("+00:00", "Z")


def call(number):
    """A call of three days ago or so: two turns, one usage, an end that tells what its dimensions were."""
    begin = {"minutes": number * 17}
    name = f"call-{number}"
    region = {"region": REGIONS[number % 3]} if REGIONS[number % 3] else {}

    def event(kind, key, seconds, **data):
        return {"type": kind, "id": f"{name}-{key}", "time": at(seconds=seconds, **begin), "data": {"call_id": name, "customer_id": "acme", **data}}

    return [event("call.started", "s", 0, agent_id=f"a{number % 4}"),
            event("turn", 1, 20, turn_number=1, speaker="caller", sentiment_score=0.5),
            event("turn", 2, 50, turn_number=2, speaker="agent", response_time_ms=300 + 7 * number),
            event("usage", "u", 55, model="m", input_tokens=100 + number, cost_usd=0.01),
            event("call.ended", "e", 90, call_outcome="failed" if number % 5 == 0 else "successful", resolution_status="resolved", **region)]


QUESTIONS = [
    "select=calls,success_rate,cost_usd,avg_duration_ms,errors&step=1d",
    "select=calls,successful_calls,tokens&by=region",
    "select=calls,rated_calls,avg_satisfaction&by=agent_id&step=1d",
    "select=turns,avg_sentiment,avg_response_time_ms,max_response_time_ms&by=call_outcome",
    "select=calls,input_tokens&where=region:eu|&step=6h",
]


def compare(server, source):
    """Every question's rows as the log has them."""
    for words in QUESTIONS:
        query = words + "&" + urllib.parse.urlencode({"from": at(minutes=13), "to": at(days=4, minutes=7)})
        status, answer = server.get("/api/v1/query?source=store&" + query)
        check(status == 200, f"{status} {answer} for {query}")
        check(source is None or answer["source"] == source, f"{answer['source']}, not {source}, for {query}")
        done = command("recompute", "--data", server.data, "--query", query)
        wanted = json.loads(done.stdout)["rows"]
        rows = answer["rows"]
        same = len(rows) == len(wanted) and all(
            a == b or (isinstance(a, float | int) and isinstance(b, float | int) and abs(a - b) <= 1e-9 * max(abs(a), abs(b)))
            for row, other in zip(rows, wanted) for a, b in zip(row, other))
        check(same, f"{query}\n{rows}\nbut the log says\n{wanted}")


def send(server, events):
    status, _, answer = server.post_events(events)
    check(status == 200 and answer["accepted"] == len(events), f"{status} {answer}")


def apply(server, *range_of, code=0):
    done = command("recompute", "--data", server.data, "--apply", *server.extra[:2], *range_of)  # --store URL where it is not the default
    check(done.returncode == code, f"{done.returncode} {done.stdout} {done.stderr}")
    return done.stdout + done.stderr


def files(server):
    """The same answer as a file of each kind, and a table."""
    query = "/api/v1/query?source=store&select=calls&by=region&where=region:eu&" + urllib.parse.urlencode({"from": at(), "to": at(days=4)}) + "&format="
    def ask():
        answer = server.request("GET", query + "csv")
        return answer[0] != 503, answer
    status, headers, body = wait_until("an answer as CSV", ask)
    check((status, body) == (200, b"region,calls\r\neu,100\r\n"), f"{status} {body}")
    check((headers["Aybiza-Source"], headers["Aybiza-Truncated"]) == ("rollups", "false"), f"{headers}")
    check(server.read(query + "ndjson") == (200, b'{"region":"eu","calls":100}\n'), "an answer as NDJSON")
    for target in (query + "parquet", "/api/v1/export?format=parquet&table=call_analytics"):
        status, body = server.read(target)
        check(status == 200 and body[:4] == body[-4:] == b"PAR1", f"{target}: {status} {body[:200]}")
    check(server.read(query + "xlsx")[0] == 400, "a format that is none")


def run(store, taken, move_to=None):
    with Server(extra=store) as server:
        send(server, [event for number in range(300) for event in call(number)])
        compare(server, None)  # whatever has been made by now
        check(taken in apply(server, code=1), "a store in use")
        server.stop()
        check("made anew" in apply(server), "recompute")
        server.start()
        compare(server, "rollups")
        files(server)
        check("\naybiza_store_rollups_waiting 0\n" in server.get("/metrics")[1], "something waits still")

        # Late news of calls that live state let go, or has still: the days they touch are answered from rows until they rest.
        send(server, [{"type": "call.rated", "id": f"late-{n}", "time": at(minutes=n * 17 + 60),
                       "data": {"call_id": f"call-{n}", "customer_id": "acme", "customer_satisfaction_score": 1 + n % 5}} for n in range(0, 300, 50)])
        send(server, call(310))
        compare(server, None)

        server.stop()
        apply(server)
        server.start()
        compare(server, "rollups")
        check_conservation(server)

        # Cut off after it has marked what it makes anew: whoever comes next goes on.
        server.stop()
        note = pathlib.Path(server.data) / "recompute"
        note.write_text("[the beginning, the end)\n", encoding="utf-8")
        check("going on" in apply(server), "nothing was gone on with")
        check(not note.exists(), "it is over")
        check("made anew" in apply(server, "--from", at(days=1), "--to", at(days=2)), "a range")
        check("is not a time" in apply(server, "--from", "yesterday", code=2), "a time that is none")
        server.start()
        compare(server, "rollups")

        if move_to:  # and the same figures from another engine, to which later events go
            server.stop()
            check(command("move", "--data", server.data, "--from", store[1], "--to", store[1]).returncode == 2, "to itself")
            moved = command("move", "--data", server.data, "--from", store[1], "--to", move_to)
            check(moved.returncode == 0 and "moved: " in moved.stdout, f"{moved.stdout}{moved.stderr}")
            server.extra[:2] = ["--store", move_to]
            server.start()
            compare(server, None)
            send(server, call(311))
            compare(server, None)
            check_conservation(server)


def main():
    check(command("recompute", "--apply", "--query", "select=calls").returncode != 0, "two wishes at once")
    check(command("recompute", "--apply", "--store", "sqlite").returncode == 2, "a store that is none")
    folder = binaries()
    if not folder:
        run(["--store", "duckdb"], "held by another process")
    else:
        with PostgresServer(folder) as postgres:
            run(["--store", postgres.url], "another server of node", "duckdb")
            postgres.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            run(["--store", "duckdb"], "held by another process", postgres.url)
    print("rollup: ok" + ("" if folder else ", but not on PostgreSQL, which is not installed here"))


if __name__ == "__main__":
    main()
