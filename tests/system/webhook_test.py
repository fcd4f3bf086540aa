"""Webhooks of five vendors as they would send them, over plain HTTP, the first of each by curl: signed, shuffled, twice, across a restart; read back by the API."""
import json
import os
import random

from harness import Server, check, check_conservation, command
from vendors import (PUBLIC, SECRET, SID, START, Sender, add_source, elevenlabs_life, iso, livekit_life, ms, retell_life, twilio_life, vapi_life, wait_known)


def send_all(sender, life, seed):
    """Shuffled, some of it twice; the first by curl."""
    order = [m for m in life for _ in range(random.Random(seed).choice([1, 2, 3]))]
    random.Random(seed).shuffle(order)
    for at, message in enumerate(order):
        status, _, body = (sender.curl if at == 0 else sender.send)(message)
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
    for vendor, message in [both[7], both[0]]:
        check(senders[vendor].curl(message)[0] in (200, 204), str(message))
    for vendor, message in rest[:4]:
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
    check(server.request("GET", f"/calls/{SID}")[0] == 200, "its page")
    check(server.request("POST", f"/api/v1/calls/{SID}/unmask", b"")[0] == 200, "its originals")
    check("415 555" not in json.dumps(call) and "4155550100" not in json.dumps(call), "a phone number came back")

    # Four calls, whoever is asked: the carrier's records made none of their own.
    for source in ("store", "auto"):
        rows = server.query(select="calls,successful_calls,cost_usd,turns", by="customer_id", window="24h", source=source)["rows"]
        check(len(rows) == 1 and rows[0][:3] == ["acme", 4, 3] and rows[0][4] == 7, f"{source}: {rows}")
        check(abs(rows[0][3] - (0.127 + 0.0812 + 0.1042)) < 1e-9, f"{source}: {rows}")


def bad_input(server, senders):
    before = server.get("/api/v1/audit/conservation")[1]["accepted"]
    signature = 'aybiza_webhooks_refused_total{reason="signature"}'
    forged = server.metric(signature)
    for vendor, message in (("vapi", vapi_life("c", SID)[0]), ("retell", retell_life()[0]), ("elevenlabs", elevenlabs_life()[0]),
                            ("twilio", twilio_life(SID)[2]), ("twilio", twilio_life(SID)[3]), ("livekit", livekit_life("RM_1")[0])):
        status, _, body = senders[vendor].send(message, forge=True)
        check(status == 401 and b"the signature is wrong: check the secret" in body, f"{vendor}: a forged signature gave {status} {body}")
    check(senders["vapi"].curl(vapi_life("c", SID)[0], forge=True)[0] == 401, "a forged signature by curl")
    check(server.request("POST", "/v1/webhooks/vapi/nobody", b"{}")[0] == 404, "an unknown token")
    check(server.request("GET", senders["vapi"].path)[0] == 405, "GET is Twilio's alone")
    for vendor, message, wanted in (("vapi", "{", 400), ("vapi", {"message": {"type": "status-update"}}, 400), ("retell", {"event": "call_ended"}, 400),
                                    ("elevenlabs", {"type": "post_call_transcription", "data": {}}, 400), ("twilio", {"CallStatus": "completed"}, 400),
                                    ("livekit", {"event": "room_started", "createdAt": str(START)}, 400), ("vapi", "[" * 100000, 400),
                                    ("vapi", {"message": {"type": "tool-calls", "call": {"id": "c"}}}, 404),
                                    ("retell", {"event": "call_ended", "call": {"call_id": "c", "start_timestamp": 17}}, 400)):
        status, _, body = senders[vendor].send(message)
        check(status == wanted, f"{vendor}: {status} {body} for {str(message)[:80]}")
        check(json.loads(body)["error"]["message"], str(body))
    check(server.get("/api/v1/audit/conservation")[1]["accepted"] == before, "something of it was taken")
    status, _, body = senders["vapi"].send({"message": {"type": "brand-new", "timestamp": ms(1), "call": {"id": "c-9"}}})
    check(status == 200 and json.loads(body)["accepted"] == 1, f"an unknown type: {status} {body}")
    check(server.metric('aybiza_webhooks_unknown_total{type="vapi.brand-new"}') == 1, "an unknown type is counted")
    check(server.metric(signature) == forged + 7, "forged signatures are counted")
    status, answer = server.get("/api/v1/calls/c-9")
    check(status == 404, f"an unknown type made a call: {answer}")


def sources(server):
    mode = os.stat(server.data / "webhook_sources").st_mode & 0o777
    check(mode == 0o600, oct(mode))
    listed = command("source", "list", "--data", server.data).stdout
    check(len(listed.splitlines()) == 6 and SECRET not in listed, listed)
    shared = add_source(server, "vapi", "--scheme", "shared")
    body = json.dumps(vapi_life("0b7e1f0a-30fd-4f49-a995-5549ae7cc00d", "")[0]).encode()
    wait_known(server, shared)
    check(server.request("POST", shared, body, {"X-Vapi-Secret": "wrong"})[0] == 401, "a wrong shared secret")
    check(server.request("POST", shared, body, {"X-Vapi-Secret": SECRET})[0] == 200, "the shared secret")
    ident = [line.split()[0] for line in command("source", "list", "--data", server.data).stdout.splitlines() if shared in line][0]
    check(command("source", "remove", "--data", server.data, ident).returncode == 0, "remove")
    wait_known(server, shared, known=False)
    check(server.request("POST", shared, body, {"X-Vapi-Secret": SECRET})[0] == 404, "a removed source")
    check(command("source", "add", "--data", server.data, "--vendor", "twilio", "--secret", "s").returncode == 1, "Twilio without its URL")
    check(command("source", "add", "--data", server.data, "--vendor", "retell").returncode == 1, "no secret")
    keyless = command("source", "add", "--data", server.data, "--vendor", "livekit", "--secret", "s")
    check(keyless.returncode == 1 and "--api-key" in keyless.stderr and keyless.stdout == "", f"LiveKit without its API key: {keyless.stderr}")


def main():
    with Server() as server:
        senders = {vendor: Sender(server, vendor, *more) for vendor, more in (
            ("vapi", ()), ("retell", ()), ("elevenlabs", ()), ("twilio", ("--public-url", PUBLIC)), ("livekit", ("--api-key", "APIkey")))}
        add_source(server, "livekit", "--api-key", "another")
        lives(server, senders)
        bad_input(server, senders)
        sources(server)
        check_conservation(server)
    print("webhooks: ok")


if __name__ == "__main__":
    main()
