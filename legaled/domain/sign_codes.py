"""Sign-in codes that change every 30 seconds: one for the QR code, six digits to type."""

import hmac
from collections.abc import Iterator
from datetime import datetime

STEP_SECONDS = 30
QR_STEPS_BACK = 1  # the current step and the one before it
DIGITS_STEPS_BACK = 2  # typing takes longer than scanning
QR_LENGTH = 20
DIGITS = 6


def step_of(now: datetime) -> int:
    """Which 30 seconds of the calendar it is."""
    return int(now.timestamp()) // STEP_SECONDS


def seconds_left(now: datetime) -> int:
    """Until the next code: 1 to 30."""
    return STEP_SECONDS - int(now.timestamp()) % STEP_SECONDS


def code_for(secret: str, session_id: int, step: int) -> str:
    """What the QR code carries: nobody can make it without the session's secret."""
    return _digest(secret, "qr", session_id, step).hex()[:QR_LENGTH]


def digits_for(secret: str, session_id: int, step: int) -> str:
    """The six digits below the QR code; they tell nothing of what the QR code carries."""
    number = int.from_bytes(_digest(secret, "digits", session_id, step)[:8], "big")
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def accepts(secret: str, session_id: int, code: str, now: datetime) -> bool:
    """True for the code on the screen now and for the one before it."""
    steps = _steps(now, QR_STEPS_BACK)
    return _any_is(code, (code_for(secret, session_id, step) for step in steps))


def accepts_digits(secret: str, session_id: int, digits: str, now: datetime) -> bool:
    """True for the six digits on the screen now and for the two before them."""
    steps = _steps(now, DIGITS_STEPS_BACK)
    return _any_is(digits, (digits_for(secret, session_id, step) for step in steps))


def _steps(now: datetime, back: int) -> range:
    current = step_of(now)
    return range(current - back, current + 1)


def _any_is(given: str, wanted: Iterator[str]) -> bool:
    """Compared to the end each time, so that the time it takes says nothing."""
    found = False
    for one in wanted:
        found |= hmac.compare_digest(given.encode("utf-8", "replace"), one.encode())
    return found


def _digest(secret: str, purpose: str, session_id: int, step: int) -> bytes:
    words = f"{purpose}:{session_id}:{step}".encode()
    return hmac.digest(secret.encode(), words, "sha256")
