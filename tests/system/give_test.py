"""A page as PNG and PDF: of what its asker may see and nobody else's, drawn, and without a trace afterwards. Answers 77 without Chromium."""
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import urllib.parse

from harness import Server, check, command, wait_until
from pictures import chromium, left_behind, pdf_text, png
from share_test import calls
from sign_in_test import Browser, user


def give(browser, kind, of, **more):
    target = f"/give/page.{kind}?" + urllib.parse.urlencode({"of": of, **more})
    return browser.ask("GET", target)


def taken(browser, kind, of, **more):
    """Busy is an answer, and on a loaded machine too slow: then it is asked again."""
    def look():
        status, headers, body = give(browser, kind, of, **more)
        return status != 503, (status, headers, body)
    return wait_until(f"{kind} of {of}", look, 300)


def customers(server):
    with_key = {"Authorization": "Bearer " + command("key", "create", "--scope", "ingest", "--customer", "*", "--data", server.data).stdout.strip()}
    wait_until("the key", lambda: (server.post_events(calls("acme", 7), with_key)[0] == 200, None))
    check(server.post_events(calls("globex", 3), with_key)[0] == 200, "globex's calls")
    for name, customer, role in (("ada", "acme", "viewer"), ("eve", "globex", "analyst"), ("root", "*", "admin")):
        user(server, "add", name, "--customer", customer, "--role", role)
    browsers = {name: Browser(server) for name in ("ada", "eve", "root")}
    for name, browser in browsers.items():
        check(browser.sign_in(name)[0] == 303, f"{name} signs in")
    return browsers


def of_whom(browsers):
    def words(name, of):
        status, headers, body = taken(browsers[name], "pdf", of)
        check(status == 200 and headers["Content-Type"] == "application/pdf" and headers["Cache-Control"] == "no-store", f"{name} {of}: {status} {headers} {body[:300]}")
        return pdf_text(body)
    whole = words("root", "/costs?range=24h")
    if whole is None:
        print("without pdftotext: the words of PDFs are not looked at")
        return
    check("acme-model" in whole and "globex-model" in whole and "$5.00" in whole, f"what root sees: {whole}")
    acme, globex = words("ada", "/costs?range=24h"), words("eve", "/costs?range=24h")
    check("acme-model" in acme and "globex" not in acme, f"what ada sees: {acme}")
    check("globex-model" in globex and "acme" not in globex, f"what eve sees: {globex}")
    status, _, body = browsers["ada"].ask("GET", "/api/v1/query?select=cost_usd,calls&window=24h")
    cost, count = json.loads(body)["rows"][0]
    check(status == 200 and (cost, count) == (3.5, 7), f"{body}")
    check(f"${cost:.2f}" in acme, f"the cost that the API answers: {acme}")
    check("Costs · 24 h · UTC" in acme and re.search(r"\d+ \w+ \d\d:\d\d:\d\d UTC", acme) and re.search(r"1 ?/ ?\d", acme), f"heading, moment and pages: {acme}")
    check("globex-model" not in words("ada", "/costs?range=24h&customer=globex"), "a filter widens nothing")
    check("acme" in words("root", "/costs?range=24h&customer=acme") and "globex" not in words("root", "/costs?range=24h&customer=acme"), "root's filter holds")
    check("acme-0" not in words("ada", "/agents") and "acme-agent" in words("ada", "/agents?range=24h"), "a table of agents")


def drawn(browsers):
    for theme in ("light", "dark"):
        status, headers, body = taken(browsers["ada"], "png", "/?range=24h", theme=theme)
        check(status == 200 and headers["Content-Type"] == "image/png" and re.fullmatch(r'attachment; filename="overview-\d{4}-\d\d-\d\d\.png"', headers["Content-Disposition"]), f"{status} {headers} {body[:300]}")
        width, height, colours = png(body)
        check(width == 1440 and 900 <= height <= 12000 and colours > 30, f"{width} x {height}, {colours} colours")
        if os.environ.get("AYBIZA_PICTURES"):
            pathlib.Path(os.environ["AYBIZA_PICTURES"], f"overview-{theme}.png").write_bytes(body)


def refused(server, browsers):
    stranger = Browser(server)
    check(give(stranger, "png", "/")[0] == 303, "nobody without a session")
    stranger.cookies["aybiza_picture"] = "A" * 43
    check(give(stranger, "png", "/")[0] == 303 and stranger.ask("GET", "/")[0] == 303, "an invented pass")
    for wrong in ("", "/settings", "/sharing", "//elsewhere.example/", "https://elsewhere.example/", "/wall", "/costs/x", "/api/v1/live"):
        status, _, body = give(browsers["ada"], "png", wrong)
        check(status == 400 and json.loads(body)["error"]["code"] == "invalid", f"{wrong}: {status} {body}")
    check(browsers["ada"].ask("GET", "/give/page.png?of=/&width=9")[0] == 400, "an unknown parameter")
    status, headers, body = browsers["ada"].ask("GET", "/give/page.png?of=/sharing", headers={"Accept": "text/html"})
    check(status == 400 and headers["Content-Type"].startswith("text/html") and b"known are /" in body, "a browser gets a page to read")
    check(browsers["ada"].ask("GET", "/give/page.png?of=/", headers={"Sec-Fetch-Site": "cross-site"})[0] == 403, "another site's page")
    for of in ("/boards/Nowhere", "/calls/nowhere"):
        status, _, body = taken(browsers["ada"], "png", of)
        check(status == 404, f"{of}: {status} {body[:200]}")
    call = json.loads(browsers["eve"].ask("GET", "/api/v1/calls?limit=1")[2])["calls"][0]["call_id"]
    check(taken(browsers["eve"], "png", f"/calls/{call}")[0] == 200, "a call of one's own")
    check(taken(browsers["ada"], "png", f"/calls/{call}")[0] == 404, "and another's")


def without(server_options, said, expected):
    with Server(extra=server_options) as server:
        status, _, body = server.request("GET", "/give/page.pdf?of=/")
        check(status == expected and said in body.decode(), f"{server_options}: {status} {body}")
        check(server.metric('aybiza_pictures_failed_total{reason="no_browser"}') + server.metric('aybiza_pictures_failed_total{reason="page"}') == 1, "counted")


def main():
    without(["--chromium", "off"], "--chromium off", 501)
    if not chromium():
        print("skipped: no Chromium (script/bootstrap browser)")
        sys.exit(77)
    own = tempfile.mkdtemp(prefix="aybiza-give-")
    os.environ["TMPDIR"] = tempfile.tempdir = own
    with Server(insecure=False, extra=["--chromium", chromium()]) as server:
        browsers = customers(server)
        wait_until("the calls", lambda: ((body := browsers["root"].ask("GET", "/api/v1/query?select=calls&window=24h")[2]) and json.loads(body).get("rows") == [[10]], body))
        drawn(browsers)
        of_whom(browsers)
        refused(server, browsers)
        key = {"Authorization": "Bearer " + command("key", "create", "--scope", "read", "--customer", "*", "--data", server.data).stdout.strip()}
        text = wait_until("the key", lambda: ((answer := server.request("GET", "/metrics", headers=key))[0] == 200, answer[2].decode()))
        check(re.search(r"^aybiza_pictures_total [1-9]", text, re.M) and "aybiza_pictures_waiting 0" in text and 'aybiza_pictures_failed_total{reason="page"} 3' in text, text)
        check(left_behind() == [], f"left behind: {left_behind()}")
    processes = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if own.encode() in read_or_nothing(p)]
    check(processes == [], f"processes left: {processes}")
    shutil.rmtree(own)
    print("a page as PNG and PDF: drawn, of its asker's customer alone, with nothing left behind")


def read_or_nothing(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    main()
