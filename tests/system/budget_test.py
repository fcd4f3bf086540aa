"""Budgets and what-if prices against the running server: what was spent is what /api/v1/query says, the month's end follows from the weekdays,
a customer's key sees and changes its own, and pricing by another list stores nothing."""
import calendar
import datetime
import json

from harness import Server, check, check_conservation, command, wait_until, within_one_day

UTC = datetime.timezone.utc
within_one_day()
TODAY = datetime.datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = 30  # of which today is the last; each costs 2 USD
A_DAY = 2.0


def stamp(when):
    return when.isoformat().replace("+00:00", "Z")


def a_day(back):
    day, name = TODAY - datetime.timedelta(days=back), f"call-{back}"
    def event(what, key, **data):
        return {"type": what, "id": f"{name}-{key}", "time": stamp(day + datetime.timedelta(seconds=1)), "data": {"call_id": name, "customer_id": "acme", **data}}
    return [event("call.started", "s", agent_id="a1", campaign="spring"),
            event("usage", "u", model="house-1", input_tokens=1_000_000, cost_usd=A_DAY)]


def budget(server, *args, code=0):
    done = command("budget", *args, "--data", server.data)
    check(done.returncode == code, f"budget {args}: {done.returncode} {done.stdout} {done.stderr}")
    return done.stdout if code == 0 else done.stderr


def states(server, key=None):
    status, _, body = server.request("GET", "/api/v1/budgets", None, {"Authorization": f"Bearer {key}"} if key else {})
    check(status == 200, f"{status} {body}")
    answer = json.loads(body)
    return {one["name"]: one for one in answer["budgets"]}, datetime.datetime.fromisoformat(answer["as_of"].replace("Z", "+00:00"))


def spent_and_forecast(server):
    for back in range(DAYS):
        status, _, answer = server.post_events(a_day(back))
        check(status == 200 and answer["rejected"] == 0, f"{status} {answer}")
    budget(server, "set", "--of", "customer", "--name", "acme", "--usd", "70")
    budget(server, "set", "--of", "campaign", "--name", "spring", "--usd", "1000", "--customer", "acme")
    wait_until("the budgets", lambda: (len(states(server)[0]) == 2, states(server)[0]))
    found, now = states(server)
    acme = found["acme"]
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    asked = server.query(select="cost_usd", start=stamp(month), end=stamp(now), where=("customer_id:acme",))["rows"][0][0]
    days = sum(1 for back in range(DAYS) if TODAY - datetime.timedelta(days=back) >= month)
    check(acme["spent_usd"] == asked == days * A_DAY, f"{acme} and {asked}, {days} days")
    check(acme["share"] == acme["spent_usd"] / 70, str(acme))
    check(acme["stage"] == max([0] + [stage for stage in (80, 85, 95, 100) if acme["share"] >= stage / 100]), str(acme))
    check(acme["burn_usd_per_day"] == A_DAY and found["spring"]["spent_usd"] == acme["spent_usd"], str(found))
    complete = (now.replace(hour=0, minute=0, second=0, microsecond=0) - (TODAY - datetime.timedelta(days=DAYS - 1))).days
    check(acme["history_days"] == complete, f"{acme} and {complete}")
    gone = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 86400
    ahead = calendar.monthrange(now.year, now.month)[1] - now.day + 1 - gone
    check(abs(acme["forecast_usd"] - (acme["spent_usd"] + ahead * A_DAY)) < 1e-4, f"{acme} and {ahead} days ahead")
    check(abs(acme["forecast_high_usd"] - acme["forecast_low_usd"]) < 1e-6, f"days that never differed: {acme}")
    said = command("budget", "status", "--url", f"http://127.0.0.1:{server.port}").stdout
    check(any(line.startswith(f"customer\tacme\tacme\t70.00\t{acme['spent_usd']:.2f}\t{acme['stage']} %\t2.00\t") for line in said.splitlines()), said)


def changed_by_form_and_json(server):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, headers, _ = server.request("POST", "/api/v1/budgets", "of=agent&name=a1&customer_id=acme&usd=12.50", form)
    check(status == 303 and headers["Location"].startswith("/costs"), f"{status} {headers}")
    check(states(server)[0]["a1"]["monthly_usd"] == 12.5, str(states(server)))
    check(server.request("POST", "/api/v1/budgets", "of=agent&name=a1&customer_id=acme&usd=99", {**form, "Origin": "http://elsewhere.example"})[0] == 403, "a form from elsewhere")
    check(states(server)[0]["a1"]["monthly_usd"] == 12.5, "and it changes nothing")
    status, _, body = server.request("POST", "/api/v1/budgets", json.dumps({"of": "team", "name": "x", "usd": 1}), {"Content-Type": "application/json"})
    check(status == 400 and b"customer, campaign or agent" in body, f"{status} {body}")
    check(server.request("POST", "/api/v1/budgets", json.dumps({"of": "agent", "name": "a1", "customer_id": "acme"}), {"Content-Type": "application/json"})[0] == 200, "taken away")
    check("a1" not in states(server)[0], "it is gone")
    check(budget(server, "set", "--of", "agent", "--name", "a1", "--usd", "none", code=2) != "", "a sum that is none")
    check("has no budget" in budget(server, "remove", "--of", "agent", "--name", "a1", code=1), "what is not there")


def a_damaged_file_changes_nothing(server):
    path = server.data / "budgets.tsv"
    good = path.read_text()
    path.write_text("customer\tacme\n")
    check(set(states(server)[0]) == {"acme", "spring"}, "the budgets of before stay in force")
    check("line 1" in budget(server, "list", code=2), "and the command says where")
    path.write_text(good)
    check("acme" in budget(server, "list"), "good again")


def keys(server):
    made = {}
    for scope, customer in (("read", "beta"), ("admin", "beta"), ("read", "acme"), ("admin", "*")):
        made[scope, customer] = command("key", "create", "--data", server.data, "--scope", scope, "--customer", customer).stdout.strip()
    def post(who, **fields):
        return server.request("POST", "/api/v1/budgets", json.dumps(fields), {"Authorization": f"Bearer {made[who]}", "Content-Type": "application/json"})[0]
    wait_until("the keys", lambda: (server.request("GET", "/api/v1/budgets", None, {"Authorization": f"Bearer {made['admin', '*']}"})[0] == 200, "401"))
    check(states(server, made["read", "beta"])[0] == {}, "beta sees nothing of acme's")
    check(set(states(server, made["read", "acme"])[0]) == {"acme", "spring"}, "acme sees its own")
    check(post(("read", "acme"), of="customer", name="acme", usd=1) == 403, "a read key")
    check(post(("admin", "beta"), of="customer", name="acme", usd=1) == 403, "another's budget")
    check(post(("admin", "beta"), of="campaign", name="spring", customer_id="acme", usd=1) == 403, "another's campaign")
    check(post(("admin", "beta"), of="campaign", name="spring", usd=5) == 200, "its own campaign of that name")
    check({k: v["monthly_usd"] for k, v in states(server, made["read", "beta"])[0].items()} == {"spring": 5}, "beta's own")
    check(states(server, made["read", "acme"])[0]["spring"]["monthly_usd"] == 1000, "acme's is as it was")


def what_if(server):
    call = [{"type": "call.started", "id": "w-s", "time": stamp(TODAY), "data": {"call_id": "w", "customer_id": "gamma", "agent_id": "a2"}},
            {"type": "usage", "id": "w-u", "time": stamp(TODAY), "data": {"call_id": "w", "customer_id": "gamma", "model": "house-2", "input_tokens": 3_000_000}}]
    done = command("price", "set", "--data", server.data, "--kind", "input", "--model", "house-2", "--usd", "2")
    check(done.returncode == 0, done.stderr)
    wait_until("the price", lambda: (any(r["model"] == "house-2" for r in server.get("/api/v1/prices")[1]["rates"]), "no price"))
    check(server.post_events(call)[2]["accepted"] == 2, "the call")
    path = server.data / "other.txt"
    path.write_text("input\t*\thouse-2\t0.50\t1M\n")
    def ask(customer):
        done = command("price", "what-if", path, "--url", f"http://127.0.0.1:{server.port}", "--customer", customer)
        check(done.returncode == 0, done.stdout + done.stderr)
        return json.loads(done.stdout)
    answer = ask("gamma")
    check((answer["before_usd"], answer["after_usd"], answer["difference_usd"], answer["usage_changed"]) == (6, 1.5, -4.5, 1), str(answer))
    check(ask("acme")["difference_usd"] == 0, "what a sender told stays as told")
    check(server.query(select="cost_usd", window="30d", source="store", where=("customer_id:gamma",))["rows"][0][0] == 6, "nothing was stored")
    check([r["usd"] for r in server.get("/api/v1/prices")[1]["rates"] if r["model"] == "house-2"] == [2], "nor the list")
    status, _, body = server.request("POST", "/api/v1/prices/what-if", "input\t*\thouse-2\tcheap\t1M\n")
    check(status == 400 and b"line 1" in body, f"{status} {body}")
    check(server.request("POST", "/api/v1/prices/what-if?form=x", "input\t*\thouse-2\t1\t1M\n")[0] == 400, "an unknown parameter")


def main():
    with Server() as server:
        spent_and_forecast(server)
        changed_by_form_and_json(server)
        a_damaged_file_changes_nothing(server)
        keys(server)
        what_if(server)
        check_conservation(server)
    print("budgets: spent, stages and forecasts are the API's; customers see their own; what-if stores nothing")


if __name__ == "__main__":
    main()
