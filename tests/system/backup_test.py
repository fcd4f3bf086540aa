"""Backup under load, the server killed, everything restored elsewhere: what was acknowledged up to the backup's offset is there once, and
what comes again is told from it. A flipped byte, a full target, a newer format are refused by name. PostgreSQL: dumped by its own tools."""
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import stat
import sys
import tempfile
import threading
import time

from harness import Server, check, check_conservation, command, wait_until
from postgres_server import PostgresServer, binaries

CALLS_A_BATCH = 10
START = time.time() - 3600


def batch(sender, number):
    events = []
    for i in range(CALLS_A_BATCH):
        name, stamp = f"b-{sender}-{number}-{i}", int((START + (number % 900)) * 1000)
        data = {"call_id": name, "customer_id": f"c-{sender}"}
        events += [{"type": "call.started", "id": name + "-s", "time_ms": stamp, "data": {**data, "agent_id": f"a{i}"}},
                   {"type": "turn", "id": name + "-t", "time_ms": stamp + 10, "data": {**data, "turn_number": 0, "speaker": "caller", "sentiment_score": .5}},
                   {"type": "call.ended", "id": name + "-e", "time_ms": stamp + 50, "data": {**data, "call_outcome": "successful", "cost_usd": 0.01}}]
    return "\n".join(json.dumps(e) for e in events).encode()


class Sender(threading.Thread):
    """Posts batches; of each that was acknowledged the offset of its last event."""

    def __init__(self, number, port):
        super().__init__(daemon=True)
        self.number, self.port = number, port
        self.offsets = []
        self.finish = False

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.finish:
            try:
                connection.request("POST", "/v1/events", batch(self.number, len(self.offsets)), {"Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                taken = json.loads(answer.read())
            except OSError:
                return
            if answer.status == 200:
                check(taken["accepted"] == CALLS_A_BATCH * 3, str(taken))
                self.offsets.append(int(re.search(r"offset=(\d+)", answer.getheader("X-Durability"))[1]))


def url(server):
    return f"http://127.0.0.1:{server.port}"


def back_up(server, folder, *more):
    done = command("backup", "--to", folder, "--url", url(server), *more)
    check(done.returncode == 0, f"backup: {done.stdout}{done.stderr}")
    return json.loads((pathlib.Path(folder) / "manifest.json").read_text())


def figures(server, source="store"):
    return server.query(select="calls,turns,cost_usd,successful_calls,avg_sentiment", by="customer_id", window="6h", source=source)["rows"]


def refused(folder, target, *words):
    done = command("restore", "--from", folder, "--data", target)
    said = done.stdout + done.stderr
    check(done.returncode == 1 and all(word in said for word in words), f"{words}: {done.returncode} {said}")
    return said


def private(folder):
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        check(mode == (0o700 if path.is_dir() else 0o600), f"{path} has mode {mode:o}")


def flipped(folder, name):
    """A copy of the backup with one bit of one file turned."""
    copy = folder.with_name("flipped")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    file = copy / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    return copy


def refusals(backup, room):
    names = [path.name for path in sorted((backup / "data" / "spool").glob("*.seg"))]
    for name in ["data/store.duckdb", "data/spool/" + names[-1], "data/secret", "data/shards"]:
        refused(flipped(backup, name), room / "never", name, "checksum")
        check(not (room / "never").exists() and not (room / "never.partial").exists(), f"{name}: something was written")
    refused(flipped(backup, "manifest.json"), room / "never", "manifest.json", "checksum")
    (room / "flipped" / "data" / "secret").unlink()
    missing = flipped(backup, "data/shards")
    (missing / "data" / "keys").unlink(missing_ok=True)
    newer = room / "newer"
    shutil.copytree(backup, newer)
    text = (newer / "manifest.json").read_text().replace('"aybiza_backup":1', '"aybiza_backup":2')
    (newer / "manifest.json").write_text(text)
    (newer / "manifest.blake2b").write_text(hashlib.blake2b(text.encode(), digest_size=32).hexdigest() + "\n")
    refused(newer, room / "never", "format 2", "newer")
    (room / "full").mkdir()
    (room / "full" / "mine").write_text("mine")
    refused(backup, room / "full", "not empty")
    check([path.name for path in (room / "full").iterdir()] == ["mine"], "a full directory was touched")
    refused(room / "nothing", room / "never", "no backup")
    check(command("restore", "--from", backup, "--check").returncode == 0, "check")
    for name in ["flipped", "newer", "full"]:
        shutil.rmtree(room / name)


def under_load(room):
    backup = room / "backup"
    (room / "backup.partial").mkdir()  # as a killed one leaves it
    (room / "backup.partial" / "rest").write_text("rest")
    with Server() as server:
        senders = [Sender(i, server.port) for i in range(3)]
        for sender in senders:
            sender.start()
        wait_until("load", lambda: (all(len(s.offsets) >= 20 for s in senders), 0))
        manifest = back_up(server, backup)
        done = command("backup", "--to", backup, "--url", url(server))
        check(done.returncode == 1 and "exists already" in done.stderr, done.stderr)
        wait_until("load goes on", lambda: (all(s.offsets[-1] > manifest["log_last"] for s in senders), 0))
        inside = command("backup", "--to", server.data / "here", "--url", url(server))
        check(inside.returncode == 1 and "lies in the data directory" in inside.stderr, inside.stderr)
        server.kill()
        for sender in senders:
            sender.finish = True
            sender.join()
        end = manifest["log_last"]
        check(manifest["engine"] == "duckdb" and manifest["applied"] <= end and manifest["log_first"] == 1, str(manifest)[:200])
        private(backup)
        refusals(backup, room)

        restored = room / "restored"
        done = command("restore", "--from", backup, "--data", restored)
        check(done.returncode == 0, done.stderr)
        private(restored)
        verify = command("verify", "--data", restored)
        check(verify.returncode == 0 and f"offsets             1..{end}\n" in verify.stdout and "lost events         0" in verify.stdout, verify.stdout)
        held = [sum(offset <= end for offset in s.offsets) for s in senders]
        check(end == sum(held) * CALLS_A_BATCH * 3, f"{end} events in the backup, {held} batches acknowledged up to there")
        with Server(restored) as again:
            want = [[f"c-{i}", n * CALLS_A_BATCH, n * CALLS_A_BATCH, n * CALLS_A_BATCH / 100, n * CALLS_A_BATCH, .5] for i, n in enumerate(held)]
            for source in ("store", "live"):
                got = figures(again, source)
                check(len(got) == len(want) and all(a == b or abs(a - b) < 1e-9 for row, other in zip(got, want) for a, b in zip(row, other)), f"{source}: {got} is not {want}")
            status, audit = again.get("/api/v1/audit/reconcile")
            check(status == 200 and audit.get("mismatches", 0) == 0, str(audit)[:300])
            # Whatever was acknowledged comes again, as senders that lost their acknowledgements would send it.
            for sender, kept in zip(senders, held):
                for number in range(len(sender.offsets)):
                    status, _, taken = again.post_events(batch(sender.number, number).decode().split("\n"))
                    fresh = 0 if number < kept else CALLS_A_BATCH * 3
                    check(status == 200 and taken["accepted"] == fresh, f"batch {number} of {sender.number}, {kept} are there: {taken}")
            calls = sum(len(s.offsets) for s in senders) * CALLS_A_BATCH
            check(again.query(select="calls", window="6h", source="store")["rows"] == [[calls]], "all acknowledged, once")
            check_conservation(again)
    print(f"backup under load: {sum(held)} batches of {sum(len(s.offsets) for s in senders)} restored, the rest sent again")


def begun(folder):
    """Whether something of the backup is there, under its name or under the one it has until it is whole."""
    try:
        return folder.exists() or bool(os.listdir(folder.with_name(folder.name + ".partial")))
    except FileNotFoundError:
        return folder.exists()


def killed_while_copying(room):
    """Whatever moment a kill finds: the folder is whole or not there."""
    with Server() as server:
        for number in range(20):
            server.post_events(batch(9, number).decode().split("\n"))
        for attempt in range(6):
            folder = room / f"cut-{attempt}"
            status, _, answer = server.request("POST", "/api/v1/backup", json.dumps({"to": str(folder)}), {"Content-Type": "application/json"})
            check(status == 202, f"{status} {answer}")
            if attempt % 2:
                wait_until("a file", lambda at=folder: (begun(at), 0))
            server.kill()
            check(not folder.exists() or command("restore", "--from", folder, "--check").returncode == 0, "a folder that is not whole")
            server.start()
            if not folder.exists():
                back_up(server, folder)
            check(not folder.with_name(folder.name + ".partial").exists(), "what was left over")
        page = server.request("POST", "/api/v1/backup", json.dumps({"to": str(room / "page")}), {"Content-Type": "text/plain"})
        check(page[0] == 400, "what a page of another origin may send")
        check(server.request("POST", "/api/v1/backup", '{"to":"relative"}', {"Content-Type": "application/json"})[0] == 400, "a relative folder")


def who_may(room):
    with tempfile.TemporaryDirectory(prefix="aybiza-test-") as data:
        def key(*what):
            return re.search(r"ayb_\S+|\S{30,}", command("key", "create", "--data", data, *what).stdout)[0]
        keys = {name: key("--scope", scope, "--customer", customer) for name, scope, customer in
                (("platform", "admin", "*"), ("reader", "read", "*"), ("customer", "admin", "acme"))}
        with Server(data, insecure=False) as server:
            for name in ("reader", "customer"):
                done = command("backup", "--to", room / name, "--url", url(server), "--key", keys[name])
                check(done.returncode == 1 and not (room / name).exists(), f"{name}: {done.stdout}{done.stderr}")
            done = command("backup", "--to", room / "by-key", "--url", url(server), "--key", keys["platform"])
            check(done.returncode == 0, done.stderr)
            running = command("backup", "--to", room / "second", "--data", data)
            check(running.returncode == 1 and "leave --data out" in running.stderr, running.stderr)
        done = command("backup", "--to", room / "stopped", "--data", data)
        check(done.returncode == 0 and command("restore", "--from", room / "stopped", "--data", room / "keys").returncode == 0, done.stderr)
        check(command("key", "list", "--data", room / "keys").stdout == command("key", "list", "--data", data).stdout, "keys")


def forgotten(room):
    with Server() as server:
        command("masking", "set", "--data", server.data, "--customer", "vault", "--policy", "keep_encrypted")
        said = "my mail is jo.doe@mail.example.com, call me"

        def events(call):
            data = {"call_id": call, "customer_id": "vault", "agent_id": "a1"}
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            return [{"type": "call.started", "id": call + "s", "time": now, "data": {**data, "caller_number": "+49 30 1234567"}},
                    {"type": "turn", "id": call + "t", "time": now, "data": {**data, "turn_number": 0, "speaker": "caller", "text_content": said}}]
        number = iter(range(1000))

        def kept():
            call = f"v-{next(number)}"
            server.post_events(events(call))
            return unmask(server, call)["state"] == "unmasked", call

        def unmask(of, call):
            return json.loads(of.request("POST", f"/api/v1/calls/{call}/unmask")[2])["turns"][0]
        call = wait_until("the policy", kept)
        folder = room / "vault"
        back_up(server, folder)
        check(command("forget", "--data", server.data, "--caller", "+49 30 1234567").returncode == 0, "forget")
        for name, more, state in (("as-it-was", (), "unmasked"), ("forgotten", ("--forgotten", server.data / "privacy_audit"), "forgotten")):
            done = command("restore", "--from", folder, "--data", room / name, *more)
            check(done.returncode == 0, done.stderr)
            with Server(room / name) as again:
                check(unmask(again, call)["state"] == state, f"{name}: {unmask(again, call)}")


def with_postgres(room):
    folder = binaries()
    if not folder or not (pathlib.Path(folder) / "pg_dump").exists():
        return print("skipped: no PostgreSQL with its tools is installed here")
    with PostgresServer(folder) as postgres, PostgresServer(folder) as other, Server(extra=["--store", postgres.url]) as server:
        senders = [Sender(i, server.port) for i in range(2)]
        for sender in senders:
            sender.start()
        wait_until("load", lambda: (all(len(s.offsets) >= 20 for s in senders), 0))
        held = command("backup", "--hold", "--url", url(server))
        check(held.returncode == 0 and "kept from 1 " in held.stdout, f"{held.stdout}{held.stderr}")
        dump = postgres.directory + "/dump"
        check(postgres.run("pg_dump", "-Fc", "-f", dump, postgres.url).wait(120) == 0, "pg_dump")
        dumped = max(s.offsets[-1] for s in senders)
        wait_until("load goes on", lambda: (all(s.offsets[-1] > dumped for s in senders), 0))
        manifest = back_up(server, room / "with-postgres")
        check(manifest["engine"] == "postgres" and manifest["schema"] == 0 and manifest["log_first"] == 1, str(manifest)[:200])
        server.kill()
        for sender in senders:
            sender.finish = True
            sender.join()
        os.chmod(dump, 0o644)
        os.chmod(postgres.directory, 0o755)
        check(other.run("pg_restore", "--exit-on-error", "-d", other.url, dump).wait(120) == 0, "pg_restore")
        applied = int(other.ask("SELECT event_offset FROM applied")[0][0])
        check(applied <= manifest["log_last"], "the dump came first")
        check(command("restore", "--from", room / "with-postgres", "--data", room / "pg").returncode == 0, "restore")
        with Server(room / "pg", extra=["--store", other.url]) as again:
            count = [sum(o <= manifest["log_last"] for o in s.offsets) * CALLS_A_BATCH for s in senders]
            check([row[:2] for row in figures(again)] == [[f"c-{i}", n] for i, n in enumerate(count)], f"{figures(again)}, acknowledged {count}")
            check(other.ask("SELECT count(*), count(DISTINCT call_id) FROM call_analytics") == [[str(sum(count))] * 2], "rows")
            check_conservation(again)


def main():
    with tempfile.TemporaryDirectory(prefix="aybiza-backup-") as folder:
        room = pathlib.Path(folder)
        under_load(room)
        killed_while_copying(room)
        who_may(room)
        forgotten(room)
        with_postgres(room)
    print("backup: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
