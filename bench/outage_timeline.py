"""PostgreSQL stopped under load: how long answers and pages take, what waits, and how fast it goes into the store afterwards.

  AYBIZA_BINARY=build/release/aybiza python3 bench/outage_timeline.py [--seconds 300] [--rate 20000] [--memory 2GiB] [--kind stopped|hung]
"""
import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "system"))
from harness import Server, check  # noqa: E402
from load import SteadyLoad  # noqa: E402
from postgres_server import PostgresServer, binaries  # noqa: E402


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))] * 1000 if values else float("nan")


def timed(work):
    began = time.monotonic()
    answer = work()
    return time.monotonic() - began, answer


class Timeline:
    def __init__(self, server, load):
        self.server, self.load, self.began = server, load, time.monotonic()
        self.answers = self.slowest_page = 0
        print(f"{'s':>6} {'what':<8} {'events/s':>9} {'answer p50':>10} {'p99 ms':>7} {'page ms':>8} {'live ms':>8} {'unfolded':>9} {'backlog':>10} {'on disk':>9} {'RSS':>8}")

    def line(self, what, since, events_before):
        new, self.answers = self.load.answers[self.answers:], len(self.load.answers)
        seconds = [s for _, s in new]
        page, (status, _) = timed(lambda: self.server.read("/"))
        check(status == 200, f"the page answers {status}")
        start, end = (time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + shift)) for shift in (-600, 60))  # whole minutes
        live, _ = timed(lambda: self.server.query(select="calls,turns,p95_response_time_ms", start=start, end=end, step="1m", source="live"))
        text = self.server.get("/metrics")[1]
        metric = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line.startswith("aybiza_") and " " in line and "{" not in line}
        durable, folded, applied = (metric[f"aybiza_{name}_offset"] for name in ("spool_durable", "live_folded", "store_applied"))
        now = time.monotonic()
        self.slowest_page = max(self.slowest_page, page)
        print(f"{now - self.began:6.0f} {what:<8} {(durable - events_before) / (now - since):9.0f} {quantile(seconds, .5):10.1f} {quantile(seconds, .99):7.1f} {page * 1000:8.1f} "
              f"{live * 1000:8.1f} {durable - folded:9.0f} {durable - applied:10.0f} {metric['aybiza_store_waiting_bytes'] / 1e6:7.0f}MB {self.server.rss_bytes() / 1e6:6.0f}MB", flush=True)
        return now, durable, applied

    def watch(self, what, seconds, every=5, until=lambda durable, applied: False):
        since, durable, applied = time.monotonic(), self.server.metric("aybiza_spool_durable_offset"), 0
        end = since + seconds
        while time.monotonic() < end and not until(durable, applied):
            time.sleep(max(0, min(every, end - time.monotonic())))
            since, durable, applied = self.line(what, since, durable)
        return durable, applied


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--memory", default="2GiB")
    parser.add_argument("--kind", choices=("stopped", "hung"), default="stopped")
    options = parser.parse_args()
    folder = binaries()
    if not folder:
        print("skipped: no PostgreSQL server is installed here")
        return 77
    with PostgresServer(folder) as postgres, Server(extra=["--store", postgres.url, "--memory-max", options.memory]) as server:
        sender = SteadyLoad(server.port, "t", options.rate, calls=min(1_500, max(20, options.rate // 60)))
        sender.start()
        timeline = Timeline(server, sender.load)
        timeline.watch("before", 15)
        print(f"       PostgreSQL is {options.kind}")
        postgres.stop() if options.kind == "stopped" else postgres.pause(True)
        durable, applied = timeline.watch("away", options.seconds, every=max(5, options.seconds // 30))
        waited = durable - applied
        postgres.start() if options.kind == "stopped" else postgres.pause(False)
        print("       PostgreSQL is back")
        back = time.monotonic()
        durable_after, applied_after = timeline.watch("back", 1800, until=lambda d, a: a > 0 and d - a < options.rate)
        drained = time.monotonic() - back
        sender.finish = True
        sender.join(60)
        calls = sender.load.calls
        answer = server.query(select="calls,turns", window="24h", source="store")["rows"][0]
        check(answer == [calls, 4 * calls], f"the store has {answer}, acknowledged were {calls}")
        rate, came = (applied_after - applied) / drained, (durable_after - durable) / drained
        print(f"{calls * 6} events, none lost, none twice. {waited:.0f} waited; drained in {drained:.0f} s at {rate:.0f} events/s while {came:.0f} events/s came in ({rate / came:.1f} times)")
        print(f"answers p99 {quantile([s for _, s in sender.load.answers], .99):.1f} ms, slowest {quantile([s for _, s in sender.load.answers], 1):.0f} ms; slowest page {timeline.slowest_page * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
