"""Reports by mail: due once, with both parts and the API's figures, of one customer; what a mail server says is heeded. Answers 77 without Chromium."""
import email
import email.policy
import json
import pathlib
import shutil
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from harness import Server, check, command, wait_until
from pictures import chromium, pdf_text, png
from share_test import calls
from sign_in_test import Browser, user
from smtp_sink import Sink, certificate


def options(sink, *more):
    return ["--smtp-url", sink.url, "--smtp-from", "reports@example.com", "--public-url", "https://voice.example.com/", "--chromium", chromium(), *more]


def reports(server, *args, code=0):
    done = command("reports", *args)
    check(done.returncode == code, f"reports {args}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout.strip() if code == 0 else done.stderr


def another_time(zone="UTC"):
    """Half a day from now: what is sent only because it is asked for is not due beside it."""
    return (datetime.now(ZoneInfo(zone)) + timedelta(hours=12)).strftime("%H:%M")


def state(server, one, headers=None):
    body = json.loads(server.request("GET", "/api/v1/reports", None, headers or {})[2])
    return next(r for r in body["reports"] if r["id"] == one)


def api(server, method, target, body=None, headers=None):
    status, _, text = server.request(method, target, json.dumps(body) if body is not None else None, {"Content-Type": "application/json", **(headers or {})})
    return status, json.loads(text)


def arrived(sink, count, what):
    return wait_until(what, lambda: (len(sink.mails) >= count, f"{len(sink.mails)} mails"), 300)


def parts(mail):
    message = email.message_from_bytes(mail["bytes"], policy=email.policy.default)
    found = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    return message, found


def send_now(server, one):
    """Asked for now, and what became of it. A picture that did not come in time, on a loaded machine, is asked for again."""
    for _ in range(5):
        before = state(server, one)["last_attempt"]
        check(api(server, "POST", f"/api/v1/reports/{one}/send")[0] == 202, "asked")
        seen = wait_until(f"what became of {one}", lambda: ((seen := state(server, one))["last_attempt"] != before and seen["outcome"] not in ("sending", "none"), seen), 300)
        if not seen["error"].startswith("the picture: "):
            return seen
    return seen


def one_mail(server, sink):
    """What a mail is made of, and that its figures are the API's."""
    made = reports(server, "add", "--data", server.data, "--name", "Kosten – früh", "--page", "/costs?range=24h", "--customer", "acme", "--to", "ada@example.com,bob@example.org", "--at", another_time("Europe/Berlin"), "--tz", "Europe/Berlin")
    wait_until("the report", lambda: (any(r["id"] == made for r in api(server, "GET", "/api/v1/reports")[1]["reports"]), None))
    reports(server, "send-now", made, "--url", f"http://127.0.0.1:{server.port}")
    seen = wait_until("what became of it", lambda: ((seen := state(server, made))["outcome"] not in ("sending", "none"), seen), 300)
    if seen["error"].startswith("the picture: "):
        send_now(server, made)
    arrived(sink, 1, "the mail")
    mail = sink.mails[0]
    check(mail["from"] == "FROM:<reports@example.com>" or mail["from"].startswith("FROM:<reports@example.com> "), mail["from"])
    check([one.split(">")[0] for one in mail["to"]] == ["TO:<ada@example.com", "TO:<bob@example.org"], str(mail["to"]))
    check(sink.longest <= 1000, f"a line of {sink.longest} bytes")
    message, found = parts(mail)
    check(message["subject"].startswith("Kosten – früh · "), message["subject"])
    check(message["to"] == "ada@example.com, bob@example.org" and message["from"].endswith("<reports@example.com>"), f"{message['to']} {message['from']}")
    check(message["auto-submitted"] == "auto-generated" and message["message-id"].endswith("@example.com>") and not message.defects, f"{message.items()} {message.defects}")
    check(abs(message["date"].datetime - datetime.now(timezone.utc)) < timedelta(minutes=10), str(message["date"]))
    check(sorted(found) == ["application/pdf", "image/png", "text/html", "text/plain"], str(sorted(found)))
    answer = server.query(select="calls,cost_per_call,cost_usd", window="24h", where=("customer_id:acme",))["rows"][0]
    check(answer == [7, 0.5, 3.5], str(answer))
    text, html = found["text/plain"].get_content(), found["text/html"].get_content()
    for line in ("Spend: $3.50", "Cost per call: $0.50", "Read from cache: ", "acme", "https://voice.example.com/costs?range=24h"):
        check(line in text.replace("\u202f", " ").replace("\u00a0", " ").replace("100.0", "100"), f"{line} in {text}")
    check('src="cid:page"' in html and found["image/png"]["content-id"] == "<page>" and found["image/png"].get_content_disposition() == "inline", html)
    width, height, colours = png(found["image/png"].get_content())
    check(width == 1440 and height >= 600 and colours > 30, f"{width} x {height}, {colours} colours")
    pdf = found["application/pdf"]
    check(pdf.get_content_disposition() == "attachment" and pdf.get_filename().startswith("costs-"), str(pdf.items()))
    words = pdf_text(pdf.get_content())
    check(words is None or ("$3.50" in words and "acme-model" in words and "globex" not in words), str(words))
    check("globex" not in text + html, "another customer's")
    became = wait_until("its state", lambda: ((now := state(server, made))["outcome"] == "sent", now))
    check(became["last_sent"] and became["error"] == "" and became["attempts"] == 0, str(became))
    check("sent 20" in reports(server, "list", "--data", server.data), "the command line knows")
    return made


def due_once(server, sink):
    """Due a minute ago: sent once, also over a restart; what is switched off is not."""
    before = len(sink.mails)
    now = datetime.now(timezone.utc)
    made, off, old = (reports(server, "add", "--data", server.data, "--name", name, "--to", "ada@example.com", "--format", "png", "--at", at.strftime("%H:%M"))
                      for name, at in (("due", now - timedelta(minutes=2)), ("off", now - timedelta(minutes=2)), ("old", now - timedelta(hours=2))))
    reports(server, "off", off, "--data", server.data)
    file = server.data / "reports.tsv"
    server.stop()
    lines = file.read_text().split("\n")
    file.write_text("\n".join("\t".join([*line.split("\t")[:10], "2020-01-01T00:00:00Z", *line.split("\t")[11:]]) if line[:12] in (made, off, old) else line for line in lines))
    server.start(server.port)  # made long ago, down when they were due
    arrived(sink, before + 1, "the mail that was due while the server was down")
    wait_until("its state", lambda: ((seen := state(server, made))["outcome"] == "sent", seen))
    seen = wait_until("the old one", lambda: ((seen := state(server, old))["outcome"] == "failed", seen))
    check("missed" in seen["error"], str(seen))
    server.kill()
    server.start(server.port)
    again = reports(server, "add", "--data", server.data, "--name", "after", "--to", "ada@example.com", "--format", "png", "--at", another_time())
    wait_until("the report", lambda: (any(r["id"] == again for r in api(server, "GET", "/api/v1/reports")[1]["reports"]), None))
    send_now(server, again)
    arrived(sink, before + 2, "the mail after the restart")  # all that was due has been looked at before it
    subjects = [parts(mail)[0]["subject"].split(" · ")[0] for mail in sink.mails[before:]]
    check(subjects == ["due", "after"], str(subjects))
    check(sorted(parts(sink.mails[before])[1]) == ["image/png", "text/html", "text/plain"], "a picture alone")
    # Killed while it was being sent: nobody knows whether it went, so it is not sent again.
    server.stop()
    states = server.data / "reports_sent.tsv"
    states.write_text("\n".join(line.replace("\tsent\t", "\tsending\t", 1) if line.startswith(made) else line for line in states.read_text().split("\n")))
    server.start(server.port)
    seen = wait_until("the state of what was begun", lambda: ((seen := state(server, made))["outcome"] == "failed", seen))
    check("not sent again" in seen["error"], str(seen))
    for one in (made, off, old, again):
        check(api(server, "DELETE", f"/api/v1/reports/{one}")[0] == 200, one)
    check(len(sink.mails) == before + 2, f"{len(sink.mails) - before} mails")


def what_the_server_says(server, sink, made):
    """4xx is tried again, by hand here; 5xx and a broken end are errors to see."""
    def send(replies, outcome, said):
        sink.replies[:] = replies
        asked, seen = sink.asked, send_now(server, made)
        check(seen["outcome"] == outcome and said in seen["error"], f"{replies}: {seen}")
        return sink.asked - asked
    mails = len(sink.mails)
    check(send([("DATA", "554 5.7.1 not this")], "failed", "554") == 1, "refused once")
    check(send([("RCPT", "250 ok"), ("RCPT", "550 5.1.1 nobody here")], "failed", "550") == 0, "one recipient is refused: none gets it")
    check(send([("DATA", "hang up")], "failed", "whether it was sent is not known") == 1, "once")
    check(len(sink.mails) == mails, "nothing was kept")
    check(send([], "sent", "") == 1, "and now it goes")
    for reason, count in (("refused", 2), ("unsure", 1)):
        check(server.metric(f'aybiza_reports_failed_total{{reason="{reason}"}}') == count, reason)


def whose(server):
    """Operators see and make their own customer's; analysts nothing."""
    keys = {}
    for scope, customer in (("read", "acme"), ("admin", "acme"), ("admin", "globex"), ("admin", "*")):
        keys[scope, customer] = {"Authorization": "Bearer " + command("key", "create", "--data", server.data, "--scope", scope, "--customer", customer).stdout.strip()}
    wait_until("the keys", lambda: (api(server, "GET", "/api/v1/reports", None, keys["admin", "*"])[0] == 200, None))
    check(api(server, "GET", "/api/v1/reports", None, keys["read", "acme"])[0] == 403, "a read key")
    wanted = {"name": "theirs", "page": "/", "to": ["eve@example.net"], "at": "07:00"}
    status, made = api(server, "POST", "/api/v1/reports", wanted, keys["admin", "globex"])
    check(status == 201 and made["customer"] == "globex" and made["next"] > datetime.now(timezone.utc).isoformat()[:19], str(made))
    check(api(server, "POST", "/api/v1/reports", {**wanted, "customer": "acme"}, keys["admin", "globex"])[0] == 403, "another's figures")
    check([r["id"] for r in api(server, "GET", "/api/v1/reports", None, keys["admin", "globex"])[1]["reports"]] == [made["id"]], "globex sees its own")
    check(made["id"] not in str(api(server, "GET", "/api/v1/reports", None, keys["admin", "acme"])[1]), "acme does not")
    for method, target in (("POST", "/send"), ("POST", "/off"), ("DELETE", "")):
        check(api(server, method, f"/api/v1/reports/{made['id']}{target}", None, keys["admin", "acme"])[0] == 404, f"{method} {target} of another's")
    check(api(server, "DELETE", f"/api/v1/reports/{made['id']}", None, keys["admin", "globex"])[0] == 200, "its own")
    for name, customer, role in (("olga", "acme", "operator"), ("ada", "acme", "analyst")):
        user(server, "add", name, "--customer", customer, "--role", role)
    server.stop()
    server.extra.remove("--insecure-loopback")
    server.start(server.port)
    pages = {}
    for name in ("olga", "ada"):
        browser = Browser(server)
        check(browser.sign_in(name)[0] == 303, f"{name} signs in")
        pages[name] = browser.ask("GET", "/sharing")[2].decode()
    check("report-form" in pages["olga"] and "Kosten – früh" in pages["olga"] and "report-form" not in pages["ada"] and "Kosten" not in pages["ada"], "the page of links")
    status, body = api(server, "POST", "/api/v1/reports", {**wanted, "to": ["eve@example.net\r\nBcc: x@example.net"]}, keys["admin", "*"])
    check(status == 400 and "is not a mail address" in body["error"]["message"], str(body))


def secured(folder):
    """STARTTLS and smtps with a certificate that is named, a password that is asked for and written nowhere; without the certificate nothing is handed over."""
    files, password, folder_file = certificate(folder), "a secret nobody prints", pathlib.Path(folder, "password")
    folder_file.write_text(password + "\n", encoding="utf-8")
    for implicit in (False, True):
        with Sink(files, implicit, "reports", password) as sink:
            more = ["--smtp-user", "reports", "--smtp-password-file", str(folder_file)]
            with Server(extra=options(sink, *more, "--smtp-ca", str(files[0]))) as server:
                made = api(server, "POST", "/api/v1/reports", {"name": "secured", "page": "/", "to": "ada@example.com", "format": "png", "at": another_time()})[1]["id"]
                send_now(server, made)
                arrived(sink, 1, "the mail over TLS")
                check(sink.mails[0]["tls"] and sink.mails[0]["user"] == [b"reports", password.encode()], "over TLS, with the password")
                written = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file() and path.stat().st_size < 1_000_000)
                check(password.encode() not in written and password not in "\n".join(server.log) and password not in pathlib.Path(f"/proc/{server.process.pid}/cmdline").read_text(), "the password is written nowhere")
            with Server(extra=options(sink, *more)) as server:
                made = api(server, "POST", "/api/v1/reports", {"name": "distrusted", "page": "/", "to": "ada@example.com", "format": "png", "at": another_time()})[1]["id"]
                seen = send_now(server, made)
                check(seen["outcome"] == "failed" and "certificate" in seen["error"] and len(sink.mails) == 1, str(seen))


def wrong_settings():
    for wrong, said in ((["--smtp-url", "http://mail.example"], "--smtp-url is"), (["--smtp-url", "smtp://mail.example"], "--smtp-from"), (["--smtp-url", "smtp://mail.example", "--smtp-from", "x"], "--smtp-from"),
                        (["--smtp-url", "smtp://mail.example", "--smtp-from", "a@b", "--smtp-user", "u"], "needs a password"), (["--smtp-url", "smtp://mail.example", "--smtp-from", "a@b", "--public-url", "voice"], "--public-url")):
        folder = tempfile.mkdtemp(prefix="aybiza-report-")
        done = command("serve", "--data", folder, "--listen", "127.0.0.1:0", *wrong)
        check(done.returncode == 1 and said in done.stderr, f"{wrong}: {done.returncode} {done.stderr}")
        shutil.rmtree(folder)
    with Server() as server:  # without a mail server
        made = api(server, "POST", "/api/v1/reports", {"name": "kept", "page": "/", "to": "ada@example.com"})[1]["id"]
        status, body = api(server, "POST", f"/api/v1/reports/{made}/send")
        check(status == 409 and "--smtp-url" in body["error"]["message"], str(body))
        check(reports(server, "add", "--data", server.data, "--name", "x", "--to", "nobody", code=2).find("is not a mail address") > 0, "a refusal of the command line")
        check("there is no report" in reports(server, "remove", "--data", server.data, "nowhere", code=1), "what is not there")


def main():
    wrong_settings()
    if not chromium():
        print("skipped: no Chromium (script/bootstrap browser)")
        sys.exit(77)
    folder = tempfile.mkdtemp(prefix="aybiza-report-")
    with Sink() as sink, Server(extra=options(sink)) as server:
        server.post_events(calls("acme", 7) + calls("globex", 3))
        wait_until("the calls", lambda: (server.query(select="calls", window="24h", where=("customer_id:acme",))["rows"] == [[7]], None))
        made = one_mail(server, sink)
        what_the_server_says(server, sink, made)
        due_once(server, sink)
        whose(server)
    secured(folder)
    shutil.rmtree(folder)
    print("reports: once, with the API's figures, of one customer; what a mail server says is heeded; passwords are written nowhere")


if __name__ == "__main__":
    main()
