"""A `castle serve` in a temporary directory, a connection that can be cut, and counting of checks."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

PATIENCE_S = 20
CONFIG = """
[fix]
listen = "127.0.0.1:0"
[telemetry]
latency_log = "latency.hlog"
latency_interval_s = 1
[[asset]]
name = "BTC"
scale = 8
[[asset]]
name = "USDT"
scale = 8
[[instrument]]
symbol = "BTCUSDT"
base = "BTC"
quote = "USDT"
price_scale = 2
quantity_scale = 5
tick = "0.01"
lot = "0.00001"
reference_price = "60000"
collar_percent = 20
[[account]]
id = 2
deposits = { BTC = "100", USDT = "10000000" }
[[account]]
id = 3
deposits = { BTC = "100", USDT = "10000000" }
[[session]]
comp_id = "ALICE"
account = 2
[[session]]
comp_id = "BOB"
account = 3
"""


class Exchange:
    """A running exchange; leaving the context stops it and removes its directory."""

    def __init__(self, binary):
        self.binary = os.path.abspath(binary)

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="castle-client-")
        with open(os.path.join(self.directory, "castle.toml"), "w") as file:
            file.write(CONFIG)
        self.process = subprocess.Popen(
            [self.binary, "serve", "--config", "castle.toml"],
            cwd=self.directory, stdout=subprocess.PIPE, text=True)
        guard = threading.Timer(PATIENCE_S, self.process.kill)
        guard.start()
        self.port = None
        for line in self.process.stdout:
            if line.startswith("FIX 4.4 on "):
                self.port = int(line.split()[3].rsplit(":", 1)[1])
            if line.strip() == "ready":
                break
        guard.cancel()
        if self.port is None:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.directory, ignore_errors=True)
            raise SystemExit("castle serve did not become ready")
        return self

    def __exit__(self, *_):
        timed = self._timed()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process.stdout.close()
        logged = read_latencies(os.path.join(self.directory, "latency.hlog"))
        check("HdrHistogram's Python package reads as many latencies as the operator was shown",
              logged == timed and timed.get("whole", 0) > 0, f"{logged}, not {timed}")
        shutil.rmtree(self.directory, ignore_errors=True)
        check("the exchange stops in order", code == 0, f"it ended with {code}")


    def _timed(self):
        """How many orders were timed at each stage, as the operator is shown."""
        command = [self.binary, "admin", "latency", "--config", "castle.toml", "--json"]
        answer = subprocess.run(command, cwd=self.directory, capture_output=True, timeout=PATIENCE_S)
        rows = json.loads(answer.stdout or "{}").get("since_start", [])
        return {row["stage"]: row["count"] for row in rows if row["count"] > 0}


def read_latencies(path):
    """How many values an interval log has under each tag."""
    found = {}
    reader = HistogramLogReader(path, HdrHistogram(1, 60_000_000_000, 3))
    while (interval := reader.get_next_interval_histogram()) is not None:
        found[interval.get_tag()] = found.get(interval.get_tag(), 0) + interval.get_total_count()
    reader.close()
    return found


class Wire:
    """A port that passes bytes on to the exchange, until it is cut."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        self.up = True
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Breaks what is connected and refuses what comes, until `mend`."""
        self.up = False
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs.clear()

    def mend(self):
        self.up = True

    def close(self):
        self.closed = True
        self.cut()
        self.listener.close()

    def _accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.up:
                client.close()
                continue
            venue = socket.create_connection(("127.0.0.1", self.target))
            self.pairs.append((client, venue))
            threading.Thread(target=self._pass_on, args=(client, venue), daemon=True).start()

    @staticmethod
    def _pass_on(client, venue):
        other = {client: venue, venue: client}
        try:
            while True:
                for end in select.select([client, venue], [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    other[end].sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            client.close()
            venue.close()


_passed = 0
_failed = 0


def check(name, holds, found=""):
    """Counts a check and says how it went."""
    global _passed, _failed
    if holds:
        _passed += 1
        print(f"ok   {name}")
    else:
        _failed += 1
        print(f"FAIL {name}: {found}")


def wait_for(condition, seconds=PATIENCE_S):
    """True once the condition holds, False where it did not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def conclude():
    print(f"{_passed} passed, {_failed} failed", flush=True)
    # Threads of a client library must not keep the process.
    sys.stdout.flush()
    os._exit(1 if _failed else 0)
