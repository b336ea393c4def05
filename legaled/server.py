"""Serving the site: granian, set up so that slow or silent clients cannot hold up the others.

The numbers below were chosen by tests/house/test_server.py; change them there and here together.
"""

import errno
import gc
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from granian.server.mp import WorkerProcess

    from .config import Config

TICK_SECONDS = 20.0
CONNECTIONS = 8192
"""Open connections a worker keeps answering; granian's own default leaves idle ones to starve."""
BLOCKING_THREADS = 64
"""A half-sent body holds one. More would not help: at 256 the tail of a rush doubled."""
KEEP_ALIVE_MS = 75_000
"""Longer than the 20 s between two saves of a paper, so a sitting keeps its connection."""
LAST_WORDS_SECONDS = 30
"""What a request in flight may still take after SIGTERM; half-sent bodies are cut off then."""

LOOK_SECONDS = 0.5
INFANT_SECONDS = 5.0
FAILED_BIRTHS = 3
"""A worker that fails this young never started; after so many in a row the server gives up."""

log = logging.getLogger(__name__)


class PortTakenError(OSError):
    """Somebody else already listens on this address; nothing was started."""


class _Server(MPServer):
    """granian's parent process with a loop of its own.

    granian's loop reads a list and clears a flag while other threads fill both: two workers killed
    together can leave one dead for good, or the parent spinning at 100 %. This one only looks.
    """

    failed_births = 0

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        while not self.interrupt_signal:
            if self.reload_signal:
                self._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call] # granian's
            dead = [worker for worker in self.wrks if worker.inner.exitcode is not None]
            if dead:
                if self._too_many_failed_births(dead):
                    break
                self._respawn_workers([worker.idx for worker in dead], spawn_target, target_loader)
            self.main_loop_interrupt.wait(LOOK_SECONDS)
            self.main_loop_interrupt.clear()

    def _too_many_failed_births(self, dead: "list[WorkerProcess]") -> bool:
        # Killed from outside (a negative exit code) is no failure of the worker's: replace it.
        failed = any(
            worker.inner.exitcode > 0 and time.monotonic() - worker.birth < INFANT_SECONDS
            for worker in dead
        )
        self.failed_births = self.failed_births + 1 if failed else 0
        return self.failed_births >= FAILED_BIRTHS

    def shutdown(self, exit_code: int = 0) -> None:
        # granian would exit with 1 for a worker lost and replaced hours ago.
        self.interrupt_children.clear()
        failed = self.failed_births >= FAILED_BIRTHS
        super().shutdown(exit_code or int(failed))  # type: ignore[no-untyped-call] # granian's


def serve(
    config: "Config",
    *,
    load: "Callable[[], WSGIApplication] | None" = None,
    tick: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; returns once every request in flight has been answered.

    `load` builds the application inside each worker (default: `create_app(config)`). Workers are
    fresh interpreters, so `load` must be picklable and nothing open here is shared with them.
    A worker that dies is replaced. `tick` runs in this process at once and then every 20 seconds.
    Raises PortTakenError (another OSError for an address that is not ours) before starting
    anything; SystemExit(1) when workers die at birth.
    """
    limit = _raise_file_limit()
    refuse_taken_port(config.host, config.port)
    _start_workers_afresh()
    server = _Server(
        "legaled",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=config.processes,
        blocking_threads=BLOCKING_THREADS,
        backlog=4096,
        backpressure=min(CONNECTIONS, max(limit - 256, 128)),
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=KEEP_ALIVE_MS),
        log_level=LogLevels.warning,
        log_access=False,
        workers_kill_timeout=LAST_WORDS_SECONDS,
    )
    # The warning says 64 threads are many for this machine. They wait, they do not compute.
    logging.getLogger("_granian").addFilter(lambda record: "spawning up to" not in record.msg)
    stop = threading.Event()
    if tick is not None:
        _in_background(stop, TICK_SECONDS, tick)
    server.on_shutdown(stop.set)
    server.serve(
        target_loader=partial(_worker_app, load or partial(_default_load, config)),
        wrap_loader=False,
    )


def _default_load(config: "Config") -> "WSGIApplication":
    from . import create_app

    return create_app(config)


def _worker_app(load: "Callable[[], WSGIApplication]") -> "WSGIApplication":
    """Runs in the worker: the application, and an end to the worker if its parent is gone."""
    # Ctrl-C reaches the whole process group. Met by SIGINT and the parent's SIGTERM at once, one
    # worker in three hung until it was killed; the parent's signal is enough.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, name="orphan-guard", daemon=True).start()
    app = refuse_cut_bodies(load())
    # What was loaded stays: looking it through again held everybody up for 0.1 s every 2 s.
    gc.collect()
    gc.freeze()
    return app


def _end_with_parent() -> None:
    # Left alone, a worker would keep the port and answer beside the next server's workers.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def refuse_cut_bodies(app: "WSGIApplication") -> "WSGIApplication":
    """The application, but a body cut off by a lost connection is an error and not a short form.

    granian hands over an empty body then and claims it is complete ("wsgi.input_terminated").
    Without that claim Werkzeug counts, and raises ClientDisconnected (400) when bytes are missing.
    A body without a length cannot be counted: 411.
    """

    def counted(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ.pop("wsgi.input_terminated", None)
        if "HTTP_TRANSFER_ENCODING" in environ and "CONTENT_LENGTH" not in environ:
            start_response("411 Length Required", [("Content-Length", "0")])
            return [b""]
        return app(environ, start_response)

    return counted


def _raise_file_limit() -> int:
    """Each connection is an open file: allow as many as we may, and say how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else CONNECTIONS * 2


def refuse_taken_port(host: str, port: int) -> None:
    # granian binds with SO_REUSEPORT: a second server would silently take half of the requests.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTakenError(error.errno, f"{host}:{port}") from error


def _start_workers_afresh() -> None:
    """Spawn, never fork, and do not run the starting script again in the worker.

    SQLite keeps its locks in a table of the process. A forked worker inherits it, believes for
    ever that the parent's locks are its own, and answers "database is locked" from then on.
    """
    multiprocessing.set_start_method("spawn", force=True)
    main = sys.modules["__main__"]
    main.__spec__ = None
    main.__file__ = None


def _in_background(stop: threading.Event, seconds: float, job: Callable[[], None]) -> None:
    """Run `job` now and every so many seconds until `stop`; what it raises is logged."""

    def beat() -> None:
        while not stop.is_set():
            try:
                job()
            except Exception:
                log.exception("background job failed, trying again in %s s", seconds)
            stop.wait(seconds)

    threading.Thread(target=beat, name="tick", daemon=True).start()
