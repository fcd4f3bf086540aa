"""Webhooks of five vendors as they would send them: signed as each vendor signs, and a call's life in the shape each tells it."""
import base64
import hashlib
import hmac
import json
import subprocess
import time
import urllib.parse

from harness import check, command, wait_until

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


def wait_known(server, path, known=True):
    """A running server notices within a second what was added and removed: 404 before, what is said of no signature after."""
    def look():
        status = server.request("POST", path, b"{}", {"Content-Type": "application/json"})[0]
        return (status == 401) == known, status
    wait_until(f"{path} is {'known' if known else 'gone'}", look)


class Sender:
    """One vendor's webhook, signed as that vendor signs."""

    def __init__(self, server, vendor, *more):
        self.server, self.vendor = server, vendor
        self.path = add_source(server, vendor, *more)
        wait_known(server, self.path)

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

    def request_of(self, message, forge=False):
        form = message if self.vendor == "twilio" and isinstance(message, dict) else None
        body = (urllib.parse.urlencode(form) if form else message if isinstance(message, str) else json.dumps(message)).encode()
        path = self.path
        if self.vendor == "twilio" and not form:
            path += "?bodySHA256=" + hashlib.sha256(body).hexdigest()
        headers = self.headers(body + b" " if forge else body, path + "x" if forge else path, form)
        return path, body, {"Content-Type": "application/json", **headers}

    def send(self, message, forge=False):
        path, body, headers = self.request_of(message, forge)
        return self.server.request("POST", path, body, headers)

    def curl(self, message, forge=False):
        """The same by the program that people try a webhook with."""
        path, body, headers = self.request_of(message, forge)
        told = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
        run = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "60", "--write-out", "\n%{http_code}", *told, "--data-binary", "@-",
                              f"http://127.0.0.1:{self.server.port}{path}"], input=body, capture_output=True, timeout=90, check=False)
        check(run.returncode == 0, f"curl: {run.returncode} {run.stderr.decode()}")
        answer, _, status = run.stdout.rpartition(b"\n")
        return int(status), {}, answer


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
