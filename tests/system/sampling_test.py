"""Sampling: nothing without a rule; with one a share is kept, counts and sums stay right within their error, the audit balances, and what is
sent twice loses the same points."""
import json
import math
import time

from harness import Server, check, check_conservation, command, wait_until

NOW = time.time() // 60 * 60 - 60
POINTS = 4000


def points(name, kind="summary", host="a"):
    return [{"type": "metric", "id": f"{name}-{host}-{i}", "time_ms": int(NOW * 1000) + i,
             "data": {"name": name, "kind": kind, "value": 1 + i % 10, "tags": {"host": host}}} for i in range(POINTS)]


TRUTH = sum(1 + i % 10 for i in range(POINTS))


def ask(server, name, how, source="store", **more):
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW))
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + 60))
    return server.query(metric=name, select=how, start=start, end=end, source=source, **more)


def rules(server, *args):
    return command("sampling", args[0], "--data", server.data, *args[1:])


def main():
    with Server() as server:
        status, _, body = server.post_events(points("whole"))
        check(status == 200 and body["accepted"] == POINTS and "sampled" not in body, str(body))
        answer = ask(server, "whole", "count,sum")
        check(answer["rows"] == [[POINTS, TRUTH]] and "estimate" not in answer, str(answer))

        check(rules(server, "set", "--metric", "voice.*", "--keep", "0.25").returncode == 0, "set")
        check(rules(server, "set", "--tag", "host=edge", "--keep", "0.5").returncode == 0, "set")
        listed = rules(server, "list").stdout
        check(len(listed.splitlines()) == 2 and "voice.*" in listed and "keeps 0.25" in listed, listed)
        for bad in (("--metric", "x", "--keep", "1"), ("--metric", "x", "--keep", "0"), ("--keep", "0.5"), ("--tag", "host", "--keep", "0.5"), ("--calls", "--keep", "0.5"),
                    ("--metric", "x", "--tag", "a=b", "--keep", "0.5")):
            check(rules(server, "set", *bad).returncode != 0, str(bad))
        # The rule set last, seen at work: then those before it are in force too.
        wait_until("the rules", lambda: (lambda body: (body.get("sampled", 0) > 0, str(body)))(server.post_events(points(f"probe.{time.time()}", host="edge")[:40])[2]))

        status, _, body = server.post_events(points("voice.frame"))
        check(status == 200 and body["accepted"] + body["sampled"] == POINTS and 800 < body["accepted"] < 1200, str(body))
        kept = body["accepted"]
        # In another order, and not all in one request: the ids decide.
        again = points("voice.frame")
        again.reverse()
        status, _, body = server.post_events(again[:2500])
        check(body["accepted"] == 0 and body["duplicates"] + body["sampled"] == 2500, f"the same points were lost: {body}")
        check(server.post_events(points("other"))[2]["accepted"] == POINTS, "another metric is whole")
        edge = server.post_events(points("other", host="edge"))[2]
        check(1800 < edge["accepted"] < 2200, str(edge))
        gauge = server.post_events(points("voice.level", kind="last_value"))[2]
        check(gauge["accepted"] == POINTS and "sampled" not in gauge, f"gauges are kept whole: {gauge}")

        for source in ("store", "live"):
            answer = ask(server, "voice.frame", "count,sum,avg,max", source)
            [[count, total, mean, _]] = answer["rows"]
            [errors] = answer["standard_error"]
            check(answer["estimate"] == [True] * 4 and errors[3] is None, str(answer))
            check(count == kept * 4 and abs(errors[0] - math.sqrt(kept * 12)) < 1e-6, f"{answer} of {kept}")
            for figure, error, truth in ((count, errors[0], POINTS), (total, errors[1], TRUTH), (mean, errors[2], TRUTH / POINTS)):
                check(abs(figure - truth) < 6 * error, f"{figure} ± {error} is not {truth}")
            rows = ask(server, "other", "sum", source, by="tag.host")
            check(rows["rows"][0] == ["a", TRUTH] and rows["estimate"] == [False, True] and rows["standard_error"][0] == [None, None], str(rows))
        text = f"metric=voice.frame&select=count,sum&from={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(NOW))}&to={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(NOW + 60))}"
        done = json.loads(command("recompute", "--data", server.data, "--query", text).stdout)
        check(done["rows"] == ask(server, "voice.frame", "count,sum")["rows"] and done["estimate"] == [True, True], str(done))

        check_conservation(server)
        audit = server.get("/api/v1/audit/conservation")[1]
        check(audit["shed"].get("sampled", 0) > 4000, str(audit))
        check("aybiza_metric_points_sampled_total" in server.get("/metrics")[1], "counted")
        server.kill()
        server.start()
        check(ask(server, "voice.frame", "count")["rows"] == [[kept * 4]], "after a kill")
        for line in listed.splitlines():
            check(rules(server, "remove", line.split()[0]).returncode == 0, line)
        check(rules(server, "remove", "nothing").returncode == 1, "an unknown rule")
        wait_until("whole again", lambda: (lambda body: (body["accepted"] == POINTS, str(body)))(server.post_events(points(f"voice.{time.time()}"))[2]))


if __name__ == "__main__":
    main()
