"""One structured line a request: who, what, which, result, milliseconds. No names, no answers."""

import logging
import time

import structlog
from flask import Flask, Response, g, request

from legaled.web.access import optional_actor

log = structlog.get_logger()
QUIET = frozenset({"static", "home.healthz"})


def init_app(app: Flask, level: str) -> None:
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=not app.testing,
    )
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    if request.endpoint not in QUIET:
        who = optional_actor()
        log.info(
            "request",
            who=who.id if who else None,
            what=request.endpoint,
            method=request.method,
            which=request.view_args or {},
            result=response.status_code,
            ms=round((time.perf_counter() - g.began) * 1000, 1),
        )
    return response
