"""Study sessions (学法): kinds, when signing is open, and what an attendance row means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from legaled.domain.people import Category
from legaled.domain.rates import percent
from legaled.domain.times import BEIJING

SIGNING_OPENS = timedelta(minutes=30)  # before the start
MOST_MISSES = 5
MISSES_LAST = timedelta(minutes=10)
LATE_MAX = 240  # minutes
LAWS_MAX = 12


class SessionKind(Enum):
    COLLECTIVE = "collective"
    BEFORE_MEETING = "before_meeting"
    ONLINE = "online"
    COURT = "court"
    LECTURE = "lecture"


SESSION_KIND_LABEL = {
    SessionKind.COLLECTIVE: "集中学法",
    SessionKind.BEFORE_MEETING: "会前学法",
    SessionKind.ONLINE: "线上自学",
    SessionKind.COURT: "旁听庭审",
    SessionKind.LECTURE: "讲座",
}


class SignedBy(Enum):
    QR = "qr"
    CODE = "code"
    PAPER = "paper"


SIGNED_BY_LABEL = {SignedBy.QR: "扫码", SignedBy.CODE: "签到码", SignedBy.PAPER: "纸质名单"}


class SessionStage(Enum):
    PLANNED = "planned"
    SIGNING = "signing"
    OVER = "over"
    CANCELLED = "cancelled"


SESSION_STAGE_LABEL = {
    SessionStage.PLANNED: "未开始",
    SessionStage.SIGNING: "签到中",
    SessionStage.OVER: "已结束",
    SessionStage.CANCELLED: "已取消",
}


class Presence(Enum):
    """How a person of the list stands: one of four, whatever the session's stage."""

    PRESENT = "present"
    LATE = "late"
    LEAVE = "leave"
    ABSENT = "absent"


PRESENCE_LABEL = {
    Presence.PRESENT: "到会",
    Presence.LATE: "迟到",
    Presence.LEAVE: "请假",
    Presence.ABSENT: "缺席",
}
# what the pages count: (key, word); 实到 holds 迟到
FIGURE_LABEL = {
    "listed": "应到",
    "came": "实到",
    "late": "迟到",
    "leave": "请假",
    "absent": "缺席",
}


@dataclass(frozen=True)
class LawPart:
    """A law of a session, and in free words which part of it; no words: all of it."""

    law: str
    part: str = ""


@dataclass(frozen=True)
class SessionDraft:
    """What somebody wants a session to be; the list of people is kept apart."""

    kind: SessionKind
    title: str
    starts: datetime
    ends: datetime
    place: str = ""
    host: str = ""
    agenda: str = ""
    late_after: int = 5
    laws: tuple[LawPart, ...] = ()

    @property
    def late_from(self) -> datetime:
        return self.starts + timedelta(minutes=self.late_after)


@dataclass(frozen=True)
class Invitation:
    """Whom to put on a list: the units named and all below them."""

    unit_ids: tuple[int, ...]
    categories: frozenset[Category] = frozenset({Category.ESTABLISHED})
    leaders_only: bool = False


@dataclass(frozen=True)
class PaperMark:
    """What the paper list says of a person, and what the page showed before it was changed."""

    person: int
    presence: Presence
    leave: str
    was: Presence
    was_leave: str

    @property
    def is_change(self) -> bool:
        return (self.presence, self.leave) != (self.was, self.was_leave)


@dataclass(frozen=True)
class Figures:
    """应到 = 实到 + 请假 + 缺席; 迟到 is a part of 实到."""

    listed: int = 0
    came: int = 0
    late: int = 0
    leave: int = 0

    @property
    def absent(self) -> int:
        return self.listed - self.came - self.leave

    @property
    def rate(self) -> str:
        """到会率 = 实到 ÷ 应到."""
        return percent(self.came, self.listed)

    def __getitem__(self, name: str) -> int:
        return int(getattr(self, name))


def draft_problem(draft: SessionDraft) -> tuple[str, str] | None:
    """(field, code) of what is wrong with a draft, or None."""
    if draft.ends <= draft.starts:
        return "ends", "session_ends_before"
    if draft.ends - draft.starts > timedelta(days=31):
        return "ends", "session_too_long"
    if draft.late_from > draft.ends:
        return "late_after", "late_after_end"
    return None


def joined_parts(laws: Iterable[LawPart]) -> tuple[LawPart, ...]:
    """Each law once, in the order first named, its parts together."""
    found: dict[str, list[str]] = {}
    for one in laws:
        parts = found.setdefault(one.law.strip(), [])
        if one.part.strip() and one.part.strip() not in parts:
            parts.append(one.part.strip())
    return tuple(LawPart(law, "、".join(parts)) for law, parts in found.items() if law)


def stage(
    starts: datetime, ends: datetime, cancelled: datetime | None, now: datetime
) -> SessionStage:
    """Signing is open from 30 minutes before the start until, and not at, the end."""
    if cancelled is not None:
        return SessionStage.CANCELLED
    if now >= ends:
        return SessionStage.OVER
    return SessionStage.SIGNING if now >= starts - SIGNING_OPENS else SessionStage.PLANNED


def is_late(signed: datetime, late_from: datetime) -> bool:
    """On the very minute is still in time."""
    return signed > late_from


def presence(
    signed: datetime | None, late: bool | None, leave: str, late_from: datetime
) -> Presence:
    """`late` is what the paper list says; without it the time of signing decides."""
    if signed is None:
        return Presence.LEAVE if leave else Presence.ABSENT
    came_late = late if late is not None else is_late(signed, late_from)
    return Presence.LATE if came_late else Presence.PRESENT


def figures(found: Iterable[Presence]) -> Figures:
    counts = dict.fromkeys(Presence, 0)
    for one in found:
        counts[one] += 1
    late, leave = counts[Presence.LATE], counts[Presence.LEAVE]
    came = counts[Presence.PRESENT] + late
    return Figures(came + leave + counts[Presence.ABSENT], came, late, leave)


# which presences a figure counts
BEHIND: Mapping[str, frozenset[Presence]] = {
    "listed": frozenset(Presence),
    "came": frozenset({Presence.PRESENT, Presence.LATE}),
    "late": frozenset({Presence.LATE}),
    "leave": frozenset({Presence.LEAVE}),
    "absent": frozenset({Presence.ABSENT}),
}


def must_wait(misses: int, missed: datetime | None, now: datetime) -> datetime | None:
    """Until when no 6-digit code is looked at, after five misses within ten minutes."""
    if misses < MOST_MISSES or missed is None:
        return None
    until = missed + MISSES_LAST
    return until if now < until else None


def after_miss(misses: int, missed: datetime | None, now: datetime) -> int:
    """The count after one more wrong code; ten minutes without one start it again."""
    if missed is None or now >= missed + MISSES_LAST:
        return 1
    return misses + 1


def year_of(at: datetime) -> int:
    return at.astimezone(BEIJING).year


def year_bounds(year: int) -> tuple[datetime, datetime]:
    """The instants between which a year lies in Beijing: from the first, before the second."""
    first, after = (datetime(one, 1, 1, tzinfo=BEIJING).astimezone(UTC)
                    for one in (year, year + 1))
    return first, after
