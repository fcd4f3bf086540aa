"""SIGKILL under load: nothing acknowledged is lost, nothing counts twice, live equals stored."""
import http.client
import json
import os
import random
import sys
import threading
import time

from harness import Server, check, check_conservation

ROUNDS = int(os.environ.get("AYBIZA_KILLS") or (200 if os.environ.get("AYBIZA_TEST_LONG") else 20))
SENDERS = 8
# Of a million calls that live state let go it knows the ids (docs/limits.md); beyond them a call that begins with its rating is taken for one of
# those, and reconcile has no complete live state to compare. What comes after this many is sent slowly.
CALLS_AT_FULL_SPEED = 880_000


class SenderThread(threading.Thread):
    """Posts batches and keeps every one until a 200 says that it is on disk; a third are sent twice, some events late."""

    def __init__(self, number, port):
        super().__init__(daemon=True)
        self.number, self.port = number, port
        self.rng = random.Random(number)
        self.calls = self.turns = self.ratings = 0
        self.finish = False
        self.ceiling = None  # calls at which it rests
        self.sent = 0

    def events(self):
        call = f"k-{self.number}-{self.sent}"
        self.sent += 1
        now = time.time()
        late = self.rng.choice([0, 0, 0, 60, 400])
        stamp = int((now - late - .1) * 1000)  # nothing of a call lies in the future, where a question that ends now does not look
        base = {"call_id": call, "agent_id": f"agent-{self.sent % 40}", "customer_id": f"c-{self.number % 3}",
                "region": ["us", "eu", "ap"][self.sent % 3]}
        out = [{"type": "call.started", "id": call + "-s", "time_ms": stamp, "data": base}]
        for turn in range(4):
            out.append({"type": "turn", "id": f"{call}-t{turn}", "time_ms": stamp + turn * 10,
                        "data": {"call_id": call, "turn_number": turn, "speaker": ["caller", "agent"][turn % 2],
                                 "text_content": "thank you, that works", "response_time_ms": 700 + turn}})
        out.append({"type": "call.ended", "id": call + "-e", "time_ms": stamp + 50,
                    "data": {"call_id": call, "call_outcome": "successful", "total_duration_ms": 50 + turn}})
        out.append({"type": "call.rated", "id": call + "-r", "time_ms": stamp + 60,
                    "data": {"call_id": call, "customer_satisfaction_score": 4}})
        self.rng.shuffle(out)
        return out

    def run(self):
        while not self.finish:
            if self.ceiling is not None and self.calls >= self.ceiling:
                time.sleep(.02)
                continue
            if self.calls > CALLS_AT_FULL_SPEED / SENDERS:
                time.sleep(.5)
            batch = [e for _ in range(20) for e in self.events()]
            body = "\n".join(json.dumps(e) for e in batch).encode()
            copies = 2 if self.rng.random() < .33 else 1
            while copies > 0:
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                    connection.request("POST", "/v1/events", body, {"Content-Type": "application/x-ndjson"})
                    answer = connection.getresponse()
                    text = answer.read()
                    connection.close()
                    if answer.status == 200:
                        counted = json.loads(text)
                        assert counted["rejected"] == 0, counted
                        copies -= 1
                        continue
                except (OSError, http.client.HTTPException):
                    pass
                time.sleep(.02)
            self.calls += 20
            self.turns += 80
            self.ratings += 20


def main():
    rng = random.Random(5)
    with Server() as server:
        senders = [SenderThread(i, server.port) for i in range(SENDERS)]
        for sender in senders:
            sender.start()
        slowest = 0.0
        for kills in range(ROUNDS):
            if kills % 20 == 0:
                print(f"{kills} of {ROUNDS} kills, slowest start to ready {slowest:.2f} s", file=sys.stderr, flush=True)
            time.sleep(rng.uniform(.15, 1.2))
            server.kill()
            began = time.time()
            server.start(server.port)
            slowest = max(slowest, time.time() - began)
        for sender in senders:
            sender.finish = True
        for sender in senders:
            sender.join(300)
            check(not sender.is_alive(), "a sender cannot get its last batch through")
        want = [sum(s.calls for s in senders), sum(s.turns for s in senders), sum(s.ratings for s in senders)]
        for source in ("store", "auto"):
            answer = server.query(select="calls,turns,rated_calls", window="24h", source=source)
            if answer["rows"][0] != want:  # whether rows are wrong, or one look at them was
                minutes = server.query(select="calls,turns", window="24h", step="1m", source=source)
                again = server.query(select="calls,turns,rated_calls", window="24h", source=source)
                print(f"by minute: {[row for row in minutes['rows'] if row[1] or row[2]]}\nagain, of {again['source']}: {again['rows'][0]}", file=sys.stderr)
            check(answer["rows"][0] == want, f"{source}: got {answer['rows'][0]} of {answer['source']}, acknowledged {want}")
        status, audit = server.get("/api/v1/audit/reconcile")
        check(status == 200 and audit["mismatches"] == 0, f"reconcile: {audit}")
        check_conservation(server)
        print(f"{ROUNDS} kills, {want[0]} calls, {want[1]} turns: nothing lost, nothing twice; "
              f"slowest start to ready {slowest:.2f} s")


if __name__ == "__main__":
    sys.exit(main())
