"""A mail server that keeps what it is given: ESMTP over loopback with SIZE, STARTTLS and AUTH PLAIN, and replies as a test wants them. Standard library only."""
import base64
import pathlib
import socketserver
import ssl
import subprocess
import threading


def certificate(folder):
    """A certificate of 127.0.0.1 that nobody but who names it trusts; its file, and the key's."""
    folder = pathlib.Path(folder)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def handle(self):
        try:
            self.converse()
        except (ssl.SSLError, ConnectionError):  # who does not trust the certificate leaves
            pass

    def converse(self):
        sink, tls, user, sender, to = self.server.sink, False, None, None, []
        if sink.implicit:
            self.secure()
            tls = True
        self.say("220 sink ESMTP")
        while line := self.rfile.readline(2000):
            word, _, rest = line.decode().rstrip("\r\n").partition(" ")
            word = word.upper()
            if word == "EHLO":
                for one in ["250-sink", "250-SIZE 50000000"] + (["250-STARTTLS"] if sink.context and not tls else []) + (["250-AUTH PLAIN"] if sink.user else []):
                    self.say(one)
                self.say("250 8BITMIME")
            elif word == "STARTTLS":
                self.say("220 go ahead")
                self.secure()
                tls = True
            elif word == "AUTH":
                given = rest.split()[1] if len(rest.split()) > 1 else (self.say("334 ") or self.rfile.readline(2000).decode().strip())
                user = base64.b64decode(given).split(b"\0")[1:]
                good = user == [sink.user.encode(), sink.password.encode()]
                self.say("235 welcome" if good else "535 5.7.8 not these")
            elif word == "MAIL":
                sender, to = rest, []
                self.say("250 ok")
            elif word == "RCPT":
                reply = sink.next_reply("RCPT", "250 ok")
                if reply.startswith("2"):
                    to.append(rest)
                self.say(reply)
            elif word == "DATA":
                self.say("354 go on")
                body = bytearray()
                while (part := self.rfile.readline(100_000)) not in (b".\r\n", b""):
                    body += part[1:] if part.startswith(b".") else part
                    sink.longest = max(sink.longest, len(part))
                reply = sink.next_reply("DATA", "250 taken")
                if reply == "hang up":
                    return
                if reply.startswith("2"):
                    sink.keep({"from": sender, "to": to, "bytes": bytes(body), "tls": tls, "user": user})
                self.say(reply)
            elif word == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 ok")

    def secure(self):
        self.connection = self.server.sink.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")


class Sink:
    """`replies`: what to say in place of the usual, in order: ("DATA", "451 later"); "hang up" ends the connection instead."""

    def __init__(self, certificate_files=None, implicit=False, user="", password="", replies=()):
        self.context = None
        if certificate_files:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*map(str, certificate_files))
        self.implicit, self.user, self.password = implicit, user, password
        self.lock, self.mails, self.replies, self.asked, self.longest = threading.Lock(), [], list(replies), 0, 0
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads, self.server.sink = True, self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"{'smtps' if self.implicit else 'smtp'}://127.0.0.1:{self.port}"

    def next_reply(self, command, usual):
        with self.lock:
            self.asked += command == "DATA"
            if self.replies and self.replies[0][0] == command:
                return self.replies.pop(0)[1]
        return usual

    def keep(self, mail):
        with self.lock:
            self.mails.append(mail)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
