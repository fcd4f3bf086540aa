"""Tables as events: counts exact, a bad row told by its line, units moved exactly, a file sent again counts once; export and import go round."""
import gzip
import json
import pathlib
import sys
import tempfile
import time

from harness import Server, check, check_conservation, command

NOW_MS = int(time.time()) * 1000 - 3_600_000
MAP = """type = 'call.ended'
time = Ended as unix_ms
call_id = "Call SID"
customer_id = 'acme'
caller_number = From
total_duration_ms = Duration as s
cost_usd = Price as cents
call_outcome = Result
"""


def replay(server, file, *more):
    return command("replay", file, "--url", f"http://127.0.0.1:{server.port}", *more)


def main():
    with tempfile.TemporaryDirectory(prefix="aybiza-import-") as folder, Server() as server:
        room = pathlib.Path(folder)
        lines = ["Ended,Call SID,From,Duration,Price,Result,Note"]
        for i in range(1000):
            lines.append(f'{NOW_MS + i},call-{i},+49 30 12345{i % 100:02},{60 + i / 8},{i}.5,{"failed" if i % 4 == 0 else "successful"},"said ""{i}"", twice"')
        lines[100] = lines[100].replace("99.5", "3 ct")                          # line 101
        lines[200] = lines[200].replace("successful", "won").replace("failed", "won")  # line 201: the server refuses the word
        lines[300] = lines[300] + ",more"                                        # line 301
        table, words = room / "calls.csv", room / "calls.map"
        table.write_text("\r\n".join(lines) + "\r\n")
        words.write_text(MAP)

        done = replay(server, table, "--map", words)
        check(done.returncode == 1 and "rows 1000  accepted 997  duplicates 0  wrong 3" in done.stdout, f"{done.stdout}{done.stderr}")
        for said in ("line 101: column Price: '3 ct' is not a number", "line 201: call_outcome: ", "line 301: 8 cells, the header has 7", "not taken: Note"):
            check(said in done.stderr, f"{said}: {done.stderr}")
        good = [i for i in range(1000) if i + 1 not in (100, 200, 300)]
        want = [len(good), round(sum(i * 5 + 2.5 for i in good) / 500, 9), sum(i % 4 != 0 for i in good), sum(60 + i / 8 for i in good) / len(good) * 1000]
        got = server.query(select="calls,cost_usd,successful_calls,avg_duration_ms", where=["customer_id:acme"], window="6h", source="store")["rows"][0]
        check(all(abs(a - b) <= 1e-9 * max(abs(b), 1) for a, b in zip(got, want)), f"{got} is not {want}")
        call = server.get("/api/v1/calls/call-7")[1]
        check("30 12345" not in json.dumps(call) and "3012345" not in json.dumps(call), "a number was not masked")

        # Again, corrected, packed: only what was wrong is new.
        lines[100] = lines[100].replace("3 ct", "99.5")
        packed = room / "again.csv.gz"
        packed.write_bytes(gzip.compress("\n".join(line.removesuffix(",more") for line in lines).replace(",won,", ",successful,").encode()))
        done = replay(server, packed, "--map", words)
        check(done.returncode == 0 and "rows 1000  accepted 3  duplicates 997  wrong 0" in done.stdout, f"{done.stdout}{done.stderr}")
        check(server.query(select="calls", window="6h", source="store")["rows"] == [[1000]], "1000 calls")

        # Wrong before the first row.
        for text, said in ((MAP.replace("Price as cents", "Cost as cents"), "no column 'Cost'"), (MAP.replace(" as cents", ""), "say the unit of cost_usd"),
                           (MAP.replace("time =", "when ="), "'when' is no member"), ("", "nothing says the type")):
            words.write_text(text)
            done = replay(server, table, "--map", words)
            check(done.returncode == 2 and said in done.stderr and "rows" not in done.stdout, f"{said}: {done.returncode} {done.stdout}{done.stderr}")
        done = replay(server, table)
        check(done.returncode == 2 and "nothing says the type" in done.stderr, done.stderr)

        # What is exported as Parquet or CSV is a table too.
        words.write_text("type = 'call.started'\ntime = time as rfc3339\ncall_id = external_call_id\nagent_id = 'again'\ncampaign = 'copied'\n")
        for kind in ("parquet", "csv"):
            status, body = server.read(f"/api/v1/export?table=call_analytics&format={kind}")
            check(status == 200, f"{kind}: {status}")
            file = room / f"calls.{kind}"
            file.write_bytes(body)
        done = replay(server, room / "calls.parquet", "--map", words)
        check(done.returncode == 0 and "rows 1000  accepted 1000  duplicates 0  wrong 0" in done.stdout, f"{done.stdout}{done.stderr}")
        rows = server.query(select="calls", by="customer_id,campaign", window="6h", source="store")["rows"]
        check(rows == [["acme", "copied", 1000]], str(rows))
        (room / "broken.parquet").write_bytes(b"PAR1 and nothing else")
        check(replay(server, room / "broken.parquet", "--map", words).returncode != 0, "a broken file")
        check_conservation(server)
    print("import: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
