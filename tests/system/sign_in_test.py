"""Sign-in as a browser without scripts does it: the set-up link, roles, customers, log-out, and two users who must not see each other's."""
import http.client
import re
import subprocess
import sys
import urllib.parse

from harness import BINARY, Server, check, until_there, wait_until
from websocket import LiveSocket

PASSWORD = "correct horse battery"


def user(server, *args, password=PASSWORD):
    more = ["--password-stdin"] if args[0] in ("add", "password") else []
    done = subprocess.run([BINARY, "user", *args, "--data", str(server.data), *more], input=password + "\n", capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"user {args}: {done.stderr}")
    return done.stdout


class Browser:
    """Cookies, forms and redirects; nothing else."""

    def __init__(self, server):
        self.server, self.cookies = server, {}

    def ask(self, method, target, form=None, headers=None, origin=True):
        return until_there(method, target, lambda: self.ask_once(method, target, form, headers, origin))

    def ask_once(self, method, target, form, headers, origin):
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **(headers or {})}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if method != "GET" and origin:
            sent["Origin"] = f"http://127.0.0.1:{self.server.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request(method, target, body, sent)
        answer = connection.getresponse()
        text = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, kept = value.split(";")[0].split("=", 1)
                if "Max-Age=0" in value:
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = kept
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def form(self, target):
        status, _, text = self.ask("GET", target)
        check(status == 200, f"{target}: {status}")
        return dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', text.decode()))

    def sign_in(self, name, password=PASSWORD, next_page="/"):
        hidden = self.form("/sign-in?next=" + urllib.parse.quote(next_page))
        return self.ask("POST", "/sign-in", {**hidden, "name": name, "password": password})


def first_user():
    with Server(insecure=False) as server:
        def link():
            found = [re.search(r"(/setup\?token=\w+)", line) for line in list(server.log)]
            return any(found), next((one[1] for one in found if one), None)
        set_up = wait_until("the set-up link", link)
        browser = Browser(server)
        status, headers, _ = browser.ask("GET", "/calls?range=24h")
        check(status == 303 and headers["Location"] == "/sign-in?next=%2Fcalls%3Frange%3D24h", f"{status} {headers}")
        check(browser.ask("GET", "/setup?token=guess")[0] == 404, "a guessed link")
        hidden = browser.form(set_up)
        status, _, text = browser.ask("POST", "/setup", {**hidden, "name": "root", "password": "short"})
        check(status == 400 and b"at least 10" in text, f"{status}")
        status, headers, _ = browser.ask("POST", "/setup", {**hidden, "name": "root", "password": PASSWORD})
        check(status == 303 and headers["Location"] == "/", f"{status}")
        check(browser.ask("GET", "/")[0] == 200, "the page after set-up")
        check(Browser(server).ask("GET", set_up)[0] == 404, "the link works once")
        hidden = Browser(server).form("/sign-in")
        check(Browser(server).ask("POST", "/setup", {**hidden, "token": set_up.split("=")[1], "name": "eve", "password": PASSWORD})[0] == 404, "nor by its form")
        check("root" in user(server, "list"), "the list")
        server.stop()
        server.start(server.port)
        check(browser.ask("GET", "/")[0] == 200, "a restart signs nobody out")
        check(not any("setup?token=" in line for line in server.log[server.begun:]), "no link when there is a user")


def refusals(server):
    browser = Browser(server)
    check(browser.sign_in("ada", "wrong password")[0] == 401, "a wrong password")
    check(browser.sign_in("nobody", PASSWORD)[0] == 401, "a wrong name")
    hidden = browser.form("/sign-in")
    check(browser.ask("POST", "/sign-in", {**hidden, "csrf": "0" * 64, "name": "ada", "password": PASSWORD})[0] == 403, "a forged form")
    check(browser.ask("POST", "/sign-in", {**hidden, "name": "ada", "password": PASSWORD}, {"Origin": "http://evil.example"}, origin=False)[0] == 403, "a foreign form")
    for wanted in ("//evil.example/", "https://evil.example/", "/\\evil.example", "/calls\r\nX: y", "javascript:alert(1)"):
        status, headers, _ = browser.sign_in("ada", next_page=wanted)
        check(status == 303 and headers["Location"] == "/", f"{wanted!r} leads to {headers.get('Location')}")
    check(browser.sign_in("ada", next_page="/calls?range=24h")[1]["Location"] == "/calls?range=24h", "the page that was asked for")
    stranger = Browser(server)
    for target in ("/", "/agents", "/agents/a1", "/calls", "/calls/x", "/conversations", "/costs"):
        check(stranger.ask("GET", target)[0] == 303, f"{target} to a stranger")
    for target in ("/api/v1/live", "/api/v1/query?select=calls", "/api/v1/calls", "/metrics", "/api/v1/export?table=call_analytics"):
        check(stranger.ask("GET", target)[0] == 401, f"{target} to a stranger")
    stolen = Browser(server)
    stolen.cookies = {"aybiza_session": "A" * 43}
    check(stolen.ask("GET", "/")[0] == 303 and stolen.ask("GET", "/api/v1/live")[0] == 401, "an invented session")


def roles(server):
    may = {}
    for role in ("viewer", "analyst", "operator", "admin"):
        user(server, "add", role, "--role", role)
        browser = Browser(server)
        check(browser.sign_in(role)[0] == 303, f"{role} signs in")
        may[role] = [browser.ask("GET", "/api/v1/live")[0], browser.ask("GET", "/api/v1/export?table=call_analytics")[0],
                     browser.ask("POST", "/api/v1/prices/rerate?from=2026-01-01&to=2026-01-02")[0],
                     browser.ask("POST", "/api/v1/prices/rerate?from=2026-01-01&to=2026-01-02", headers={"Origin": "http://evil.example"}, origin=False)[0]]
    check(may["viewer"] == [200, 403, 403, 403], f"viewer {may}")
    check(may["analyst"] == [200, 200, 403, 403], f"analyst {may}")
    for role in ("operator", "admin"):
        check(may[role][:2] == [200, 200] and may[role][2] not in (401, 403) and may[role][3] == 403, f"{role} {may}")


def endings(server):
    """Signing out, a new password, another role and being disabled end what was open, sockets too."""
    for how in ("sign-out", "password", "role", "disable"):
        name = "end-" + how
        user(server, "add", name)
        browser = Browser(server)
        browser.sign_in(name)
        socket = LiveSocket.join(server.port, browser.cookies, browser.ask("GET", "/")[2].decode())
        check(socket.reply["status"] == "ok", f"{how}: {socket.reply}")
        if how == "sign-out":
            check(browser.ask("POST", "/sign-out", headers={"Origin": "http://evil.example"}, origin=False)[0] == 403, "a foreign sign-out")
            kept = dict(browser.cookies)
            check(browser.ask("POST", "/sign-out", {})[1]["Location"] == "/sign-in", "sign-out leads to sign-in")
            browser.cookies = kept
        elif how == "role":
            user(server, "role", name, "--role", "analyst")
        else:
            user(server, how, name)
        check(socket.closed_with(30) == 1012, f"{how}: the socket is closed")
        check(browser.ask("GET", "/")[0] == 303 and browser.ask("GET", "/api/v1/live")[0] == 401, f"{how}: the cookie is worth nothing")
        again = LiveSocket.join(server.port, browser.cookies, socket.page)
        check(again.reply["status"] == "error" and again.reply["response"]["reason"] in ("stale", "overloaded"), f"{how}: {again.reply}")


def too_many(server):
    browser, statuses = Browser(server), []
    user(server, "add", "bob")
    for _ in range(11):
        statuses.append(browser.sign_in(["bob", "Bob"][len(statuses) % 2], "wrong password")[0])
    check(statuses[:10] == [401] * 10 and statuses[10] == 429, f"{statuses}")
    status, headers, _ = browser.sign_in("bob")
    check(status == 429 and 0 < int(headers["Retry-After"]) <= 600, f"also with the right one: {status}")


def main():
    first_user()
    with Server(insecure=False) as server:
        user(server, "add", "ada")
        roles(server)
        endings(server)
        refusals(server)
    with Server(insecure=False) as server:  # failures of this address are counted from none
        too_many(server)
    print("set-up, roles, endings, refusals: as they should be")


if __name__ == "__main__":
    sys.exit(main())
