"""What a phone carries while its owner signs in: which browser it is, what it scanned, and when.

All of it is signed with the site's key, and no script can read it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeSerializer

DEVICE, SCAN = "device", "scan"
DEVICE_AGE = 2 * 365 * 24 * 3600
TICKET_LIVES = 120  # seconds between the scan and the button, or between the scan and signing in


def device_of() -> str | None:
    """The browser as the database knows it; None if it has not been seen before."""
    found = _read(DEVICE, request.cookies.get(DEVICE, ""))
    return hashlib.sha256(found.encode()).hexdigest() if isinstance(found, str) else None


def give_device(response: Response) -> tuple[Response, str]:
    """Name a browser that has no name yet, at random; returns what the database will call it."""
    token = secrets.token_urlsafe(24)
    _set(response, DEVICE, _sealed(DEVICE, token), DEVICE_AGE)
    return response, hashlib.sha256(token.encode()).hexdigest()


# ---- the scan, when the person still has to sign in to the site ----

def note_scan(response: Response, session_id: int, code: str, at: datetime) -> None:
    """This browser asked for the sign-in page with this code, now."""
    _set(response, SCAN, _sealed(SCAN, [session_id, code, int(at.timestamp())]), TICKET_LIVES)


def scanned_at(session_id: int, code: str, at: datetime) -> datetime | None:
    """When this browser asked with this code, if that was less than two minutes ago."""
    found = _read(SCAN, request.cookies.get(SCAN, ""))
    if not (isinstance(found, list) and found[:2] == [session_id, code]):
        return None
    when = datetime.fromtimestamp(found[2], at.tzinfo)
    return when if 0 <= (at - when).total_seconds() <= TICKET_LIVES else None


# ---- the ticket on the page with the button ----

@dataclass(frozen=True)
class Ticket:
    """Whoever scanned a good code: one session, one person, one browser, for two minutes."""

    session_id: int
    person: int
    device: str
    at: int

    def seal(self) -> str:
        return _sealed("ticket", [self.session_id, self.person, self.device, self.at])


def ticket_problem(
    sealed: str, session_id: int, person: int, device: str | None, at: datetime
) -> str | None:
    """The code of why a ticket does not count here and now, or None."""
    found = _read("ticket", sealed)
    if not isinstance(found, list) or found[0] != session_id:
        return "ticket_bad"
    if found[1] != person:
        return "ticket_of_another"
    if device is None or found[2] != device:
        return "ticket_bad"
    old = at.timestamp() - found[3]
    return None if 0 <= old <= TICKET_LIVES else "ticket_old"


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt=f"session-{purpose}")


def _sealed(purpose: str, value: Any) -> str:
    sealed: str | bytes = _serializer(purpose).dumps(value)
    return sealed if isinstance(sealed, str) else sealed.decode()


def _read(purpose: str, sealed: str) -> Any:
    try:
        return _serializer(purpose).loads(sealed)
    except BadData:
        return None


def _set(response: Response, name: str, value: str, age: int) -> None:
    response.set_cookie(
        name, value, max_age=age, httponly=True, samesite="Lax", path="/sessions",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]))
