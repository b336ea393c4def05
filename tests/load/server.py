"""The product's server in a process of its own, and what it costs."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from legaled.config import Config

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """A running server: its port and its processes."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.port = port

    def pids(self) -> list[int]:
        """The parent and every process below it."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            except FileNotFoundError:
                continue
            waiting += map(int, children.split())
        return found

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far."""
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def kill(self) -> None:
        """kill -9 of every process, as when the power goes."""
        for pid in self.pids():
            os.kill(pid, 9)
        self.process.wait()


@contextmanager
def serving(
    config: Config, app: str = "legaled", workers: int = 2, port: int = 0
) -> Iterator[Served]:
    """Serve `legaled` (or `tests.load.floor`) until the block ends; on a free port by default."""
    port = port or free_port()
    config = replace(config, port=port, workers=workers)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load.serve", app],
        cwd=ROOT,
        env={
            **os.environ, "LEGALED_INSTANCE": str(config.instance),
            "LEGALED_SECRET_KEY": config.secret_key, "LEGALED_PORT": str(port),
            "LEGALED_DATABASE_URL": config.database_url, "LEGALED_WORKERS": str(workers),
            "LEGALED_LOG_LEVEL": "INFO",
        },
        stdout=subprocess.DEVNULL,
    )
    served = Served(process, port)
    try:
        _wait(served)
        yield served
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def _wait(served: Served) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", served.port), 1) as probe:
                probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if probe.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        if served.process.poll() is not None:
            raise RuntimeError("the server did not start")
        time.sleep(0.1)
    raise RuntimeError("the server did not answer")
