"""A PostgreSQL server in a temporary directory, reached by a unix socket; ended by its own process id. AYBIZA_POSTGRES_BIN chooses its programs,
AYBIZA_POSTGRES_WITH an extension of theirs that is loaded at the start and made in the database (citus, timescaledb)."""
import glob
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time


def binaries():
    """The newest installed server from version 15 on, or what AYBIZA_POSTGRES_BIN names; None: there is none."""
    chosen = os.environ.get("AYBIZA_POSTGRES_BIN")
    found = [chosen] if chosen else glob.glob("/usr/lib/postgresql/*/bin")
    found = [f for f in found if (pathlib.Path(f) / "initdb").exists()]
    version = lambda folder: int((re.findall(r"\d+", folder) or ["0"])[-1])  # noqa: E731
    return max((f for f in found if chosen or version(f) >= 15), key=version, default=None)


# Triggers are how tests make a server slow or full; a cluster of one node reaches itself as we do.
SETTINGS = {"citus": "citus.enable_unsafe_triggers=on\ncitus.shard_count=4\ncitus.local_hostname='{directory}'\n",
            "timescaledb": "timescaledb.telemetry_level=off\n"}


class PostgresServer:
    def __init__(self, folder):
        self.folder = folder
        self.directory = tempfile.mkdtemp(prefix="aybiza-pg-")
        self.user = None
        if os.geteuid() == 0:  # the server refuses to run as root
            try:
                self.user = pwd.getpwnam("postgres")
            except KeyError:
                self.user = pwd.getpwnam("nobody")
            os.chown(self.directory, self.user.pw_uid, self.user.pw_gid)
        self.process = None
        self.run("initdb", "-D", self.directory + "/data", "-U", "aybiza", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync").wait(120)
        with open(self.directory + "/data/postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write(f"listen_addresses=''\nunix_socket_directories='{self.directory}'\nmax_connections=60\n")
            extension = os.environ.get("AYBIZA_POSTGRES_WITH")
            if extension:
                file.write(f"shared_preload_libraries='{extension}'\n{SETTINGS.get(extension, '').format(directory=self.directory)}")
        self.start()
        if extension:
            self.ask(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        if extension == "citus":
            self.ask(f"SELECT citus_set_coordinator_host('{self.directory}')")
            self.ask(f"SELECT citus_set_node_property('{self.directory}', 5432, 'shouldhaveshards', true)")

    @property
    def url(self):
        return "postgresql://aybiza@/postgres?host=" + self.directory

    def run(self, program, *args, **options):
        log = open(self.directory + "/log", "ab")  # noqa: SIM115
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        return subprocess.Popen([f"{self.folder}/{program}", *args], stdin=subprocess.DEVNULL, cwd=self.directory,
                                **{"stdout": log, "stderr": log, **who, **options})

    def start(self):
        end = time.monotonic() + 60
        self.process = None
        while self.run("psql", "-XAtc", "SELECT 1", self.url).wait() != 0:
            if self.process is None or self.process.poll() is not None:  # again, where a killed one is still in its way
                self.process = self.run("postgres", "-D", self.directory + "/data")
            if time.monotonic() > end:
                raise RuntimeError("PostgreSQL did not start:\n" + pathlib.Path(self.directory + "/log").read_text(encoding="utf-8")[-2000:])
            time.sleep(.05)

    def stop(self, how=signal.SIGQUIT):
        """SIGINT: fast; SIGQUIT: at once; SIGKILL: every process of it, as in a power cut."""
        if self.process and self.process.poll() is None:
            for pid in self.children() if how == signal.SIGKILL else []:
                self.send(pid, how)
            self.send(self.process.pid, how)
            self.process.wait(60)

    def children(self):
        return [int(pid) for pid in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    @staticmethod
    def send(pid, what):
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            pass

    def pause(self, paused):
        """The whole server stands still, or goes on."""
        for pid in [self.process.pid, *self.children()]:
            self.send(pid, signal.SIGSTOP if paused else signal.SIGCONT)

    def ask(self, text):
        answer = self.run("psql", "-XAt", "-F,", "-v", "ON_ERROR_STOP=1", "-c", text, self.url, stdout=subprocess.PIPE)
        out = answer.communicate(timeout=60)[0].decode()
        if answer.returncode != 0:
            raise RuntimeError(f"psql refuses {text}")
        return [line.split(",") for line in out.splitlines()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
