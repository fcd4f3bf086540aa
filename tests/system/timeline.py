"""PostgreSQL away under load, told line by line: what senders and readers notice, what waits, and how fast it goes into the store afterwards."""
import time

from harness import Server, check, wait_until
from load import EVENTS_PER_CALL, SteadyLoad
from postgres_server import PostgresServer

HEAD = (f"{'s':>6} {'what':<8} {'events/s':>9} {'answer p50':>10} {'p99 ms':>7} {'page ms':>8} {'live ms':>8} {'unfolded':>9} {'backlog':>10} {'lag s':>7} "
        f"{'drain/s':>9} {'times':>6} {'on disk':>9} {'RSS':>8}")


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
        self.answers, self.pages, self.lines = 0, [], 0
        print(HEAD, flush=True)

    def metrics(self):
        text = self.server.get("/metrics")[1]
        return {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line.startswith("aybiza_") and " " in line and "{" not in line}

    def state(self):
        metric = self.metrics()
        return time.monotonic(), metric["aybiza_spool_durable_offset"], metric["aybiza_store_applied_offset"]

    def line(self, what, before):
        """One line of what came since `before`, a state(); the state now."""
        new, self.answers = self.load.answers[self.answers:], len(self.load.answers)
        page, (status, _) = timed(lambda: self.server.read("/"))
        check(status == 200, f"the page answers {status}")
        start, end = (time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + shift)) for shift in (-600, 60))  # whole minutes
        live, _ = timed(lambda: self.server.query(select="calls,turns,p95_response_time_ms", start=start, end=end, step="1m", source="live"))
        metric = self.metrics()
        durable, folded, applied = (metric[f"aybiza_{name}_offset"] for name in ("spool_durable", "live_folded", "store_applied"))
        now = time.monotonic()
        came, drained = ((new - old) / (now - before[0]) for new, old in ((durable, before[1]), (applied, before[2])))
        self.pages.append(page)
        self.lines += 1
        print(f"{now - self.began:6.0f} {what:<8} {came:9.0f} {quantile([s for _, s in new], .5):10.1f} {quantile([s for _, s in new], .99):7.1f} {page * 1000:8.1f} {live * 1000:8.1f} "
              f"{durable - folded:9.0f} {durable - applied:10.0f} {metric['aybiza_store_lag_seconds']:7.1f} {drained:9.0f} {drained / came if came else float('nan'):6.1f} "
              f"{metric['aybiza_store_waiting_bytes'] / 1e6:7.0f}MB {self.server.rss_bytes() / 1e6:6.0f}MB", flush=True)
        return now, durable, applied

    def watch(self, what, seconds, every=5, until=lambda durable, applied: False):
        """A line each `every` seconds: one at least, however long the machine stood still."""
        state = self.state()
        end = state[0] + seconds
        while True:
            time.sleep(max(0, min(every, end - time.monotonic())))
            state = self.line(what, state)
            if time.monotonic() >= end or until(*state[1:]):
                return state


def outage(folder, seconds=300, rate=20_000, memory="2GiB", kind="stopped", before=15, every=None):
    """Prints the timeline and answers it; fails where an acknowledged event is missing or there twice."""
    every = every or max(5, seconds // 30)
    with PostgresServer(folder) as postgres, Server(extra=["--store", postgres.url, "--memory-max", memory]) as server:
        sender = SteadyLoad(server.port, "t", rate, calls=min(1_500, max(20, rate // 60)))
        sender.start()
        timeline = Timeline(server, sender.load)
        timeline.watch("before", before, every=min(5, every))
        print(f"       PostgreSQL is {kind}")
        postgres.stop() if kind == "stopped" else postgres.pause(True)
        _, durable, applied = timeline.watch("away", seconds, every=every)
        waited = durable - applied
        postgres.start() if kind == "stopped" else postgres.pause(False)
        print("       PostgreSQL is back")
        back, durable, applied = timeline.state()
        now, durable_after, applied_after = timeline.watch("back", 1800, every=min(5, every), until=lambda d, a: d - a < rate)
        sender.finish = True
        sender.join(60)
        calls = sender.load.calls
        wait_until("the store has it all", lambda: (timeline.state()[1] == timeline.state()[2], timeline.state()), 300)
        # Of the server itself: millions of rows are not counted within a question's time.
        answer = postgres.ask("SELECT (SELECT count(*) FROM call_analytics), (SELECT count(DISTINCT call_id) FROM call_analytics), (SELECT count(*) FROM conversation_turns)")[0]
        check(answer == [str(calls), str(calls), str(4 * calls)], f"the store has {answer}, acknowledged were {calls}")
        rate_out, came = ((new - old) / max(now - back, .001) for new, old in ((applied_after, applied), (durable_after, durable)))
        answers = [s for _, s in sender.load.answers]
        print(f"{calls * EVENTS_PER_CALL} events, none lost, none twice. {waited:.0f} waited; drained in {now - back:.0f} s at {rate_out:.0f} events/s while {came:.0f} events/s came in "
              f"({rate_out / came if came else float('nan'):.1f} times; required: 3)")
        print(f"answers p50 {quantile(answers, .5):.1f} ms, p99 {quantile(answers, .99):.1f} ms, slowest {quantile(answers, 1):.0f} ms; "
              f"pages p50 {quantile(timeline.pages, .5):.0f} ms, slowest {quantile(timeline.pages, 1):.0f} ms", flush=True)
        return timeline
