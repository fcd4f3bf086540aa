"""Bodies of every format with personal data in every place that can hold a text: names and values of members, ids, labels, headers."""
import copy
import json
import pathlib
import re
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOW = int(time.time())

PHONE, EMAIL, CARD, IBAN = "+14155552671", "jane.canary@mail.example.com", "4539148803436467", "DE89370400440532013000"
CANARIES = (PHONE, "(415) 555-2671", EMAIL, CARD, "4539 1488 0343 6467", IBAN, "DE89 3704 0044 0532 0130 00")
SENTENCE = f"Call 415-555-2671 or {PHONE}, write to {EMAIL}, card 4539-1488-0343-6467 or {CARD}, account {IBAN}."
# Numbers that lie across the bounds of names (64), ids (128) and values of tags (256): what is cut there must not leave half of one.
ACROSS = tuple("word " * ((bound - 9) // 5) + "card 4539 1488 0343 6467 of " + EMAIL for bound in (64, 128, 256))
# Phones that are no texts: they are known by the names of their members.
INTEGERS = {name: int(PHONE) for name in ("to", "from", "callee", "recipient", "msisdn")} | {"ani": int(PHONE[2:])}
TEXTS = CANARIES + (SENTENCE,) + ACROSS
# What must be nowhere: each number in each spelling that was sent, and what is left of one when it is cut in the middle.
NEEDLES = [n.encode() for n in ("4155552671", "415-555-2671", "415 555 2671", "jane.canary", "@mail.example.com",
                                "4539148803", "8803436467", "4539 1488", "0343 6467", "4539-1488", "0343-6467", "DE89370400", "0532013000",
                                "DE89 3704", "0532 0130",
                                # those that calls are found by
                                "6465550143", "finder.canary", "5555555555554444", "5555 5555 5555", "GB82WEST", "GB82 WEST", "2125550187",
                                "2125550188")]
# What is left without its area code is short enough to lie in a time in microseconds or in an identity by chance: not amid other digits.
SHORT = re.compile(rb"(?<![0-9a-fA-F.])(?:555[- ]?2671|555-01(?:43|87))(?![0-9a-fA-F])")

# The ids of the shapes below, so that every body can be a call of its own, and the time they were written for.
IDS = re.compile(r'"(c|c1|call_0123|conv_3901|conv_1|RM_abc|CA0{31}1|5b8efff798038103d269b633813fc60c)"')
SHAPE_TIME = 1_790_000_000


def short(text):
    """For what is refused when it is long."""
    return text if len(text) < 60 else PHONE


def retimed(text):
    """The times of a shape, moved to some minutes ago."""
    shift = NOW - 900 - SHAPE_TIME
    text = re.sub(r"\b(1[78]\d{8})(\d{9}|\d{6}|\d{3}|)\b", lambda m: str(int(m[1]) + shift) + m[2], text)
    return re.sub(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 800)), text)


def own_call(text, number):
    def fresh(found):
        old = found[1]
        return f'"{number:0{len(old)}x}"' if len(old) == 32 else f'"CA{number:032x}"' if old.startswith("CA") else f'"{old}-{number}"'
    return IDS.sub(fresh, text)


def places(value, path=()):
    """The paths of all texts, and of all objects as (…, None)."""
    if isinstance(value, dict):
        yield path + (None,)
        for name, inner in value.items():
            yield from places(inner, path + (name,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, path + (index,))
    elif isinstance(value, str):
        yield path


def planted(shape, path, text):
    out = at = copy.deepcopy(shape)
    for step in path[:-1]:
        at = at[step]
    if path[-1] is None:  # a member that nobody knows, with the text for its name and for its value
        at[text] = text
        at["unheard_of"] = {"deep": [text, {text: 1}], "number": int(CARD), **INTEGERS}
    else:
        at[path[-1]] = text
    return out


def bodies(shape):
    """The shape with each text of TEXTS in each place, each its own call."""
    for path in list(places(shape)):
        for text in TEXTS:
            bodies.count += 1
            yield own_call(json.dumps(planted(shape, path, text)), bodies.count)


bodies.count = 0

# What the shapes of the fuzzers lack of the fields that hold personal data.
MORE = {
    "vapi": {"message": {"customer": {"number": "n", "name": "n", "sipUri": "sip:n"}, "destination": {"number": "n"}, "summary": "s", "transcript": "t",
                         "recordingUrl": "u", "stereoRecordingUrl": "u", "artifact": {"transcript": "t", "recordingUrl": "u", "variables": {"name": "n"}},
                         "analysis": {"summary": "s", "structuredData": {"name": "n"}}, "call": {"name": "n", "customer": {"number": "n"}}}},
    "retell": {"call": {"from_number": "n", "to_number": "n", "transcript": "t", "recording_url": "u", "public_log_url": "u", "metadata": {"name": "n"},
                        "retell_llm_dynamic_variables": {"name": "n"}, "collected_dynamic_variables": {"name": "n"}, "disconnection_reason": "error_x",
                        "call_analysis": {"call_summary": "s", "custom_analysis_data": {"name": "n"}}}},
    "elevenlabs": {"data": {"user_id": "u", "agent_name": "a", "metadata": {"phone_call": {"external_number": "n", "agent_number": "n"}, "error": {"reason": "r"}},
                            "conversation_initiation_client_data": {"dynamic_variables": {"name": "n"}},
                            "analysis": {"transcript_summary": "s", "data_collection_results": {"name": {"value": "v", "rationale": "r"}}}}},
    "livekit_webhook": {"room": {"metadata": "m"}, "participant": {"sid": "PA", "identity": "i", "name": "n", "metadata": "m", "kind": "SIP",
                                                                    "attributes": {"sip.phoneNumber": "n", "sip.trunkPhoneNumber": "n"}},
                        "job": {"id": "AJ", "metadata": "m", "state": {"error": "e"}}, "egressInfo": {"egressId": "e", "error": "e"}},
}


def merged(shape, more):
    if not (isinstance(shape, dict) and isinstance(more, dict)):
        return shape
    return {**more, **shape, **{k: merged(shape[k], more[k]) for k in shape.keys() & more.keys()}}


def vendor_shapes(vendor):
    for file in sorted((ROOT / "fuzz/corpus" / vendor).glob("*.json")):
        yield merged(json.loads(retimed(file.read_text(encoding="utf-8"))), MORE.get(vendor, {}))


TWILIO_FORM = {"CallSid": "CA00000000000000000000000000000001", "ParentCallSid": "p", "From": "f", "To": "t", "Caller": "c", "Called": "c", "CallerName": "n",
               "ForwardedFrom": "f", "FromCity": "c", "RecordingUrl": "u", "SpeechResult": "s", "TranscriptionText": "t", "ErrorMessage": "e", "StirVerstat": "s",
               "SipCallId": "s", "CallStatus": "completed", "Direction": "inbound", "CallDuration": "5", "AccountSid": "AC1", "Unheard": "u"}


def event_lines(openapi):
    """An event of each type for each of its members that is a text or an object, and one with members nobody knows."""
    schemas = {name: s for name, s in openapi["components"]["schemas"].items() if "properties" in s}
    number = 0
    for kind, schema in schemas.items():
        def plain(name):
            about = schema["properties"][name]
            return about["enum"][0] if "enum" in about else {"string": f"x-{number}", "object": {}}.get(about["type"], 1)
        for name, about in [*schema["properties"].items(), ("unheard_of", {"type": "object"}), ("envelope", {})]:
            for text in TEXTS:
                number += 1
                event = {"type": kind, "id": f"e-{number}", "time_s": NOW - 60, "data": {n: plain(n) for n in schema["required"]}}
                if about.get("type") == "object":
                    event["data"][name] = {text: text, "list": text} if name == "tags" else {text: [text, {"deep": text}], "number": int(CARD), **INTEGERS}
                elif name == "envelope":
                    event.update({"source": text, "subject": text, "id": f"{short(text)} {number}", text: text})
                else:
                    event["data"][name] = text
                yield event
    for text in TEXTS:
        yield {"type": text, "source": text, "time_s": NOW - 60, "data": {"call_id": text, text: text}}


def aliases():
    """(kind, source, match) of data/aliases.tsv."""
    for line in (ROOT / "data/aliases.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")[:3]


def attributes(keys, text):
    return [{"key": k, "value": {"stringValue": text}} for k in keys] + [
        {"key": text, "value": {"stringValue": text}}, {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": text}, {"intValue": CARD}]}}},
        *({"key": k, "value": {"intValue": str(v)}} for k, v in INTEGERS.items() if k not in keys),
        {"key": "map", "value": {"kvlistValue": {"values": [{"key": text, "value": {"stringValue": text}}]}}}]


SCOPES = {"pipecat": "pipecat", "livekit": "livekit-agents", "elevenlabs": "elevenlabs.convai", "genai": "shop", "none": "none"}
ITEM = {"id": "item_1", "type": "message", "role": "user", "content": ["x"], "created_at": NOW - 100.0}


def traces():
    rows = list(aliases())
    nano = (NOW - 600) * 10**9
    number = 0
    told = [(m, sorted(m2 for _, s, m2 in rows if s == "genai.message")) for kind, s, m in rows if kind == "record" and s == "genai"]
    numbered = [m.replace("#", "0") + member for kind, _, m in rows if kind == "list" for member in ("role", "content")]
    for source, scope in SCOPES.items():
        keys = sorted({m.rstrip("*") for kind, s, m in rows if kind == "attribute" and s in (source, "*", "genai")}) if source != "none" else []
        names = [m.rstrip("*") for kind, s, m in rows if kind in ("span", "operation") and s in (source, "*")] or ["chat"]
        for text in TEXTS:
            spans = []
            for name in [*names, text]:
                number += 1
                if source == "genai" and number % 2:  # texts in attributes of their own, else in the events
                    keys = [k for k in keys if "prompt" not in k and "completion" not in k and "messages" not in k] + numbered
                spans.append({"traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": name, "kind": 1, "traceState": f"a={text}",
                              "startTimeUnixNano": str(nano + number), "endTimeUnixNano": str(nano + 10**9), "attributes": attributes(keys, text),
                              "events": [{"timeUnixNano": str(nano), "name": text, "attributes": attributes(["exception.message", "exception.stacktrace", "content"], text)},
                                         *({"timeUnixNano": str(nano + at), "name": event, "attributes": attributes(keys_of, text)} for at, (event, keys_of) in enumerate(told))],
                              "links": [{"traceId": "01" * 16, "spanId": "02" * 8, "attributes": attributes(["l"], text)}],
                              "status": {"code": 2, "message": text}})
            yield {"resourceSpans": [{"resource": {"attributes": attributes(["service.name", "service.instance.id", "host.name"], text)},
                                      "scopeSpans": [{"scope": {"name": scope, "version": text, "attributes": attributes(["room_id", "job_id", "room"], text)},
                                                      "spans": spans}]}]}


def logs():
    rows = list(aliases())
    nano = str((NOW - 500) * 10**9)
    keys = sorted({m.rstrip("*") for kind, s, m in rows if kind == "attribute"} | {"agent_name", "session.options", "session.tags"})
    report = lambda text: [{"key": "chat.item", "value": {"kvlistValue": {"values": [{"key": "message", "value": {"kvlistValue": {"values": [
        {"key": "id", "value": {"stringValue": text}}, {"key": "role", "value": {"stringValue": "user"}},
        {"key": "content", "value": {"arrayValue": {"values": [{"stringValue": text}]}}}]}}}]}}},
        {"key": "evaluation", "value": {"kvlistValue": {"values": [{"key": "name", "value": {"stringValue": text}}, {"key": "reasoning", "value": {"stringValue": text}}]}}},
        {"key": "outcome", "value": {"kvlistValue": {"values": [{"key": "outcome", "value": {"stringValue": "fail"}}, {"key": "reason", "value": {"stringValue": text}}]}}},
        {"key": "tag", "value": {"kvlistValue": {"values": [{"key": "name", "value": {"stringValue": text}}]}}}]
    for scope in ("chat_history", "evaluations", "shop", CANARIES[2]):
        for text in TEXTS:
            names = [m for kind, _, m in rows if kind == "record"] + ["session report", "chat item", "evaluation", "tag", "outcome", text]
            records = [{"timeUnixNano": nano, "severityNumber": 17, "severityText": text, "body": {"stringValue": name}, "eventName": name,
                        "attributes": attributes(keys, text) + report(text)} for name in names]
            for at, name in enumerate(m for kind, s, m in rows if kind == "record" and s == "genai"):
                body = {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": text}}, {"key": "message", "value": {"kvlistValue": {"values": attributes(["content"], text)}}}]}}
                records.append({"timeUnixNano": nano, "body": body, "eventName": name, "traceId": f"{at + 1:032x}", "spanId": f"{at + 1:016x}", "attributes": attributes([text], text)})
            yield {"resourceLogs": [{"resource": {"attributes": attributes(["service.name", "room_id", "job_id"], text)},
                                     "scopeLogs": [{"scope": {"name": scope, "attributes": attributes(["room_id", "room"], text)}, "logRecords": records}]}]}


def metrics():
    nano = (NOW - 400) * 10**9
    for at, text in enumerate(TEXTS):
        point = {"startTimeUnixNano": str(nano - 10**9), "timeUnixNano": str(nano + at), "attributes": attributes(["agent", "phone"], text)}
        exemplar = [{"timeUnixNano": str(nano), "asDouble": 1, "filteredAttributes": attributes(["e"], text)}]
        number = [{**point, "asDouble": 1.5, "exemplars": exemplar}]
        kinds = {"gauge": {"dataPoints": number}, "sum": {"dataPoints": number, "aggregationTemporality": 1, "isMonotonic": True},
                 "histogram": {"aggregationTemporality": 1, "dataPoints": [{**point, "count": "2", "sum": 3, "bucketCounts": ["1", "1"], "explicitBounds": [1.5]}]},
                 "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [{**point, "count": "1", "sum": 1, "scale": 0, "positive": {"offset": 0, "bucketCounts": ["1"]}}]},
                 "summary": {"dataPoints": [{**point, "count": "1", "sum": 1, "quantileValues": [{"quantile": 0.5, "value": 1}]}]}}
        listed = [{"name": name, "description": text, "unit": text, kind: data} for kind, data in kinds.items() for name in (f"m.{kind}", text)]
        yield {"resourceMetrics": [{"resource": {"attributes": attributes(["service.name", "k8s.pod.name"], text)},
                                    "scopeMetrics": [{"scope": {"name": text, "version": text}, "metrics": listed}]}]}


def session_reports():
    shape = {"job_id": "AJ_1", "room_id": "RM_abc", "room": "call-1", "timestamp": NOW - 90.0, "sdk_version": "1.7.0", "options": {"name": "n"},
             "events": [{"type": "e"}], "audio_recording_path": "p", "chat_history": {"items": [
                 {**ITEM, "content": ["x", "y"]}, {"id": "i2", "type": "function_call", "name": "f", "arguments": "a", "call_id": "x"},
                 {"id": "i3", "type": "function_call_output", "name": "f", "output": "o", "call_id": "x"}]},
             "usage": [{"type": "llm_usage", "provider": "p", "model": "m", "input_tokens": 5}]}
    for body in bodies(shape):
        yield {"type": "livekit.session_report", "time_s": NOW - 60, "data": json.loads(body)}


def statsd_packets():
    for text in TEXTS:
        safe = text.replace("|", "_")
        yield "\n".join((f"{safe}:1|c", f"m:1|c|#agent:{safe},{safe}:v,{safe}", f"m:1|g|#a:b|c:{safe}|T{NOW - 60}", f"users:{safe}|s", f"voice.{safe}.eu:4|ms",
                         f"m:x{safe}|ms", f"m:1|{safe}", f"_e{{{len(safe)},{len(safe)}}}:{safe}|{safe}|#a:{safe}", f"_sc|{safe}|0|m:{safe}", safe)).encode()


def remote_writes():
    """(content type, message's name, message)"""
    for text in TEXTS:
        labels = [("__name__", text), ("job", text), (text, "v")]
        sample = [{"value": 1, "timestamp": (NOW - 60) * 1000}]
        yield "application/x-protobuf", "Write", {
            "timeseries": [{"labels": [{"name": n, "value": v} for n, v in labels], "samples": sample,
                            "exemplars": [{"labels": [{"name": "trace", "value": text}], "value": 1, "timestamp": 1}]}],
            "metadata": [{"type": 1, "family": text, "help": text, "unit": text}]}
        yield "application/x-protobuf;proto=io.prometheus.write.v2.Request", "Write2", {
            "symbols": ["", *[s for pair in labels for s in pair]],
            "timeseries": [{"labels_refs": [1, 2, 3, 4, 5, 6], "samples": sample, "exemplars": [{"labels_refs": [3, 4], "value": 1, "timestamp": 1}],
                            "metadata": {"type": 2, "help_ref": 2, "unit_ref": 4}}]}
