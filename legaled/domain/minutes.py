"""Minutes really spent reading: what one beat of a reader's page is worth.

The server's clock is the only one here. A beat is worth the time since the person's last beat,
whatever page or device that came from, so that no second counts twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from legaled.domain.errors import ConflictError, ForbiddenError, InvalidError

EVERY = 15  # seconds between two beats of a page that is being read
IDLE = 60  # seconds without a touch, key or scroll after which a page sends none
SHORTEST, LONGEST = 5, 20  # seconds between two beats for the time between them to count
EXTRA = 20  # seconds that a part may take whatever its length
LETTERS_A_MINUTE = 200  # slow and careful
DAY_MOST = 4 * 3600  # seconds a person can earn a day
VALID = timedelta(hours=6)  # how long a page that was served may send beats


@dataclass(frozen=True)
class Reading:
    """A page as it was served: to whom, what, when, and the letters of each of its parts."""

    person_id: int
    subject: str
    served: datetime
    parts: Mapping[str, int]


@dataclass(frozen=True)
class Standing:
    """What a person has before a beat: the last one, and today's seconds: of the part, of all."""

    last: datetime | None
    part: int
    day: int


@dataclass(frozen=True)
class Credit:
    """What a beat earns. `at`: from when the next one counts; None: the last beat stays."""

    seconds: int
    at: datetime | None


def part_most(letters: int) -> int:
    """The seconds that a part of so many letters can earn a day."""
    return EXTRA + -(-letters * 60 // LETTERS_A_MINUTE)


def check_beat(reading: Reading, person_id: int | None, part: object, now: datetime) -> int:
    """The letters of the part in view, for a page that this person has before them.

    Raises ForbiddenError `reading_not_yours`, ConflictError `reading_stale` and InvalidError
    `reading_no_part`.
    """
    if reading.person_id != person_id:
        raise ForbiddenError("reading_not_yours")
    if not reading.served <= now <= reading.served + VALID:
        raise ConflictError("reading_stale")
    letters = reading.parts.get(part) if isinstance(part, str) else None
    if letters is None:
        raise InvalidError("reading_no_part")
    return letters


def credit(
    standing: Standing, letters: int, served: datetime, begins: bool, now: datetime
) -> Credit:
    """What a beat earns that arrives now.

    `begins` says that the reader has just come (back): then the time before it is not reading.
    Beats in quick succession leave the last one where it was; parts of a second are not lost.
    """
    if standing.last is None:
        return Credit(0, now)
    gap = (now - standing.last).total_seconds()
    if abs(gap) < SHORTEST:
        return Credit(0, None)
    if begins or not SHORTEST <= gap <= LONGEST:
        return Credit(0, now)
    seconds = int(gap)
    open_for = int((now - served).total_seconds())
    room = min(part_most(letters) - standing.part, DAY_MOST - standing.day, open_for)
    return Credit(max(min(seconds, room), 0), standing.last + timedelta(seconds=seconds))
