"""A call that Pipecat's spans and Twilio's callbacks tell of is one call: whoever comes first, also across a kill."""
import json
import random
import time

from harness import Server, check, check_conservation, command, wait_until
from vendors import PUBLIC, START, Sender, twilio_life


def attribute(key, value):
    kind = "stringValue" if isinstance(value, str) else "intValue" if isinstance(value, int) else "doubleValue"
    return {"key": key, "value": {kind: value}}


def span(trace, number, name, start, end, parent="", **attributes):
    nanos = lambda offset: str(int((START + offset) * 1_000_000_000))
    return {"traceId": trace, "spanId": f"{number:016x}", "parentSpanId": parent, "name": name, "startTimeUnixNano": nanos(start),
            "endTimeUnixNano": nanos(end), "attributes": [attribute(k.replace("__", "."), v) for k, v in attributes.items()]}


def pipecat_life(trace, sid):
    root, turn = f"{1:016x}", f"{2:016x}"
    return [span(trace, 3, "stt", 1, 2, turn, transcript="Where is my order?", is_final="true", gen_ai__request__model="nova-2"),
            span(trace, 4, "tts", 3, 4, turn, text="It is on its way.", metrics__character_count=17),
            span(trace, 2, "turn", 1, 5, root, turn__number=1, conversation__id=sid),
            span(trace, 1, "conversation", 0, 63, conversation__id=sid, conversation__type="voice")]


def export(server, key, spans):
    body = json.dumps({"resourceSpans": [{"resource": {"attributes": [attribute("service.name", "bot")]},
                                          "scopeSpans": [{"scope": {"name": "pipecat"}, "spans": spans}]}]}).encode()
    status, _, answer = server.request("POST", "/v1/traces", body, {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})
    check(status == 200 and b"rejected" not in answer.lower(), f"{status} {answer}")


def sid_of(number):
    return "CA" + f"{number:032x}"


def main():
    with Server() as server:
        made = command("key", "create", "--data", server.data, "--customer", "acme", "--scope", "ingest")
        check(made.returncode == 0, made.stderr)
        key = made.stdout.strip()
        twilio = Sender(server, "twilio", "--public-url", PUBLIC)
        wait_until("the key", lambda: (lambda s: (s != 401, s))(
            server.request("POST", "/v1/traces", b'{"resourceSpans":[]}', {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})[0]))
        orders = {"spans first": 1, "carrier's end first": 2, "spans without the name, then the carrier, then the name": 3, "mixed, and a kill": 4}
        for what, number in orders.items():
            trace, sid = f"{number:032x}", sid_of(number)
            spans, calls = pipecat_life(trace, sid), twilio_life(sid)
            if number == 1:
                steps = [("spans", spans[:3])] + [("call", c) for c in calls] + [("spans", spans[3:])]
            elif number == 2:
                steps = [("call", c) for c in calls] + [("spans", spans)]
            elif number == 3:
                steps = [("spans", spans[:2])] + [("call", c) for c in calls] + [("spans", spans[2:])]
            else:
                steps = [("spans", [s]) for s in spans] + [("call", c) for c in calls]
                random.Random(5).shuffle(steps)
            for i, (kind, what_is_sent) in enumerate(steps):
                if kind == "spans":
                    export(server, key, what_is_sent)
                else:
                    check(twilio.send(what_is_sent)[0] in (200, 204), str(what_is_sent))
                if number == 4 and i == 3:
                    server.kill()
                    server.start()
            rows = server.query(select="calls,turns", window="24h", where=["customer_id:acme"], source="store")["rows"]
            check(rows == [[number, 2 * number]], f"{what}: {rows}")
            status, call = server.get(f"/api/v1/calls/{sid}")
            check(status == 200 and len(call["turns"]) == 2 and call["call"]["state"] == "ended", f"{what}: {status} {call}")
            check(call["call"]["total_duration_ms"] == 63000, f"{what}: {call['call']}")
        live = server.query(select="calls,turns", window="24h", where=["customer_id:acme"], source="auto")["rows"]
        check(live == [[4, 8]], str(live))
        check_conservation(server)


if __name__ == "__main__":
    main()
