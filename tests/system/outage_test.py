"""PostgreSQL away for longer than memory holds, and in every other way in which it can fail: ingest acknowledges, live figures follow,
what waits goes to disk and from there into the store, and in the end every acknowledged event is there once. The long form (AYBIZA_TEST_LONG=1) ends
with five minutes without the store at 20 000 events/s, told by lines: answers, pages, backlog and how fast it drains."""
import http.client
import os
import pathlib
import sys
import threading
import time
import urllib.parse

from harness import Server, check, check_conservation, wait_until
from load import EVENTS_PER_CALL, Load
from postgres_server import PostgresServer, binaries
from timeline import outage

MEMORY = "128MiB"    # 50 000 events whose rows may be in memory (docs/limits.md)
BATCH = 1_500        # calls
LONG = bool(os.environ.get("AYBIZA_TEST_LONG"))


# Whole minutes: what live state answers from its panes, however many calls there were.
START, END = (time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + shift)) for shift in (-120, 7200))


def live_calls(server):
    return server.query(select="calls", start=START, end=END, source="live")["rows"][0][0]


def follows(server, load, what):
    wait_until(f"{what}: live figures", lambda: (live_calls(server) == load.calls, (live_calls(server), load.calls)))


def stored(server, load, what):
    """The store has everything; then nothing waits anywhere."""
    wait_until(f"{what}: the store", lambda: (server.metric("aybiza_store_applied_offset") == server.metric("aybiza_spool_durable_offset"),
                                             (server.metric("aybiza_store_applied_offset"), server.metric("aybiza_spool_durable_offset"))), 180)
    answer = server.query(select="calls,turns", start=START, end=END, source="store")["rows"][0]
    check(answer == [load.calls, 4 * load.calls], f"{what}: the store has {answer}, acknowledged were {load.calls} calls")
    check(server.metric("aybiza_store_waiting_bytes") == 0, what)


def away(server, postgres, load, what, stop, start, batches=6):
    """More comes in than memory may hold, and none of it waits for the store."""
    applied, spilled = server.metric("aybiza_store_applied_offset"), server.metric("aybiza_store_spilled_total")
    stop()
    for sent in range(60):  # how much the writer has in hand when it gets stuck is chance
        load.send(BATCH)
        follows(server, load, what)
        lag = server.metric("aybiza_spool_durable_offset") - server.metric("aybiza_store_applied_offset")
        if sent + 1 >= batches and lag > 50_000 and server.metric("aybiza_store_spilled_total") > spilled:
            break
    else:
        check(False, f"{what}: {lag} events wait and none on disk, applied was {applied}")
    folder = pathlib.Path(server.data) / "unwritten"
    check(folder.stat().st_mode & 0o777 == 0o700 and all(f.stat().st_mode & 0o777 == 0o600 for f in folder.glob("*.rows")), "who may read what waits")
    status, page = server.read("/")
    check(status == 200 and b"AYBIZA" in page, f"{what}: the page: {status}")
    start()
    stored(server, load, what)
    check(list(folder.glob("*")) == [], f"{what}: files are left")


def killed_while_away(server, postgres, load):
    """What waited on disk dies with the server; the log has it."""
    postgres.stop()
    while server.metric("aybiza_store_waiting_bytes") == 0:
        load.send(BATCH)
        follows(server, load, "killed")
    server.kill()
    postgres.start()
    server.start(server.port)
    follows(server, load, "after a kill")
    stored(server, load, "after a kill")
    # And ended in good order while rows wait: at once, without writing all of them first.
    postgres.stop()
    while server.metric("aybiza_store_waiting_bytes") == 0:
        load.send(BATCH)
        follows(server, load, "ended")
    server.stop()
    check(list((pathlib.Path(server.data) / "unwritten").glob("*")) == [], "files are left behind")
    postgres.start()
    server.start(server.port)
    stored(server, load, "after an end")


def refused(server, postgres, load, what, begin, end, said):
    """The server is there and takes nothing."""
    failures = server.metric("aybiza_store_failures_total")
    begin()
    load.send(BATCH // 3)
    follows(server, load, what)
    wait_until(f"{what} is noticed", lambda: (server.metric("aybiza_store_failures_total") > failures, 0))
    wait_until(f"{what}: the log says {said}", lambda: (any(said in line for line in list(server.log)), server.log[-5:]))
    load.send(BATCH // 3)
    follows(server, load, what)
    check(server.metric("aybiza_store_applied_offset") < server.metric("aybiza_spool_durable_offset"), what)
    end()
    stored(server, load, what)


def cases(server, postgres, load):
    reload = "SELECT pg_reload_conf()"

    def read_only(on):
        postgres.ask(f"ALTER SYSTEM SET default_transaction_read_only = {on}")
        postgres.ask(reload)

    def full():  # what a server says that has no room left; a disk of our own to fill would need root
        postgres.ask("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
                     "'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$")
        postgres.ask("CREATE TRIGGER full_disk BEFORE INSERT ON conversation_turns FOR EACH STATEMENT EXECUTE FUNCTION full_disk()")
    refused(server, postgres, load, "read-only", lambda: read_only("on"), lambda: read_only("off"), "read-only transaction")
    refused(server, postgres, load, "disk full", full, lambda: postgres.ask("DROP FUNCTION full_disk CASCADE"), "No space left")

    # An index that somebody dropped costs time and nothing else.
    for (index,) in postgres.ask("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename IN ('call_analytics', 'conversation_turns') "
                                 "AND indexname NOT IN (SELECT conname FROM pg_constraint)"):
        postgres.ask(f"DROP INDEX {index}")
    load.send(BATCH // 3)
    stored(server, load, "without indexes")

    # One row that the server will not have is set aside and shown; its batch goes in.
    postgres.ask("ALTER TABLE interventions ADD CONSTRAINT no_poison CHECK (actor <> 'poison') NOT VALID")
    call = f"{load.name}-0"
    status, _, answer = server.post_events([{"type": "call.intervened", "id": f"poison-{n}", "time_ms": int(time.time() * 1000),
                                             "data": {"call_id": call, "customer_id": "c-0", "kind": "takeover", "actor": "poison" if n == 3 else "somebody"}} for n in range(7)])
    check(status == 200 and answer["accepted"] == 7, str(answer))
    stored(server, load, "a poisonous row")
    wait_until("the row is set aside", lambda: (server.metric("aybiza_store_rows_set_aside_total") == 1, server.metric("aybiza_store_rows_set_aside_total")))
    check(postgres.ask("SELECT table_name, reason LIKE '%no_poison%', data LIKE '%poison%' FROM poison_rows") == [["interventions", "t", "t"]], "poison_rows")
    check(postgres.ask("SELECT count(*) FROM interventions") == [["6"]], "the other rows of its batch")


def cancelled_export(server, postgres):
    """Who leaves an export ends its query."""
    postgres.ask("ALTER VIEW call_analytics_hourly RENAME TO kept_hourly")
    postgres.ask("CREATE VIEW call_analytics_hourly AS SELECT * FROM kept_hourly WHERE (SELECT pg_sleep(3600))::text IS NOT NULL")
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%call_analytics_hourly%' AND pid <> pg_backend_pid()"
    target = "/api/v1/export?" + urllib.parse.urlencode({"table": "call_analytics_hourly", "format": "csv"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", target)
    wait_until("the export runs", lambda: (postgres.ask(running) == [["1"]], 0))
    connection.close()
    wait_until("nobody waits: its query ends", lambda: (postgres.ask(running) == [["0"]], 0))
    postgres.ask("DROP VIEW call_analytics_hourly")
    postgres.ask("ALTER VIEW kept_hourly RENAME TO call_analytics_hourly")
    status, headers, csv = server.request("GET", target)  # the thread that exports is free again
    check(status == 200 and csv.startswith(b"bucket,"), f"{status} {csv[:100]}")
    check(int(headers["Aybiza-Applied-Offset"]) == int(server.metric("aybiza_store_applied_offset")), str(headers))


def consistent_export(server, load):
    """While rows come in, an export is of one moment, and says which."""
    done = threading.Event()

    def send():
        while not done.is_set():
            if server.metric("aybiza_spool_durable_offset") - server.metric("aybiza_store_applied_offset") < 2_000:  # an export waits for what was there before it
                load.send(100)
            time.sleep(.01)
    before = load.calls
    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(5):
            status = 503  # the store has not caught up: ask again
            while status == 503:
                status, headers, csv = server.request("GET", "/api/v1/export?" + urllib.parse.urlencode({"table": "call_analytics", "format": "csv"}), timeout=120)
            check(status == 200, csv[:200])
            rows, offset = csv.count(b"\r\n") - 1, int(headers["Aybiza-Applied-Offset"])  # calls come whole, in one request each
            check(before <= rows == offset / EVENTS_PER_CALL, f"{rows} calls at offset {offset}")
    finally:
        done.set()
        sender.join(120)


def main():
    folder = binaries()
    if not folder:
        print("skipped: no PostgreSQL server is installed here (script/bootstrap brings one)")
        return 77
    with PostgresServer(folder) as postgres, Server(extra=["--store", postgres.url, "--memory-max", MEMORY]) as server:
        load = Load(server.port, "o")
        load.send(BATCH)
        stored(server, load, "at first")
        consistent_export(server, load)
        stored(server, load, "after exports")
        cancelled_export(server, postgres)
        away(server, postgres, load, "stopped", postgres.stop, postgres.start)
        away(server, postgres, load, "hung", lambda: postgres.pause(True), lambda: postgres.pause(False), 40 if LONG else 6)
        killed_while_away(server, postgres, load)
        cases(server, postgres, load)
        rows = postgres.ask("SELECT (SELECT count(*) FROM call_analytics), (SELECT count(DISTINCT call_id) FROM call_analytics), (SELECT count(*) FROM conversation_turns)")[0]
        check(rows == [str(load.calls), str(load.calls), str(4 * load.calls)], f"the tables have {rows}")
        check_conservation(server)
        slowest = max(seconds for _, seconds in load.answers)
        print(f"{load.calls * EVENTS_PER_CALL} events through every kind of trouble: none lost, none twice; slowest answer {slowest * 1000:.0f} ms")
    timeline = outage(folder) if LONG else outage(folder, seconds=3, rate=1_000, before=1, every=1)
    check(timeline.lines >= 3, f"a timeline of {timeline.lines} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
