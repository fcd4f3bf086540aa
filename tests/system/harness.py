"""A real server in a directory of its own, spoken to over loopback. Python's standard library only."""
import gzip
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

BINARY = os.environ.get("AYBIZA_BINARY", "")


class Server:
    """Starts `aybiza serve`, waits until it says it is ready, and ends it by its own process id."""

    def __init__(self, data=None, extra=(), insecure=True):
        self.owned = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="aybiza-test-"))
        self.extra = list(extra) + (["--insecure-loopback"] if insecure else [])
        self.process = self.reader = None
        self.port = 0
        self.log = []
        self.begun = 0  # the first line of the log since the last start
        self.start()

    def start(self, port=None):
        args = [BINARY, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{port or self.port}", *self.extra]
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        ready = threading.Event()

        def read():
            for line in self.process.stdout:
                self.log.append(line.rstrip())
                found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
                if found:
                    self.port = int(found.group(1))
                    ready.set()
            ready.set()

        if self.reader:  # what the last process said has its place before what this one says
            self.reader.join(10)
        self.begun = len(self.log)
        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        if not ready.wait(180) or self.port == 0 or self.process.poll() is not None:
            raise RuntimeError("server did not start:\n" + "\n".join(self.log[-20:]))

    def address(self, what):
        """HOST and port of a listener that is told of after the URL: "StatsD", "OTLP/HTTP", "OTLP/gRPC"."""
        def look():
            found = [re.search(r"(127\.0\.0\.1):(\d+)", line) for line in list(self.log[self.begun:]) if line.startswith(what)]
            return bool(found) and found[0] is not None, found
        found = wait_until(f"the address of {what}", look)[0]
        return found[1], int(found[2])

    def kill(self):
        if self.process.poll() is not None:  # what a sanitizer ends would otherwise look like what we killed
            raise RuntimeError(f"the server ended by itself, with {self.process.returncode}:\n" + "\n".join(self.log[-60:]))
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError("SIGTERM did not end the server in 60 s")
            if self.process.returncode != 0:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n" + "\n".join(self.log[-60:]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        if self.owned:
            shutil.rmtree(self.data, ignore_errors=True)

    def request(self, method, target, body=None, headers=None, timeout=120):
        """Status, headers and bytes; what is only read is asked for as long as the API says 503."""
        return until_there(method, target, lambda: self.request_once(method, target, body, headers, timeout))

    def request_once(self, method, target, body, headers, timeout):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def read(self, target):
        """Status and bytes."""
        status, _, body = self.request("GET", target)
        return status, body

    def get(self, target):
        status, body = self.read(target)
        return status, (json.loads(body) if body[:1] in (b"{", b"[") else body.decode())

    def post_events(self, events, headers=None):
        body = "\n".join(e if isinstance(e, str) else json.dumps(e) for e in events).encode()
        status, headers_out, answer = self.request(
            "POST", "/v1/events", body, {"Content-Type": "application/x-ndjson", **(headers or {})})
        return status, headers_out, json.loads(answer) if answer[:1] == b"{" else answer

    def metric(self, series):
        """The number of one line of /metrics, 0 where there is none: `name` or `name{label="x"}`."""
        text = self.get("/metrics")[1]
        at = ("\n" + text).find("\n" + series + " ")
        return 0.0 if at < 0 else float(text[at + len(series) + 1:].split("\n", 1)[0])

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def cpu_seconds(self):
        """What the server has used, in user and system mode."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def query(self, where=(), **parameters):
        pairs = list(parameters.items()) + [("where", w) for w in where]
        pairs = [("from" if name == "start" else "to" if name == "end" else name, value) for name, value in pairs]
        status, answer = self.get("/api/v1/query?" + urllib.parse.urlencode(pairs))
        if status != 200:
            raise AssertionError(f"{status} {answer} for {pairs}")
        return answer


def until_there(method, target, ask):
    """503 says that the store has not caught up, or that others ask: what is only read is asked for again, on a loaded machine for a while."""
    end = time.monotonic() + 180
    while True:
        status, headers, body = ask()
        if status != 503 or method != "GET" or not target.startswith("/api/v1/") or time.monotonic() > end:
            return status, headers, body
        time.sleep(float(headers.get("Retry-After", 1)))


def shared_file(*parts):
    """A file of the data folder beside the project, or None: the test then says that it was skipped."""
    root = pathlib.Path(__file__).resolve().parents[2]
    path = root.parent / "shared" / "data" / pathlib.Path(*parts)
    return path if path.exists() else None


def read_lines(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [line for line in file.read().split("\n") if line]


def command(*args, timeout=300):
    return subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, timeout=timeout, check=False)


def check_conservation(server):
    """Every event that was offered became something, and every accepted one is applied, pending or quarantined."""
    status, audit = server.get("/api/v1/audit/conservation")
    refused = sum(audit["rejected"].values()) + sum(audit["shed"].values())
    check(status == 200 and audit["balanced"] is True, f"conservation: {audit}")
    check(audit["offered"] == audit["accepted"] + audit["duplicates"] + refused + audit["in_flight"], f"offered: {audit}")
    check(audit["accepted"] == audit["applied"] + audit["pending"] + audit["quarantined"], f"accepted: {audit}")


def wait_until(what, look, seconds=180):
    """Asks until `look` answers (True, …): live state, the store and watched files follow, and how soon is not a test's question."""
    end = time.monotonic() + seconds
    while True:
        good, seen = look()
        if good:
            return seen
        check(time.monotonic() < end, f"{what}: {seen}")
        time.sleep(0.02)


def node_client(folder):
    """The folder of a client beside the tests, or None where node or its packages are not here."""
    path = pathlib.Path(__file__).resolve().parent / folder
    return path if shutil.which("node") and (path / "node_modules").is_dir() else None


def node(client, *args):
    """Runs send.mjs of a client; its last line is what it sent, as JSON."""
    run = subprocess.run(["node", "send.mjs", *map(str, args)], cwd=client, capture_output=True, text=True, timeout=300, check=False)
    check(run.returncode == 0, f"{args}: {run.stdout}{run.stderr}")
    return json.loads(run.stdout.strip().split("\n")[-1])


def within_one_day(seconds=120):
    """A test of days is of one day (UTC): one that would run into the next begins in that."""
    left = 86_400 - time.time() % 86_400
    if left < seconds:
        time.sleep(left + 1)


def check(condition, message):
    if not condition:
        raise AssertionError(message)
