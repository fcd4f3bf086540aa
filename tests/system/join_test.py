"""A call that Pipecat's spans and Twilio's callbacks tell of is one call: whoever comes first, also across a kill. What spans told of it goes
with the caller whom Twilio alone named, and what a trace of GenAI told before anybody named its conversation with that one's caller."""
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


def states(server, call):
    status, _, body = server.request("POST", f"/api/v1/calls/{call}/unmask", b"")
    check(status == 200, f"{status} {body}")
    return [turn["state"] for turn in json.loads(body)["turns"] if turn["state"] != "not_kept"]  # nobody told what the agent answered


def genai_trace(server, key, number):
    """Two completions, then their parent, which alone names the conversation, then an event that alone names the caller. One trace of a thousand
    has digits that pass for a card's, and its name is masked: this one."""
    trace, root = f"4111111111111111abcdef{number:010x}", f"{1:016x}"
    def send(spans):
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "openai"}, "spans": spans}]}]}).encode()
        status, _, answer = server.request("POST", "/v1/traces", body, {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})
        check(status == 200 and b"rejected" not in answer.lower(), f"{status} {answer}")
    for at, text in enumerate(("Where is my order?", "And my refund?")):
        messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])
        send([span(trace, at + 2, "chat", 1 + at, 2 + at, root, gen_ai__operation__name="chat", gen_ai__input__messages=messages)])
    send([span(trace, 1, "invoke_agent desk", 0, 9, gen_ai__operation__name="invoke_agent", gen_ai__conversation__id="talk-1")])
    event = {"type": "call.updated", "time_ms": START * 1000, "data": {"call_id": "talk-1", "caller_number": "+12025550188"}}
    status, _, answer = server.request("POST", "/v1/events", json.dumps(event).encode(), {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})
    check(status == 200 and json.loads(answer)["accepted"] == 1, f"{status} {answer}")
    check(states(server, "talk-1") == ["unmasked"] * 2, str(states(server, "talk-1")))


def forgotten(server, talks):
    """Keys of callers end all that was sealed for them, whatever it was told as."""
    for number in talks:
        check(states(server, sid_of(number)) == ["unmasked"] * 2, f"{number}: {states(server, sid_of(number))}")
    for caller, gone, stays in (("+12025550188", ["talk-1"], [sid_of(n) for n in talks]), ("+14155550100", [sid_of(n) for n in talks], [])):
        run = command("forget", "--data", server.data, "--caller", caller)
        check(run.returncode == 0 and " 0 keys" not in run.stdout, run.stdout + run.stderr)
        for call in gone:
            check(states(server, call) == ["forgotten"] * 2, f"{call} after {caller}: {states(server, call)}")
        for call in stays:
            check(states(server, call) == ["unmasked"] * 2, f"{call} after {caller}: {states(server, call)}")


def sid_of(number):
    return "CA" + f"{number:032x}"


def main():
    with Server() as server:
        made = command("key", "create", "--data", server.data, "--customer", "acme", "--scope", "ingest")
        check(made.returncode == 0, made.stderr)
        key = made.stdout.strip()
        twilio = Sender(server, "twilio", "--public-url", PUBLIC)
        made = command("masking", "set", "--data", server.data, "--customer", "acme", "--policy", "keep_encrypted")
        check(made.returncode == 0, made.stderr)
        wait_until("the policy", lambda: (lambda p: (len(p) == 1, p))(server.get("/api/v1/privacy")[1]["policies"]))
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
        genai_trace(server, key, 9)
        forgotten(server, orders.values())
        check_conservation(server)


if __name__ == "__main__":
    main()
