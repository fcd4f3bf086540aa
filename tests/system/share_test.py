"""Links and boards between customers: a link shows one page of one customer and nothing else, until it is revoked; boards are seen by whom they are meant for."""
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

from harness import BINARY, Server, check, command, wait_until
from sign_in_test import Browser, user


def calls(customer, count):
    """Calls of one customer that ended a few minutes ago, each at its own model's name."""
    start = datetime.now(timezone.utc) - timedelta(minutes=10)
    events = []
    for i in range(count):
        base = {"call_id": f"{customer}-{i}", "customer_id": customer, "agent_id": f"{customer}-agent", "region": f"{customer}-region", "model_used": f"{customer}-model"}
        for kind, seconds, more in (("call.started", i, {}), ("call.ended", i + 30, {"call_outcome": "successful", "total_duration_ms": 30000, "cost_usd": 0.5})):
            events.append({"id": f"{customer}-{i}-{kind}", "type": kind, "time": (start + timedelta(seconds=seconds)).isoformat(), "data": {**base, **more}})
    return events


def create(server, *args):
    done = subprocess.run([BINARY, "share", "create", "--data", str(server.data), *args], capture_output=True, text=True, timeout=60, check=False)
    check(done.returncode == 0, f"share create {args}: {done.stderr}")
    return done.stdout.strip()


def page(server, target):
    status, headers, body = server.request("GET", target)
    return status, headers, body.decode()


def main():
    with Server(insecure=False) as server:
        made = subprocess.run([BINARY, "key", "create", "--scope", "ingest", "--customer", "*", "--data", str(server.data)], capture_output=True, text=True, timeout=60, check=True)
        key = {"Authorization": "Bearer " + made.stdout.strip()}
        wait_until("the key", lambda: (server.post_events(calls("acme", 7), key)[0] == 200, None))
        server.post_events(calls("globex", 3), key)

        path = create(server, "--page", "/costs", "--customer", "acme", "--embed", "https://intranet.example", "--name", "for the board")
        token = path.rsplit("/", 1)[1]
        status, headers, text = wait_until("the link's page", lambda: (page(server, path)[0] == 200 and "acme-model" in page(server, path)[2], page(server, path)))
        check("globex" not in text, "another customer's figures")
        check("nav class=\"tabs\"" not in text and "sign-out" not in text, "what leads elsewhere")
        check("frame-ancestors https://intranet.example" in headers["Content-Security-Policy"] and "Set-Cookie" not in headers, f"{headers}")
        check("globex" not in page(server, path + "?customer=globex&range=30d")[2], "its filters are fixed")
        for target in ("/", "/costs", "/calls", "/boards", "/sharing", "/settings", "/wall", "/preferences.css"):
            check(page(server, target)[0] in (303, 403), f"{target} to somebody with a link: {page(server, target)[0]}")
        check(page(server, "/shared/" + "A" * 43)[0] == 404 and page(server, "/shared/x")[0] == 404, "an invented link")
        check(token not in (server.data / "share_links").read_text(), "the token is not kept")

        listed = command("share", "list", "--data", server.data).stdout
        check("acme" in listed and "/costs?range=24h" in listed and token not in listed, listed)
        done = command("share", "revoke", listed.split()[0], "--data", server.data)
        check(done.returncode == 0, done.stderr)
        wait_until("the revoked link", lambda: (page(server, path)[0] == 404, page(server, path)[0]))
        for wrong in (["--page", "/calls"], ["--days", "1000"], ["--embed", "https://a.example/x"], ["--range", "9y"]):
            check(command("share", "create", "--data", server.data, *wrong).returncode != 0, f"{wrong} is refused")

        # Boards: ada's of acme, shown to acme; root sees all customers, and is none of acme's.
        for name, customer, role in (("ada", "acme", "analyst"), ("bob", "acme", "viewer"), ("eve", "globex", "analyst"), ("root", "*", "admin")):
            user(server, "add", name, "--customer", customer, "--role", role)
        browsers = {}
        for name in ("ada", "bob", "eve", "root"):
            browsers[name] = Browser(server)
            check(browsers[name].sign_in(name)[0] == 303, f"{name} signs in")
        ids = {line.split()[-1]: line.split()[0] for line in user(server, "list").splitlines()}
        board = {"version": 1, "name": "Night", "tiles": [{"id": 1, "title": "", "formula": "calls", "picture": "table", "by": "customer_id", "width": 6, "height": 4}]}
        server.stop()
        (server.data / "boards").mkdir(exist_ok=True)
        kept = {"version": 1, "id": "boardboard12", "owner": ids["ada"], "customer": "acme", "everyone": True, "revision": 1, "board": board}
        (server.data / "boards" / "boardboard12.json").write_text(json.dumps(kept))
        server.start(server.port)
        seen = {name: browser.ask("GET", "/boards/Night") for name, browser in browsers.items()}
        check([seen[name][0] for name in ("ada", "bob", "eve", "root")] == [200, 200, 404, 404], f"{ {n: s[0] for n, s in seen.items()} }")
        wait_until("the figures", lambda: (b"acme" in browsers["bob"].ask("GET", "/boards/Night")[2], None))
        check(b"globex" not in browsers["bob"].ask("GET", "/boards/Night?customer=globex")[2].split(b"<main")[1].split(b"board-grid")[1], "another customer's row")
        for name, expected in (("ada", 200), ("bob", 200), ("eve", 404), ("root", 404)):
            check(browsers[name].ask("GET", "/boards/Night/board.json")[0] == expected, f"JSON to {name}")
        check(json.loads(browsers["bob"].ask("GET", "/boards/Night/board.json")[2]) == board, "the board as it was written")
        check(b"analysts and above" in browsers["bob"].ask("GET", "/sharing")[2], "a viewer makes no links")
        create(server, "--page", "/", "--customer", "acme", "--name", "of-acme")
        wait_until("ada's list", lambda: (b"of-acme" in browsers["ada"].ask("GET", "/sharing")[2], None))
        check(b"of-acme" not in browsers["eve"].ask("GET", "/sharing")[2], "another customer's links")
        check(b"of-acme" in browsers["root"].ask("GET", "/sharing")[2], "who sees all sees all links")

        path = create(server, "--board", "boardboard12", "--customer", "globex")
        text = wait_until("the board by link", lambda: (page(server, path)[0] == 200 and "globex" in page(server, path)[2], page(server, path)))[2]
        check("acme" not in text, "a link's customer rules, not the board's")
    print("links and boards: each to whom they are meant for")


if __name__ == "__main__":
    sys.exit(main())
