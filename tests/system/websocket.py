"""The socket of a LiveView page, spoken frame by frame (RFC 6455). Python's standard library only."""
import base64
import json
import os
import re
import socket
import struct
import urllib.parse


class LiveSocket:
    """One page's socket; join() opens it, joins the page and keeps the reply."""

    def __init__(self, port, cookies, csrf):
        self.tcp = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.unread, self.code, self.ref = b"", None, 0
        query = urllib.parse.urlencode({"_csrf_token": csrf, "vsn": "2.0.0"})
        lines = [f"GET /live/websocket?{query} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: http://127.0.0.1:{port}", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(), "Cookie: " + "; ".join(f"{k}={v}" for k, v in cookies.items())]
        self.tcp.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.unread:
            self.unread += self._receive()
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])

    @classmethod
    def join(cls, port, cookies, page, url=None):
        csrf = re.search(r'name="csrf-token" content="([^"]*)"', page)[1]
        main = re.search(r"<[a-z]+ [^>]*data-phx-main[^>]*>", page)[0]
        of = lambda name: re.search(rf' {name}="([^"]*)"', main)[1]
        self = cls(port, cookies, csrf)
        self.page, self.topic = page, "lv:" + of("id")
        if self.status != 101:
            raise RuntimeError(f"the socket was refused: {self.status}")
        self.reply = self.ask("phx_join", {"url": url or f"http://127.0.0.1:{port}/", "params": {"_csrf_token": csrf, "_mounts": 0}, "session": of("data-phx-session"), "static": of("data-phx-static")})
        return self

    def ask(self, event, payload):
        """Sends, and answers the reply; what the server pushed meanwhile is in .pushed."""
        self.ref += 1
        ref = str(self.ref)
        self.send([("1" if event != "phx_join" or ref == "1" else ref), ref, self.topic, event, payload])
        self.pushed = []
        while True:
            message = self.read()
            if message is None:
                return None
            if message[1] == ref and message[3] == "phx_reply":
                return message[4]
            self.pushed.append(message)

    def event(self, name, value):
        return self.ask("event", {"type": "hook", "event": name, "value": value})

    def send(self, message):
        body, mask = json.dumps(message).encode(), os.urandom(4)
        size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack(">H", len(body))
        self.tcp.sendall(b"\x81" + size + mask + bytes(byte ^ mask[i & 3] for i, byte in enumerate(body)))

    def read(self):
        """The next message; None once the socket is closed (its code in .code)."""
        while True:
            opcode, body = self._frame()
            if opcode is None:
                return None
            if opcode == 1:
                return json.loads(body)
            if opcode == 8:
                self.code = struct.unpack(">H", body[:2])[0] if len(body) >= 2 else 1005
                self.tcp.close()
                return None

    def closed_with(self, seconds):
        self.tcp.settimeout(seconds)
        while self.read() is not None:
            pass
        return self.code

    def close(self):
        self.tcp.close()

    def _receive(self):
        piece = self.tcp.recv(65536)
        if not piece:
            raise ConnectionError("the server went without a word")
        return piece

    def _frame(self):
        def have(count):
            while len(self.unread) < count:
                self.unread += self._receive()
        try:
            have(2)
            size, at = self.unread[1] & 127, 2
            if size > 125:
                width = 2 if size == 126 else 8
                have(2 + width)
                size, at = int.from_bytes(self.unread[2:2 + width], "big"), 2 + width
            have(at + size)
        except ConnectionError:
            return None, b""
        opcode, body = self.unread[0] & 15, self.unread[at:at + size]
        self.unread = self.unread[at + size:]
        return opcode, body
