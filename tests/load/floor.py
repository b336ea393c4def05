"""The floor that saving is measured against: the least a durable save can be.

A bare Flask view on the same server: read the session cookie, BEGIN IMMEDIATE, INSERT one row
with sqlite3, COMMIT, synchronous=FULL. No login, no CSRF, no rule.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request, session

from legaled.config import Config

_local = threading.local()


def load() -> Flask:
    config = Config.from_env()
    app = Flask("floor")
    app.secret_key = config.secret_key
    app.config["SESSION_COOKIE_NAME"] = "legaled"
    path = Path(config.instance) / "floor.sqlite"

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.put("/attempts/<int:attempt>/answers/<int:slot>")
    def save(attempt: int, slot: int) -> Any:
        assert session["_user_id"]
        database = _connection(path)
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO step VALUES (?, ?, ?)", (attempt, slot, request.data))
        database.execute("COMMIT")
        return jsonify(slot=slot)

    return app


def _connection(path: Path) -> sqlite3.Connection:
    if not hasattr(_local, "database"):
        database = sqlite3.connect(path, isolation_level=None, timeout=10)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE IF NOT EXISTS step (attempt INT, slot INT, answer TEXT)")
        _local.database = database
    return _local.database  # type: ignore[no-any-return]
