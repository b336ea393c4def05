"""What legaled/server.py promises, asked of a real server with two workers and a tiny app."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("server")

ROOT = Path(__file__).resolve().parents[2]
IDLE = 3000
HALF_SENT = 40
WORKERS = 2

TINY_APP = """
import os, time
from werkzeug import Request, Response

@Request.application
def app(request):
    if request.path == "/slow":
        time.sleep(1.5)
    if request.method == "POST":
        return Response(repr(dict(request.form)))
    return Response(str(os.getpid()))

def load():
    return app

def broken():
    raise RuntimeError("this worker cannot start")

def tick():
    with open("ticks", "a") as file:
        file.write("x")
        if file.tell() < 3:
            raise RuntimeError("a tick that fails")
"""

START = """
import sys, types
import tiny
from legaled import server

assert __name__ == "__main__", "a worker ran the starting script again"
server.TICK_SECONDS = 0.2
server.LAST_WORDS_SECONDS = 3
config = types.SimpleNamespace(host="127.0.0.1", port=int(sys.argv[1]), processes=2)
server.serve(config, load=getattr(tiny, sys.argv[2]), tick=tiny.tick)
"""


@dataclass
class Running:
    """A server process and the ways to talk to it."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def get(self, path: str = "/", timeout: float = 10) -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def send(self, data: bytes) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        client.sendall(data)
        return client

    def worker_pids(self) -> set[int]:
        """Who answers; asked often enough to meet every worker."""
        return {int(self.get()) for _ in range(40)}

    def wait_until_up(self, workers: int = WORKERS, seconds: float = 15) -> set[int]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if len(pids := self.worker_pids()) == workers:
                    return pids
            time.sleep(0.1)
        pytest.fail(f"{workers} workers did not answer in {seconds} s: {self.log()}")

    def log(self) -> str:
        return (self.folder / "log").read_text()


def launch(folder: Path, port: int, load: str = "load") -> Running:
    """Start a server in `folder`: legaled.server alone, without the rest of the package."""
    (folder / "tiny.py").write_text(TINY_APP)
    (folder / "start.py").write_text(START)
    (folder / "legaled.py").write_text(f"__path__ = [{str(ROOT / 'legaled')!r}]")
    env = os.environ | {"PYTHONPATH": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "start.py", str(port), load],
            cwd=folder,
            env=env,
            start_new_session=True,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return Running(process, port, folder)


@contextlib.contextmanager
def stopped_afterwards(server: Running) -> Iterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(timeout=15)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for the tests that leave it running."""
    server = launch(tmp_path_factory.mktemp("shared"), free_port())
    with stopped_afterwards(server):
        server.wait_until_up()
        yield server


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    """A server for a test that ends it."""
    server = launch(tmp_path, free_port())
    with stopped_afterwards(server):
        server.wait_until_up()
        yield server


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + HALF_SENT + 500:
        pytest.skip(f"the hard limit of open files is {hard}: too few for {IDLE} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def answer_to(client: socket.socket) -> tuple[int, bytes]:
    response = HTTPResponse(client)
    response.begin()
    return response.status, response.read()


ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
FORM = (
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)


@pytest.mark.usefixtures("many_files")
def test_idle_and_half_sent_connections_hold_nobody_up(shared: Running) -> None:
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(shared.send(ASK)) for _ in range(IDLE)]
        assert all(answer_to(client)[0] == 200 for client in idle)
        for _ in range(HALF_SENT):
            stack.enter_context(shared.send(FORM % (1000, b"a=1")))
        for _ in range(HALF_SENT):
            stack.enter_context(shared.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Hal"))
        time.sleep(0.3)

        slowest = 0.0
        for _ in range(100):
            began = time.monotonic()
            shared.get(timeout=5)
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 1

        began = time.monotonic()
        for client in idle:
            client.sendall(ASK)
        assert all(answer_to(client)[0] == 200 for client in idle)
        assert time.monotonic() - began < 5, "kept connections are answered as well"


def test_a_body_cut_off_by_a_lost_connection_is_refused(shared: Running) -> None:
    with shared.send(FORM % (7, b"a=1&b=2")) as client:
        assert answer_to(client) == (200, b"{'a': '1', 'b': '2'}")
    with shared.send(FORM % (70, b"a=1&b=2")) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(12) in (b"", b"HTTP/1.1 400"), "a short form must not look complete"
    chunked = (FORM % (0, b"3\r\na=1\r\n0\r\n\r\n")).replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )
    with shared.send(chunked) as client:
        assert answer_to(client)[0] == 411


def test_ticks_go_on_after_a_failure_and_in_one_process_only(shared: Running) -> None:
    ticks = shared.folder / "ticks"
    before = len(ticks.read_text())
    time.sleep(1.1)
    assert 3 <= len(ticks.read_text()) - before <= 6
    assert "a tick that fails" in shared.log()


def test_a_taken_port_is_refused_instead_of_shared(shared: Running, tmp_path: Path) -> None:
    second = launch(tmp_path, shared.port)
    with stopped_afterwards(second):
        assert second.process.wait(timeout=15) == 1
    assert "PortTakenError" in second.log()


def test_killed_workers_come_back_one_by_one_and_all_at_once(shared: Running) -> None:
    old = shared.wait_until_up()
    first = min(old)
    os.kill(first, signal.SIGKILL)
    middle = shared.wait_until_up()
    assert first not in middle
    for pid in middle:
        os.kill(pid, signal.SIGKILL)
    new = shared.wait_until_up()
    assert not middle & new


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_in_flight_finish(own: Running, number: int) -> None:
    half_sent = own.send(FORM % (1000, b"a=1"))
    idle = own.send(ASK)
    with half_sent, idle, ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(own.get, "/slow") for _ in range(20)]
        time.sleep(0.7)
        os.killpg(own.process.pid, number)  # as Ctrl-C and systemd do: to every process
        assert all(answer.result(timeout=10).isdigit() for answer in answers)
        assert own.process.wait(timeout=10) == 0, own.log()


def test_workers_do_not_outlive_a_killed_parent(own: Running) -> None:
    workers = own.worker_pids()
    own.process.kill()
    own.process.wait(timeout=5)
    deadline = time.monotonic() + 8
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker still holds the port"
        time.sleep(0.05)


def test_workers_that_cannot_start_end_the_server(tmp_path: Path) -> None:
    server = launch(tmp_path, free_port(), "broken")
    with stopped_afterwards(server):
        assert server.process.wait(timeout=15) == 1
    assert "this worker cannot start" in server.log()
