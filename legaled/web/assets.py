"""Style sheets and scripts: one folder, addressed by content so that browsers may keep them."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from flask import Flask, Response, g, request, send_from_directory
from flask_compress import Compress

from legaled.web.access import ANYONE, allow

BOOTSTRAP = Path(str(files("flask_bootstrap"))) / "static" / "bootstrap5" / "css"
STATIC = Path(__file__).resolve().parent.parent / "static"
HOUR = 3600
YEAR = 365 * 24 * HOUR
CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def init_app(app: Flask) -> None:
    Compress(app)
    app.add_url_rule("/bootstrap/<path:filename>", "bootstrap", bootstrap)
    app.jinja_env.globals["asset"] = asset
    app.after_request(_headers)


@allow(ANYONE)
def bootstrap(filename: str) -> Response:
    return send_from_directory(BOOTSTRAP, filename, max_age=YEAR)


def asset(name: str) -> str:
    """The URL of a static file, with its content's hash; `bootstrap/…` comes from the package."""
    return request.script_root + _address(name)


@cache
def _address(name: str) -> str:
    """Without the prefix under which the site may be mounted."""
    folder, _, rest = name.partition("/")
    if folder == "bootstrap":
        return f"/bootstrap/{rest}?v={_hash(BOOTSTRAP / rest)}"
    return f"/static/{name}?v={_hash(STATIC / name)}"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)  # a view may say its own
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint in {"static", "bootstrap"} and response.status_code < 400:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    elif g.get("private_copy") and response.status_code < 400:
        response.headers["Cache-Control"] = f"private, max-age={HOUR}"
    else:  # also over what send_file has set
        response.headers["Cache-Control"] = "no-store"
    return response
