"""History in PostgreSQL, which is stopped, hung, and killed together with the server, under load: nothing acknowledged is lost,
nothing counts twice, and every figure is that of `aybiza recompute`, which reads the log alone."""
import json
import os
import re
import signal
import sys
import tempfile
import time
import urllib.parse

from harness import Server, check, check_conservation, command, wait_until
from kill_test import SenderThread
from postgres_server import PostgresServer, binaries

ROUNDS = int(os.environ.get("AYBIZA_KILLS") or (50 if os.environ.get("AYBIZA_TEST_LONG") else 4))
SENDERS = 3
QUESTIONS = [
    {"select": "calls,successful_calls,success_rate,rated_calls,avg_satisfaction,errors,avg_duration_ms,p95_duration_ms"},
    {"select": "calls,turns,rated_calls", "by": "customer_id,region"},
    {"select": "turns,avg_sentiment,p50_response_time_ms,max_response_time_ms", "by": "speaker"},
    {"select": "calls,p90_voice_latency_ms", "by": "agent_id", "limit": "100"},
    {"select": "calls,active_calls,quality_score", "step": "1m"},
    {"select": "turns", "by": "topic"},
]


def progress(senders, more, what):
    """Ingest goes on: that many calls more are acknowledged."""
    goal = sum(s.calls for s in senders) + more
    wait_until(what, lambda: (sum(s.calls for s in senders) >= goal, goal))


def live(server):
    return server.query(select="calls", window="1h", source="live")["rows"][0][0]


def outage(server, senders, stop, start, what):
    before = server.metric("aybiza_store_applied_offset")
    stop()
    progress(senders, 400, f"{what}: ingest")
    seen = live(server)
    progress(senders, 200, f"{what}: ingest goes on")
    wait_until(f"{what}: live figures follow", lambda: (live(server) >= seen + 200, live(server)))
    start()
    wait_until(f"{what}: the store goes on", lambda: (server.metric("aybiza_store_applied_offset") > before, before), 90)


def asked(server, **question):
    """The long form has half a million rows: until the rollups are there, a question of all of them may be over its time."""
    answers = []

    def ask():
        try:
            answers.append(server.query(**question))
        except AssertionError as error:
            if not str(error).startswith("503"):
                raise
        return bool(answers), question
    wait_until("the store answers in time", ask, 180)
    return answers[-1]


def compare(server, start, end):
    for question in QUESTIONS:
        answer = asked(server, **question, start=start, end=end, source="store")
        text = urllib.parse.urlencode({**question, "from": start, "to": end})
        log = command("recompute", "--data", server.data, "--query", text)
        check(log.returncode == 0 and "reaches back" not in log.stderr, log.stderr)  # the log has let nothing go, or there is nothing to compare with
        want = json.loads(log.stdout)
        check(len(answer["rows"]) == len(want["rows"]) > 0, f"{question}: {len(answer['rows'])} rows, the log says {len(want['rows'])}")
        for got_row, want_row in zip(answer["rows"], want["rows"]):
            for name, got, wanted in zip(answer["columns"], got_row, want_row):
                off = 0.005 if answer["source"] == "rollups" and re.match(r"p\d", name) else 1e-9  # what rollups say of a quantile
                same = got == wanted or (isinstance(got, (int, float)) and isinstance(wanted, (int, float)) and abs(got - wanted) <= off * max(abs(got), abs(wanted)))
                check(same, f"{question}: {name} is {got}, the log says {wanted}")


def main():
    folder = binaries()
    if not folder:
        print("skipped: no PostgreSQL server is installed here (script/bootstrap brings one)")
        return 77
    day = 86400
    start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + shift)) for shift in (-day, day))
    with PostgresServer(folder) as postgres, Server(extra=["--store", postgres.url]) as server:
        doctor = command("doctor", "--store", postgres.url)
        check(doctor.returncode == 0 and "PostgreSQL 1" in doctor.stdout and "timescaledb" in doctor.stdout, f"{doctor.stdout}{doctor.stderr}")
        with tempfile.TemporaryDirectory(prefix="aybiza-test-") as other:
            second = command("serve", "--data", other, "--listen", "127.0.0.1:0", "--otlp", "off", "--store", postgres.url)
        check(second.returncode == 1 and "another server of node" in second.stderr, f"two servers on one database: {second.stdout}{second.stderr}")
        senders = [SenderThread(i, server.port) for i in range(SENDERS)]
        for sender in senders:
            sender.start()
        progress(senders, 200, "ingest")
        outage(server, senders, postgres.stop, postgres.start, "stopped")
        check(server.metric("aybiza_store_failures_total") >= 1, "the outage was noticed")
        outage(server, senders, lambda: postgres.pause(True), lambda: postgres.pause(False), "hung")
        postgres.pause(True)
        progress(senders, 200, "hung once more: ingest")
        server.stop()  # SIGTERM does not wait for it
        postgres.pause(False)
        server.start(server.port)
        # Each COPY takes a while, before its rows and behind them, so that the kills lie within one.
        postgres.ask("CREATE FUNCTION slow_copy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(.2); RETURN NULL; END $$")
        for when in ("BEFORE", "AFTER"):
            postgres.ask(f"CREATE TRIGGER slow_copy_{when} {when} INSERT ON conversation_turns FOR EACH STATEMENT EXECUTE FUNCTION slow_copy()")
        for _ in range(ROUNDS):
            for sender in senders:  # however slow this machine is, the log keeps all of it
                sender.ceiling = sender.calls + 300
            progress(senders, 100, "ingest between kills")
            wait_until("a COPY is under way", lambda: (postgres.ask("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY conversation_turns%'")
                                                       == [["1"]], 0), 90)
            server.kill()
            postgres.stop(signal.SIGKILL)
            postgres.start()
            server.start(server.port)
        postgres.ask("DROP FUNCTION slow_copy CASCADE")
        for sender in senders:
            sender.finish = True
        for sender in senders:
            sender.join(60)
        calls, turns = sum(s.calls for s in senders), sum(s.turns for s in senders)
        # An answer of the store is one of all that was acknowledged: asked first, the tables have it too.
        got = asked(server, select="calls,turns,rated_calls", start=start, end=end, source="store")["rows"][0]
        rows = postgres.ask("SELECT (SELECT count(*) FROM call_analytics), (SELECT count(DISTINCT call_id) FROM call_analytics), "
                            "(SELECT count(*) FROM conversation_turns), (SELECT count(*) FROM poison_rows)")[0]
        check(rows == [str(calls), str(calls), str(turns), "0"], f"the tables have {rows}, acknowledged were {calls} calls and {turns} turns, the store answers {got}")
        check(got == [calls, turns, calls], f"the store answers {got}, acknowledged were {calls} calls and {turns} turns")
        check(postgres.ask("SELECT sum(total_calls) FROM call_analytics_hourly") == [[str(calls)]], "a view says something else")
        compare(server, start, end)
        check_conservation(server)
        status, _, csv = server.request("GET", "/api/v1/export?" + urllib.parse.urlencode({"table": "call_analytics", "format": "csv", "from": start, "to": end}))
        lines = csv.count(b"\r\n")
        check(status == 200 and lines == calls + 1, f"export: {status}, {lines} lines")
        print(f"PostgreSQL stopped, hung, and killed with the server within a COPY {ROUNDS} times: {calls} calls and {turns} turns, none lost, none twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
