"""StatsD, DogStatsD and Prometheus remote write against the running server, by hot-shots and a Snappy sender from npm and by
plain sockets: every value that was sent is read back through /api/v1/query, live and stored, also after the server was killed.
Answers 77 without node or without the packages:
    cd tests/system/metrics_client && npm ci --ignore-scripts"""
import base64
import json
import shutil
import socket
import struct
import sys
import tempfile
import time

from harness import Server, check, check_conservation, command, node, node_client, wait_until

CLIENT = node_client("metrics_client")


def expect(server, metric, how, wanted, where=(), relative=1e-9, source="auto"):
    def look():
        rows = server.query(select=how, metric=metric, window="15m", source=source, where=list(where))["rows"]
        got = rows[0][0] if rows and rows[0] else None
        same = got is not None and abs(got - wanted) <= relative * max(abs(got), abs(wanted))
        return same, f"{got} is not {wanted}"
    wait_until(f"{metric} {how} {where}", look)


def exact_quantile(values, q):
    values = sorted(values)
    rank = q * (len(values) - 1)
    low = int(rank)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (rank - low)


def hot_shots(server, prefix, *how):
    sent = node(CLIENT, *how)
    check(sent["errors"] == [], str(sent["errors"]))
    expect(server, f"{prefix}.calls", "sum", sent["calls"])
    expect(server, f"{prefix}.calls", "sum", 100, ["tag.region:us", "tag.env:test"])
    expect(server, f"{prefix}.queue", "last", sent["queue"])
    expect(server, f"{prefix}.queue", "max", sent["queue"])
    expect(server, f"{prefix}.users", "distinct", sent["users"])
    for name, scale in ((f"{prefix}.latency", 1), (f"{prefix}.step", 1), (f"{prefix}.size", 8)):
        values = [v / scale for v in sent["latency"]]
        expect(server, name, "count", len(values))
        expect(server, name, "sum", sum(values))
        expect(server, name, "avg", sum(values) / len(values))
        expect(server, name, "min", min(values))
        expect(server, name, "max", max(values))
        for q in ("p50", "p95", "p99"):
            expect(server, name, q, exact_quantile(values, int(q[1:]) / 100), source="store")
    rows = server.query(select="sum", metric=f"{prefix}.calls", by="tag.region", window="15m")["rows"]
    check(sorted(rows) == [["eu", 97], ["us", 100]], str(rows))
    return sent


def raw_lines(server):
    """What Elixir's Telemetry.Metrics reporters send, signs, rates, packed values and times."""
    now = int(time.time())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        address = server.address("StatsD")
        udp.sendto(b"ex.count:1|c\nex.count:1|c|@0.1\nex.sum:+25|g\nex.sum:-3|g\nex.gauge:7|g\nex.gauge:+2|g\nex.stop.duration:130|ms\n", address)
        udp.sendto(f"pack:1:2:3|d|#k:v\nat:5|c|T{now - 120}\nbroken\nbad:x|c\n\nvoice.acme.eu:4|ms".encode(), address)
    expect(server, "ex.count", "sum", 11)
    expect(server, "ex.count", "count", 11)
    expect(server, "ex.sum", "sum", 22)
    expect(server, "ex.gauge", "last", 9)
    expect(server, "ex.stop.duration", "avg", 130)
    expect(server, "pack", "sum", 6, ["tag.k:v"])
    expect(server, "voice", "sum", 4, ["tag.tenant:acme", "tag.region:eu"])
    rows = server.query(select="sum", metric="at", step="1m", window="15m")["rows"]
    check([r[1] for r in rows if r[1]] == [5], str(rows))


def unix_datagrams(folder):
    path = f"{folder}/datagrams"
    with Server(extra=["--otlp", "off", "--statsd-socket", path]) as server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(path)
        for packet in (b"ud:1|c\nud:2|c|#a:b", b"ud:4|c"):
            sender.send(packet)
        expect(server, "ud", "sum", 7)
        expect(server, "ud", "sum", 2, ["tag.a:b"])


def unix_stream(server, path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.connect(path)
        for packet in (b"ux:1|c\nux:2|c", b"ux:4|c"):
            stream.sendall(struct.pack("<I", len(packet)) + packet)
    expect(server, "ux", "sum", 7)


def remote_write(server):
    made = command("key", "create", "--data", server.data, "--customer", "acme", "--scope", "ingest")
    check(made.returncode == 0, made.stderr)
    key = made.stdout.split()[-1]
    wait_until("the key is known", lambda: ((s := server.request("POST", "/v1/events", b"{}", {"x-api-key": key})[0]) != 401, s))
    for version, name in (("1", "rw1_calls_total"), ("2", "rw2_calls")):
        sent = node(CLIENT, "write", f"http://127.0.0.1:{server.port}/api/v1/write", version, key)  # Basic, the key its password
        check([a["status"] for a in sent["answers"]] == [204, 204], str(sent["answers"]))
        if version == "2":
            check(sent["answers"][0]["written"] == str(len(sent["totals"]) + len(sent["gauges"])), str(sent["answers"]))
        # A running total counts from its first point on; the body came twice and counts once.
        expect(server, name, "sum", sent["totals"][-1] - sent["totals"][0], ["tag.job:agents", "customer_id:acme"])
        expect(server, f"rw{version}_queue", "count", len(sent["gauges"]))
        expect(server, f"rw{version}_queue", "last", sent["gauges"][-1])
        expect(server, f"rw{version}_queue", "min", min(sent["gauges"]))
    wrong = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "Authorization": "Basic " + base64.b64encode(b"prometheus:wrong").decode()}
    check(server.request("POST", "/api/v1/write", b"x", wrong)[0] == 401, "a wrong password")
    check(server.request("POST", "/v1/prometheus/write", b"x", {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"})[0] == 400, "a broken body")
    check(server.request("POST", "/api/v1/write", b"x", {"Content-Type": "text/plain"})[0] == 415, "another type")


def events_are_metrics_too(server):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    lines = [json.dumps({"type": "metric", "id": f"m{i}", "time": at, "data": {"name": "hs.calls", "kind": "counter", "value": 10, "tags": {"region": "eu", "env": "test"}}}) for i in range(5)]
    status, _, _ = server.request("POST", "/v1/events", "\n".join(lines).encode(), {"Content-Type": "application/x-ndjson"})
    check(status == 200, "metric events")


def well_known(server):
    """Gauges of well-known names are figures of the machines too, each in its column and unit, in the region they name; parts of one are not."""
    sent = (("agents.concurrent_calls", 7, "", "concurrent_calls", 7), ("calls.active", 8, "", "concurrent_calls", 8), ("lk_agents_active_job_count", 5, "", "concurrent_calls", 5),
            ("system.cpu.utilization", 0.42, "1", "cpu_utilization_pct", 42), ("process.cpu.utilization", 13, "%", "cpu_utilization_pct", 13),
            ("system.memory.utilization", 0.5, "1", "memory_utilization_pct", 50), ("gw.network_latency", 0.035, "s", "network_latency_ms", 35),
            ("sip.rtt", 12000, "us", "network_latency_ms", 12), ("edge.rtt", 8.5, "", "network_latency_ms", 8.5), ("jobs.queue_depth", 9, "", "queue_depth", 9),
            ("vm.total_run_queue_lengths.total", 3, "", "queue_depth", 3), ("api.error_rate", 2, "%", "error_rate", 0.02), ("web.error_rate", 0.25, "", "error_rate", 0.25),
            ("lk_agents_worker_load", 0.75, "", "utilization_pct", 75), ("availability_pct", 99.95, "", "availability_pct", 99.95),
            ("sla_compliance_pct", 98.5, "", "sla_compliance_pct", 98.5), ("max_capacity", 500, "", "max_capacity", 500))
    stamp = str((int(time.time()) - 30) * 1_000_000_000)
    gauge = lambda name, value, unit, tags=(): {"name": name, "unit": unit, "gauge": {"dataPoints": [
        {"asDouble": value, "timeUnixNano": stamp, "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in tags]}]}}
    metrics = [gauge(*row[:3]) for row in sent] + [gauge("system.cpu.utilization", 0.9, "1", [("cpu", "0")]), gauge("my.cpu", 1, ""),
                                                   gauge("system.memory.utilization", 0.9, "1", [("system.memory.state", "free")])]
    region = {"attributes": [{"key": "cloud.region", "value": {"stringValue": "eu-north"}}]}
    body = json.dumps({"resourceMetrics": [{"resource": region, "scopeMetrics": [{"metrics": metrics}]}]})
    status, _, answer = server.request("POST", "/v1/metrics", body, {"Content-Type": "application/json"})
    check(status == 200 and answer == b"{}", f"{status} {answer}")

    def look():
        status, body = server.read("/api/v1/export?table=system_performance_metrics&format=ndjson")
        rows = [json.loads(line) for line in body.decode().splitlines()] if status == 200 else []
        found = [(name, float(value)) for row in rows if row["region"] == "eu-north" for name, value in row.items()
                 if value is not None and name not in ("time", "region", "customer_id", "event_id")]
        return sorted(found) == sorted((row[3], row[4]) for row in sent), f"{status} {found}"
    wait_until("figures of the machines", look)


def same_everywhere(server):
    """Live and stored answers of whole minutes are one."""
    to = int(time.time()) // 60 * 60 + 60
    span = {"from": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(to - 900)), "to": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(to))}
    for select in ("sum", "count", "avg", "min", "max", "last"):
        for by in ("", "tag.region"):
            more = {"by": by} if by else {}
            live = server.query(select=select, metric="hs.calls", source="live", step="1m", **span, **more)
            stored = server.query(select=select, metric="hs.calls", source="store", step="1m", **span, **more)
            check(live["source"] == "live" and stored["source"] == "store", str((live["source"], stored["source"])))
            check(live["rows"] == stored["rows"], f"{select} by {by}: {live['rows']} {stored['rows']}")
    live = server.query(select="p95", metric="hs.latency", source="live", **span)
    stored = server.query(select="p95", metric="hs.latency", source="store", **span)
    check(abs(live["rows"][0][0] / stored["rows"][0][0] - 1) < 0.01 and live["relative_error"] == [0.005], str((live, stored)))


def main():
    if CLIENT is None:
        print("node or the packages of tests/system/metrics_client are not here: skipped")
        return 77
    folder = tempfile.mkdtemp(prefix="aybiza-statsd-")
    path = f"{folder}/s.stream"
    try:
        with Server(extra=["--statsd", "127.0.0.1:0", "--statsd-socket", path, "--statsd-template", "voice.{tenant}.{region}"]) as server:
            sent = hot_shots(server, "hs", "statsd", *server.address("StatsD"))
            hot_shots(server, "hu", "stream", path)
            raw_lines(server)
            unix_stream(server, path)
            remote_write(server)
            events_are_metrics_too(server)
            expect(server, "hs.calls", "sum", sent["calls"] + 50)
            same_everywhere(server)
            well_known(server)
            audit = json.loads(server.request("GET", "/api/v1/audit/conservation")[2])
            points = audit["metric_points"]
            check(points["balanced"] and points["in_flight"] == 0 and points["dropped_packets"] == 0, str(points))
            check(points["rejected"] == {"malformed": 1, "value": 1}, str(points))
            for told in ("event", "check"):  # of hot-shots, which ran twice
                check(server.metric(f'aybiza_statsd_lines_total{{result="{told}"}}') == 2, told)
            check_conservation(server)
            unix_datagrams(folder)
            server.kill()
            server.start()
            expect(server, "hs.calls", "sum", sent["calls"] + 50)
            expect(server, "hs.users", "distinct", sent["users"])
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.sendto(b"ex.gauge:+1|g", server.address("StatsD"))  # what the gauge was is still known
            expect(server, "ex.gauge", "last", 10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("metrics: everything sent was read back")
    return 0


if __name__ == "__main__":
    sys.exit(main())
