"""Protobuf and Snappy, as little of them as the tests send: messages are the JSON forms of OTLP and of remote write, written by field numbers."""
import base64
import struct

# Message -> field -> (number, kind). Kinds: s text, b bytes (hexadecimal or base64 text), v varint, z zigzag, i sfixed64, f fixed64, d double,
# F packed fixed64, D packed doubles, V packed varints, Z packed zigzag; a message's name for a message, and all but packed ones may be lists.
ANY = {"stringValue": (1, "s"), "boolValue": (2, "v"), "intValue": (3, "v"), "doubleValue": (4, "d"), "arrayValue": (5, "Array"),
       "kvlistValue": (6, "List"), "bytesValue": (7, "b")}
POINT = {"startTimeUnixNano": (2, "f"), "timeUnixNano": (3, "f")}
EXEMPLARS = "Exemplar"
MESSAGES = {
    "Value": ANY, "Array": {"values": (1, "Value")}, "List": {"values": (1, "KeyValue")}, "KeyValue": {"key": (1, "s"), "value": (2, "Value")},
    "Resource": {"attributes": (1, "KeyValue")},
    "Scope": {"name": (1, "s"), "version": (2, "s"), "attributes": (3, "KeyValue")},
    "Traces": {"resourceSpans": (1, "ResourceSpans")}, "Metrics": {"resourceMetrics": (1, "ResourceMetrics")}, "Logs": {"resourceLogs": (1, "ResourceLogs")},
    "ResourceSpans": {"resource": (1, "Resource"), "scopeSpans": (2, "ScopeSpans"), "schemaUrl": (3, "s")},
    "ResourceMetrics": {"resource": (1, "Resource"), "scopeMetrics": (2, "ScopeMetrics"), "schemaUrl": (3, "s")},
    "ResourceLogs": {"resource": (1, "Resource"), "scopeLogs": (2, "ScopeLogs"), "schemaUrl": (3, "s")},
    "ScopeSpans": {"scope": (1, "Scope"), "spans": (2, "Span"), "schemaUrl": (3, "s")},
    "ScopeMetrics": {"scope": (1, "Scope"), "metrics": (2, "Metric"), "schemaUrl": (3, "s")},
    "ScopeLogs": {"scope": (1, "Scope"), "logRecords": (2, "Record"), "schemaUrl": (3, "s")},
    "Span": {"traceId": (1, "b"), "spanId": (2, "b"), "traceState": (3, "s"), "parentSpanId": (4, "b"), "name": (5, "s"), "kind": (6, "v"),
             "startTimeUnixNano": (7, "f"), "endTimeUnixNano": (8, "f"), "attributes": (9, "KeyValue"), "events": (11, "SpanEvent"),
             "links": (13, "Link"), "status": (15, "Status")},
    "SpanEvent": {"timeUnixNano": (1, "f"), "name": (2, "s"), "attributes": (3, "KeyValue")},
    "Link": {"traceId": (1, "b"), "spanId": (2, "b"), "traceState": (3, "s"), "attributes": (4, "KeyValue")},
    "Status": {"message": (2, "s"), "code": (3, "v")},
    "Record": {"timeUnixNano": (1, "f"), "severityNumber": (2, "v"), "severityText": (3, "s"), "body": (5, "Value"), "attributes": (6, "KeyValue"),
               "traceId": (9, "b"), "spanId": (10, "b"), "eventName": (12, "s")},
    "Metric": {"name": (1, "s"), "description": (2, "s"), "unit": (3, "s"), "gauge": (5, "Gauge"), "sum": (7, "Sum"), "histogram": (9, "Histogram"),
               "exponentialHistogram": (10, "Exponential"), "summary": (11, "Summary"), "metadata": (12, "KeyValue")},
    "Gauge": {"dataPoints": (1, "Number")},
    "Sum": {"dataPoints": (1, "Number"), "aggregationTemporality": (2, "v"), "isMonotonic": (3, "v")},
    "Histogram": {"dataPoints": (1, "HistogramPoint"), "aggregationTemporality": (2, "v")},
    "Exponential": {"dataPoints": (1, "ExponentialPoint"), "aggregationTemporality": (2, "v")},
    "Summary": {"dataPoints": (1, "SummaryPoint")},
    "Number": {**POINT, "attributes": (7, "KeyValue"), "asDouble": (4, "d"), "asInt": (6, "i"), "exemplars": (5, EXEMPLARS)},
    "HistogramPoint": {**POINT, "attributes": (9, "KeyValue"), "count": (4, "f"), "sum": (5, "d"), "bucketCounts": (6, "F"), "explicitBounds": (7, "D"),
                       "exemplars": (8, EXEMPLARS), "min": (11, "d"), "max": (12, "d")},
    "ExponentialPoint": {**POINT, "attributes": (1, "KeyValue"), "count": (4, "f"), "sum": (5, "d"), "scale": (6, "z"), "zeroCount": (7, "f"),
                         "positive": (8, "Buckets"), "negative": (9, "Buckets"), "exemplars": (11, EXEMPLARS), "min": (12, "d"), "max": (13, "d")},
    "Buckets": {"offset": (1, "z"), "bucketCounts": (2, "V")},
    "SummaryPoint": {**POINT, "attributes": (7, "KeyValue"), "count": (4, "f"), "sum": (5, "d"), "quantileValues": (6, "Quantile")},
    "Quantile": {"quantile": (1, "d"), "value": (2, "d")},
    "Exemplar": {"filteredAttributes": (7, "KeyValue"), "timeUnixNano": (2, "f"), "asDouble": (3, "d"), "asInt": (6, "i"), "spanId": (4, "b"), "traceId": (5, "b")},
    # Prometheus remote write: 1.0, then 2.0.
    "Write": {"timeseries": (1, "Series"), "metadata": (3, "Metadata")},
    "Series": {"labels": (1, "Label"), "samples": (2, "Sample"), "exemplars": (3, "WriteExemplar")},
    "Label": {"name": (1, "s"), "value": (2, "s")}, "Sample": {"value": (1, "d"), "timestamp": (2, "v")},
    "WriteExemplar": {"labels": (1, "Label"), "value": (2, "d"), "timestamp": (3, "v")},
    "Metadata": {"type": (1, "v"), "family": (2, "s"), "help": (4, "s"), "unit": (5, "s")},
    "Write2": {"symbols": (4, "s"), "timeseries": (5, "Series2")},
    "Series2": {"labels_refs": (1, "V"), "samples": (2, "Sample"), "exemplars": (4, "Exemplar2"), "metadata": (5, "Metadata2")},
    "Exemplar2": {"labels_refs": (1, "V"), "value": (2, "d"), "timestamp": (3, "v")},
    "Metadata2": {"type": (1, "v"), "help_ref": (3, "v"), "unit_ref": (4, "v")},
}


def varint(value):
    value = int(value) & 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint(int(value) << 1 ^ int(value) >> 63)


def raw(text):
    try:
        return bytes.fromhex(text)
    except ValueError:
        return base64.b64decode(text + "=" * (-len(text) % 4))


SCALARS = {"v": (0, varint), "z": (0, zigzag), "i": (1, lambda v: struct.pack("<q", int(v))), "f": (1, lambda v: struct.pack("<Q", int(v))),
           "d": (1, lambda v: struct.pack("<d", float(v)))}
LENGTHS = {"s": lambda v: v.encode(), "b": raw}
PACKED = {"F": "f", "D": "d", "V": "v", "Z": "z"}


def encode(message, name):
    """The bytes of a message of MESSAGES; members that it does not know are an error of the test."""
    out = bytearray()
    for member, value in message.items():
        number, kind = MESSAGES[name][member]
        if kind in PACKED:
            body = b"".join(SCALARS[PACKED[kind]][1](v) for v in value)
            out += varint(number << 3 | 2) + varint(len(body)) + body
            continue
        for one in value if isinstance(value, list) else [value]:
            if kind in SCALARS:
                wire, pack = SCALARS[kind]
                out += varint(number << 3 | wire) + pack(one)
            else:
                body = LENGTHS[kind](one) if kind in LENGTHS else encode(one, kind)
                out += varint(number << 3 | 2) + varint(len(body)) + body
    return bytes(out)


def snappy(data):
    """A Snappy block of literals only."""
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 1 << 16):
        piece = data[at:at + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return bytes(out)
