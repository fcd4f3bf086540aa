"""Events by the ten thousand, made cheaply: calls of four turns, each event with an id of its own, all acknowledged ones counted."""
import http.client
import threading
import time

EVENTS_PER_CALL = 6


def body(name, first, calls, now_ms):
    """NDJSON of so many whole calls that start at `now_ms`."""
    out = []
    for n in range(first, first + calls):
        call = f'{name}-{n}'
        about = f'"call_id":"{call}","agent_id":"agent-{n % 40}","customer_id":"c-{n % 3}"'
        out.append(f'{{"type":"call.started","id":"{call}-s","time_ms":{now_ms},"data":{{{about},"region":"r-{n % 5}"}}}}')
        for turn in range(4):
            out.append(f'{{"type":"turn","id":"{call}-{turn}","time_ms":{now_ms + turn},"data":{{"call_id":"{call}","turn_number":{turn},'
                       f'"speaker":"{"agent" if turn % 2 else "caller"}","text_content":"thank you, that works","response_time_ms":{700 + n % 50}}}}}')
        out.append(f'{{"type":"call.ended","id":"{call}-e","time_ms":{now_ms + 50},"data":{{"call_id":"{call}","call_outcome":"successful","total_duration_ms":50}}}}')
    return "\n".join(out).encode()


class Load:
    """Sends calls over one connection; remembers what was acknowledged and how long each answer took."""

    def __init__(self, port, name):
        self.port, self.name = port, name
        self.calls = 0
        self.answers = []  # (when, seconds)
        self.connection = None

    def send(self, calls):
        payload = body(self.name, self.calls, calls, int(time.time() * 1000))
        while True:
            began = time.monotonic()
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self.connection.request("POST", "/v1/events", payload, {"Content-Type": "application/x-ndjson"})
                answer = self.connection.getresponse()
                answer.read()
                if answer.status == 200:
                    break
            except (OSError, http.client.HTTPException):
                self.connection = None
            time.sleep(.02)
        self.answers.append((began, time.monotonic() - began))
        self.calls += calls


class SteadyLoad(threading.Thread):
    """So many events a second, as well as they are taken, until `finish` is set."""

    def __init__(self, port, name, events_per_second, calls=200):
        super().__init__(daemon=True)
        self.load, self.finish = Load(port, name), False
        self.calls, self.pause = calls, calls * EVENTS_PER_CALL / events_per_second

    def run(self):
        due = time.monotonic()
        while not self.finish:
            self.load.send(self.calls)
            due = max(due + self.pause, time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))
