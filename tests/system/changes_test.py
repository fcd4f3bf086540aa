"""The record of changes: what the command line, the API and a page change is there, with who did it; and nobody but the platform's admins reads it."""
import json
import subprocess
import sys

from harness import BINARY, Server, check, wait_until
from sign_in_test import Browser, user
from websocket import LiveSocket


def command(server, *args, **more):
    done = subprocess.run([BINARY, *args, "--data", str(server.data)], capture_output=True, text=True, timeout=60, **more)
    check(done.returncode == 0, f"{args}: {done.stderr}")
    return done.stdout.strip()


def log(server, key, limit=""):
    status, _, body = server.request("GET", "/api/v1/audit/log" + limit, None, {"Authorization": f"Bearer {key}"})
    return status, json.loads(body).get("changes") if status == 200 else None


def main():
    with Server(insecure=False) as server:
        admin = command(server, "key", "create", "--scope", "admin", "--customer", "*", "--name", "ops")
        theirs, reader = (command(server, "key", "create", "--scope", scope, "--customer", "acme", "--name", scope) for scope in ("admin", "read"))
        wait_until("the keys", lambda: (log(server, admin)[0] == 200 and log(server, theirs)[0] != 401 and log(server, reader)[0] != 401, "401"))
        check(log(server, theirs)[0] == 403 and log(server, reader)[0] == 403, "a customer's keys are refused")
        check(server.request("GET", "/api/v1/audit/log")[0] == 401, "nobody is told")

        command(server, "budget", "set", "--of", "customer", "--name", "acme", "--usd", "70")
        form = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
        check(server.request("POST", "/api/v1/budgets", json.dumps({"of": "agent", "name": "a1", "customer_id": "acme", "usd": 5}), form)[0] == 200, "a budget by the API")
        check(server.request("POST", "/api/v1/budgets", json.dumps({"of": "team", "name": "a1", "usd": 5}), form)[0] == 400, "a budget that is refused")
        server.request("POST", "/api/v1/privacy/forget?caller=%2B15550001", None, {"Authorization": f"Bearer {admin}"})
        user(server, "add", "ada", "--role", "admin")
        browser = Browser(server)
        check(browser.sign_in("ada")[0] == 303, "signed in")
        page = browser.ask("GET", "/boards")[2].decode()
        socket = LiveSocket.join(server.port, browser.cookies, page, f"http://127.0.0.1:{server.port}/boards")
        socket.ask("event", {"type": "form", "event": "board_new", "value": "name=Night"})
        socket.close()
        user(server, "add", "acme-admin", "--role", "admin", "--customer", "acme")

        told = log(server, admin)[1]
        lines = [(one["who"].split(" (")[0], one["what"], one["customer"]) for one in reversed(told)]
        expected = [("command line", "key create", ""), ("command line", "key create", "acme"), ("command line", "key create", "acme"), ("command line", "budget set", ""), ("key ops", "POST /api/v1/budgets", "")]
        check(lines[:5] == expected, f"{lines}")
        check(("user ada", "board made", "") in lines and ("command line", "user add", "acme") in lines, f"{lines}")
        check(not any("team" in one["target"] for one in told), "what was refused is not there")
        check(all(secret not in json.dumps(told) for secret in (admin, theirs, reader, "15550001", "correct horse")), "no secret and no caller is in it")
        check(json.loads(told[[one["what"] for one in told].index("POST /api/v1/budgets")]["target"])["name"] == "a1", "of what")
        check(len(log(server, admin, "?limit=2")[1]) == 2 and log(server, admin, "?limit=0")[0] == 400, "the limit")

        shown = browser.ask("GET", "/system")[2].decode()
        check('id="tile-changed"' in shown, "an admin of all customers has the table")
        other = Browser(server)
        other.sign_in("acme-admin")
        check('id="tile-changed"' not in other.ask("GET", "/system")[2].decode(), "an admin of one customer has not")
        server.stop()
        server.start(server.port)
        check(log(server, admin)[1] == told, "it outlives the server")
        print(f"{len(told)} changes recorded")


if __name__ == "__main__":
    sys.exit(main())
