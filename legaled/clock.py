"""The server's time, in one place, so that tests can set it. For `web` and `cli` only."""

from datetime import UTC, datetime

from flask import current_app


def utc_now() -> datetime:
    """Now, to the millisecond (the protocol prints no more)."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def now() -> datetime:
    """The application's time: `utc_now`, unless the application was built with another clock."""
    at: datetime = current_app.extensions["clock"]()
    return at
