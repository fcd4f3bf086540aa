"""Webhooks of five vendors as they would send them, over plain HTTP: signed, shuffled, twice, across a restart; read back by the API."""
import base64
import hashlib
import hmac
import json
import os
import random
import time
import urllib.parse

from harness import Server, check, check_conservation, command

START = int(time.time()) - 1800  # half an hour ago
PUBLIC = "https://in.example.com"
SECRET = "a secret of the vendor"
SID = "CA0123456789abcdef0123456789abcdef"


def ms(offset=0.0):
    return int((START + offset) * 1000)


def iso(offset=0.0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + offset))


def sign(algorithm, text, key=SECRET):
    return hmac.new(key.encode(), text, algorithm)


def add_source(server, vendor, *more):
    done = command("source", "add", "--data", server.data, "--vendor", vendor, "--customer", "acme", "--secret", SECRET, *more)
    check(done.returncode == 0, done.stderr)
    return done.stdout.strip()


class Sender:
    """One vendor's webhook, signed as that vendor signs."""

    def __init__(self, server, vendor, *more):
        self.server, self.vendor = server, vendor
        self.path = add_source(server, vendor, *more)

    def headers(self, body, path, form):
        now = str(int(time.time()))
        if self.vendor == "vapi":
            stamp = now + "000"
            return {"x-timestamp": stamp, "x-signature": sign("sha256", f"{stamp}.".encode() + body).hexdigest()}
        if self.vendor == "retell":
            stamp = now + "000"
            return {"X-Retell-Signature": f"v={stamp},d={sign('sha256', body + stamp.encode()).hexdigest()}"}
        if self.vendor == "elevenlabs":
            return {"ElevenLabs-Signature": f"t={now},v0={sign('sha256', f'{now}.'.encode() + body).hexdigest()}"}
        if self.vendor == "twilio":
            text = PUBLIC + path + ("".join(k + v for k, v in sorted(form.items())) if form else "")
            kind = "application/x-www-form-urlencoded" if form else "application/json"
            return {"X-Twilio-Signature": base64.b64encode(sign("sha1", text.encode()).digest()).decode(), "Content-Type": kind}
        part = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
        claims = {"iss": "APIkey", "exp": int(now) + 300, "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()}
        head = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
        return {"Authorization": (head + b"." + part(sign("sha256", head).digest())).decode(), "Content-Type": "application/webhook+json"}

    def send(self, message, forge=False):
        form = message if self.vendor == "twilio" and isinstance(message, dict) else None
        body = (urllib.parse.urlencode(form) if form else message if isinstance(message, str) else json.dumps(message)).encode()
        path = self.path
        if self.vendor == "twilio" and not form:
            path += "?bodySHA256=" + hashlib.sha256(body).hexdigest()
        headers = self.headers(body + b" " if forge else body, path + "x" if forge else path, form)
        return self.server.request("POST", path, body, {"Content-Type": "application/json", **headers})


def vapi_life(ident, sid):
    call = {"id": ident, "type": "inboundPhoneCall", "assistantId": "a6ee9ab1-31c8-45b7-a54b-2ac45b6d4bb5", "phoneCallProviderId": sid}
    said = [{"role": "bot", "message": "Hello, how can I help?", "time": ms(1.2), "endTime": ms(3)},
            {"role": "user", "message": "Move my visit, please. Call me at 415 555 0100.", "time": ms(4), "endTime": ms(5.6)},
            {"role": "bot", "message": "Tuesday at nine?", "time": ms(6.65), "endTime": ms(8)}]
    report = {"type": "end-of-call-report", "endedReason": "customer-ended-call", "startedAt": iso(0), "endedAt": iso(63), "call": call,
              "customer": {"number": "+14155550100"}, "phoneNumber": {"number": "+14155550101"},
              "artifact": {"messages": said, "performanceMetrics": {"turnLatencies": [{"turnLatency": 1050}], "turnLatencyAverage": 1050}}}
    analysis = {"analysis": {"successEvaluation": "true", "summary": "Moved."}}
    costs = {"cost": 0.1042, "costs": [{"type": "model", "model": {"provider": "openai", "model": "gpt-4.1"}, "promptTokens": 4210,
                                        "completionTokens": 212, "cachedPromptTokens": 3072, "cost": 0.0071}]}
    messages = [{"type": "status-update", "status": "in-progress", "timestamp": ms(0), "call": call},
                {"type": "conversation-update", "timestamp": ms(6), "messages": said[:2], "call": call},
                {"type": "speech-update", "status": "started", "timestamp": ms(6.6), "call": call},
                {"type": "status-update", "status": "ended", "endedReason": "customer-ended-call", "timestamp": ms(63), "call": call},
                {**report, "timestamp": ms(70)}, {**report, **analysis, "timestamp": ms(300)},
                {**report, **analysis, **costs, "timestamp": ms(900)}]
    return [{"message": m} for m in messages]


def retell_life():
    call = {"call_id": "call_0a1b", "agent_id": "agent_77", "call_type": "phone_call", "direction": "inbound", "from_number": "+14155550100",
            "to_number": "+14155550101", "start_timestamp": ms(0)}
    ended = {**call, "end_timestamp": ms(63.5), "duration_ms": 63500, "disconnection_reason": "user_hangup",
             "latency": {"e2e": {"p50": 1, "values": [980, 1620, 700]}}, "llm_token_usage": {"values": [700, 810, 926]},
             "transcript_object": [{"role": "agent", "content": "Hello!", "words": [{"word": "Hello!", "start": 0.7, "end": 1.1}]},
                                   {"role": "user", "content": "Hi.", "words": [{"word": "Hi.", "start": 2.0, "end": 2.3}]}]}
    analysis = {"call_analysis": {"call_successful": True, "user_sentiment": "Neutral"}}
    return [{"event": "call_started", "call": call}, {"event": "call_ended", "call": ended}, {"event": "call_analyzed", "call": {**ended, **analysis}},
            {"event": "call_analyzed", "call": {**ended, **analysis, "call_cost": {"combined_cost": 12.7}}}]


def elevenlabs_life():
    data = {"agent_id": "agent_7101", "conversation_id": "conv_3901", "status": "done",
            "transcript": [{"role": "agent", "message": "Hello", "time_in_call_secs": 0}, {"role": "user", "message": "Where is my order?", "time_in_call_secs": 4}],
            "metadata": {"start_time_unix_secs": START, "call_duration_secs": 63, "cost": 420, "termination_reason": "client disconnected"}}
    rated = {**data, "metadata": {**data["metadata"], "cost_fiat": 0.0812, "feedback": {"rating": 5}}, "analysis": {"call_successful": "success"}}
    return [{"type": "post_call_transcription", "event_timestamp": START + 75, "data": data},
            {"type": "post_call_transcription", "event_timestamp": START + 400, "data": rated},
            {"type": "post_call_audio", "event_timestamp": START + 401, "data": {"conversation_id": "conv_3901", "full_audio": "A" * 300000}}]


def twilio_life(sid):
    def callback(status, sequence, at, **more):
        stamp = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(START + at))
        return {"CallSid": sid, "From": "+14155550100", "To": "+14155550101", "CallStatus": status, "Direction": "inbound", "Timestamp": stamp,
                "SequenceNumber": str(sequence), **more}
    summary = {"specversion": "1.0", "id": "EZ1", "source": "/v1", "time": iso(1700), "type": "com.twilio.voice.insights.call-summary.complete",
               "data": {"call_sid": sid, "call_state": "completed", "duration": 63, "start_time": iso(0), "end_time": iso(63),
                        "carrier_edge": {"metrics": {"inbound": {"mos": {"avg": 4.2}}}}}}
    return [callback("ringing", 1, -3), callback("in-progress", 2, 0), callback("completed", 3, 63, CallDuration="63"), [summary]]


def livekit_life(room):
    about = {"sid": room, "name": "call-1", "creationTime": str(START - 2)}
    caller = {"sid": "PA_1", "kind": "SIP", "joinedAt": str(START), "attributes": {"sip.phoneNumber": "+14155550100", "sip.trunkPhoneNumber": "+14155550101"}}
    make = lambda event, at, **more: {"event": event, "id": f"EV_{event}_{at}", "createdAt": str(START + at), "room": about, **more}
    return [make("room_started", -2), make("agent_job_started", -1, job={"id": "AJ_1", "agentName": "desk", "room": about}),
            make("participant_joined", 0, participant=caller), make("track_published", 1), make("participant_left", 63, participant=caller),
            make("room_finished", 84)]


def send_all(sender, life, seed):
    """Shuffled, some of it twice."""
    order = [m for m in life for _ in range(random.Random(seed).choice([1, 2, 3]))]
    random.Random(seed).shuffle(order)
    for message in order:
        status, _, body = sender.send(message)
        check(status in (200, 204), f"{sender.vendor}: {status} {body} for {str(message)[:300]}")


def call_of(server, ident):
    status, call = server.get(f"/api/v1/calls/{ident}")
    check(status == 200, f"{ident}: {status} {call}")
    return call


def expect(call, **wanted):
    for name, value in wanted.items():
        check(call["call"][name] == value, f"{name} is {call['call'][name]!r}, not {value!r}: {call['call']}")


def lives(server, senders):
    ident = "7420f27a-30fd-4f49-a995-5549ae7cc00d"
    send_all(senders["retell"], retell_life(), 1)
    send_all(senders["elevenlabs"], elevenlabs_life(), 2)
    send_all(senders["livekit"], livekit_life("RM_abc"), 3)
    both = [("vapi", m) for m in vapi_life(ident, SID)] + [("twilio", m) for m in twilio_life(SID)]
    # The carrier rings first, then the platform tells of the call, then all the rest in any order and across a crash.
    rest = both[1:7] + both[8:] + [both[0], both[7]]
    random.Random(4).shuffle(rest)
    for vendor, message in [both[7], both[0]] + rest[:4]:
        check(senders[vendor].send(message)[0] in (200, 204), str(message))
    server.kill()
    server.start()
    for vendor, message in rest[4:] + rest:
        check(senders[vendor].send(message)[0] in (200, 204), str(message))

    call = call_of(server, "call_0a1b")
    expect(call, state="ended", total_duration_ms=63500, cost_usd=0.127, call_outcome="successful", tokens_consumed=2436, customer_id="acme",
           voice_processing_latency_ms=1100)
    check([t["text_content"] for t in call["turns"]] == ["Hello!", "Hi."], str(call["turns"]))
    call = call_of(server, "conv_3901")
    expect(call, state="ended", total_duration_ms=63000, cost_usd=0.0812, call_outcome="successful", customer_satisfaction_score=5)
    check(len(call["turns"]) == 2, str(call["turns"]))
    call = call_of(server, "RM_abc")
    expect(call, state="ended", total_duration_ms=63000, agent_id="desk", cost_usd=None)
    call = call_of(server, ident)
    expect(call, state="ended", total_duration_ms=63000, cost_usd=0.1042, call_outcome="successful", resolution_status="resolved",
           audio_quality_score=4.2, tokens_consumed=4422, voice_processing_latency_ms=1050, carrier="twilio", time=iso(0).replace("Z", ".000Z"))
    check(len(call["turns"]) == 3 and len(call["usage"]) == 1, str(call)[:2000])
    check(call_of(server, SID)["call"]["call_id"] == ident, "the carrier's name finds the call too")
    check("415 555" not in json.dumps(call) and "4155550100" not in json.dumps(call), "a phone number came back")

    # Four calls, whoever is asked: the carrier's records made none of their own.
    for source in ("store", "auto"):
        rows = server.query(select="calls,successful_calls,cost_usd,turns", by="customer_id", window="24h", source=source)["rows"]
        check(len(rows) == 1 and rows[0][:3] == ["acme", 4, 3] and rows[0][4] == 7, f"{source}: {rows}")
        check(abs(rows[0][3] - (0.127 + 0.0812 + 0.1042)) < 1e-9, f"{source}: {rows}")


def bad_input(server, senders):
    before = server.get("/api/v1/audit/conservation")[1]["accepted"]
    for vendor, message in (("vapi", vapi_life("c", SID)[0]), ("retell", retell_life()[0]), ("elevenlabs", elevenlabs_life()[0]),
                            ("twilio", twilio_life(SID)[2]), ("twilio", twilio_life(SID)[3]), ("livekit", livekit_life("RM_1")[0])):
        status, _, body = senders[vendor].send(message, forge=True)
        check(status == 401, f"{vendor}: a forged signature gave {status} {body}")
    check(server.request("POST", "/v1/webhooks/vapi/nobody", b"{}")[0] == 404, "an unknown token")
    check(server.request("GET", senders["vapi"].path)[0] == 405, "GET is Twilio's alone")
    for vendor, message, wanted in (("vapi", "{", 400), ("vapi", {"message": {"type": "status-update"}}, 400), ("retell", {"event": "call_ended"}, 400),
                                    ("elevenlabs", {"type": "post_call_transcription", "data": {}}, 400), ("twilio", {"CallStatus": "completed"}, 400),
                                    ("livekit", {"event": "room_started", "createdAt": str(START)}, 400), ("vapi", "[" * 100000, 400),
                                    ("vapi", {"message": {"type": "tool-calls", "call": {"id": "c"}}}, 404),
                                    ("retell", {"event": "call_ended", "call": {"call_id": "c", "start_timestamp": 17}}, 400)):
        began = time.monotonic()
        status, _, body = senders[vendor].send(message)
        check(status == wanted, f"{vendor}: {status} {body} for {str(message)[:80]}")
        check(json.loads(body)["error"]["message"], str(body))
        check(time.monotonic() - began < 2, "a refusal took long")
    check(server.get("/api/v1/audit/conservation")[1]["accepted"] == before, "something of it was taken")
    status, _, body = senders["vapi"].send({"message": {"type": "brand-new", "timestamp": ms(1), "call": {"id": "c-9"}}})
    check(status == 200 and json.loads(body)["accepted"] == 1, f"an unknown type: {status} {body}")
    metrics = server.get("/metrics")[1]
    for line in ('aybiza_webhooks_unknown_total{type="vapi.brand-new"} 1', 'aybiza_webhooks_refused_total{reason="signature"} 6'):
        check(line in metrics, f"{line} is not in the metrics")
    status, answer = server.get("/api/v1/calls/c-9")
    check(status == 404, f"an unknown type made a call: {answer}")


def sources(server):
    mode = os.stat(server.data / "webhook_sources").st_mode & 0o777
    check(mode == 0o600, oct(mode))
    listed = command("source", "list", "--data", server.data).stdout
    check(len(listed.splitlines()) == 6 and SECRET not in listed, listed)
    shared = add_source(server, "vapi", "--scheme", "shared")
    body = json.dumps(vapi_life("0b7e1f0a-30fd-4f49-a995-5549ae7cc00d", "")[0]).encode()
    time.sleep(1.1)  # a running server notices within a second
    check(server.request("POST", shared, body, {"X-Vapi-Secret": "wrong"})[0] == 401, "a wrong shared secret")
    check(server.request("POST", shared, body, {"X-Vapi-Secret": SECRET})[0] == 200, "the shared secret")
    ident = [line.split()[0] for line in command("source", "list", "--data", server.data).stdout.splitlines() if shared in line][0]
    check(command("source", "remove", "--data", server.data, ident).returncode == 0, "remove")
    time.sleep(1.1)
    check(server.request("POST", shared, body, {"X-Vapi-Secret": SECRET})[0] == 404, "a removed source")
    check(command("source", "add", "--data", server.data, "--vendor", "twilio", "--secret", "s").returncode == 1, "Twilio without its URL")
    check(command("source", "add", "--data", server.data, "--vendor", "retell").returncode == 1, "no secret")


def main():
    with Server() as server:
        senders = {vendor: Sender(server, vendor, *more) for vendor, more in (
            ("vapi", ()), ("retell", ()), ("elevenlabs", ()), ("twilio", ("--public-url", PUBLIC)), ("livekit", ("--api-key", "APIkey")))}
        add_source(server, "livekit", "--api-key", "another")
        time.sleep(1.1)  # a running server notices new sources within a second
        lives(server, senders)
        bad_input(server, senders)
        sources(server)
        check_conservation(server)
    print("webhooks: ok")


main()
