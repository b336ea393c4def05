"""What the keepers of challenges see: the list, one challenge and its state, its runs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenge_figures import Figures
from legaled.domain.challenge_rules import Rules
from legaled.domain.errors import NotFoundError
from legaled.domain.exams import Stage, Window, stage
from legaled.domain.permissions import Actor, Permission
from legaled.models import (
    Bank,
    Challenge,
    ChallengeBank,
    ChallengeEntry,
    ChallengeItem,
    ChallengeRun,
)
from legaled.services import challenge_freezing
from legaled.services.challenge_manage import challenge_for
from legaled.services.paging import Page, page_of

PER_PAGE = 20
HOURS = 12  # of which the running state shows the answers


@dataclass(frozen=True)
class ChallengeLine:
    id: int
    title: str
    year: int
    stage: Stage
    starts: datetime
    ends: datetime
    figures: Figures


@dataclass(frozen=True)
class ChallengeList:
    lines: tuple[ChallengeLine, ...]
    years: tuple[int, ...]
    page: Page


@dataclass(frozen=True)
class ChallengeView:
    """One challenge. `preview` is there for a draft only; `answers` are those of ended runs by the
    hour in which they ended, the latest hour last."""

    line: ChallengeLine
    preset: str
    rules: Rules
    banks: tuple[tuple[int, str], ...]
    frozen_from: datetime | None
    revealed: datetime | None
    published: datetime | None
    cancelled: datetime | None
    cancel_reason: str
    questions: int
    running: int
    voided: int
    marked: int
    answers: tuple[tuple[datetime, int], ...]
    preview: challenge_freezing.Preview | None


@dataclass(frozen=True)
class RunLine:
    """A run as the keepers check it; `fast` answers came sooner than anybody can read."""

    id: int
    number: str
    name: str
    unit: str
    started: datetime
    ended: datetime | None
    end: str
    counted: bool
    score: int
    right: int
    answered: int
    millis: int
    fast: int
    voided: datetime | None
    void_reason: str


@dataclass(frozen=True)
class RunList:
    challenge: ChallengeLine
    lines: tuple[RunLine, ...]
    page: Page


def list_challenges(
    session: Session, actor: Actor, now: datetime, year: int | None = None, page: int = 1
) -> ChallengeList:
    """Challenges of a year (of all years without one), the latest first; four queries."""
    if not actor.may(Permission.CHALLENGE_EDIT):
        raise NotFoundError()
    years = session.scalars(
        sa.select(Challenge.year).distinct().order_by(Challenge.year.desc())
    ).all()
    wanted = [Challenge.year == year] if year is not None else []
    total = session.scalar(sa.select(sa.func.count(Challenge.id)).where(*wanted)) or 0
    shown = page_of(total, page, PER_PAGE)
    found = session.scalars(
        sa.select(Challenge).where(*wanted)
        .order_by(Challenge.starts.desc(), Challenge.id.desc())
        .offset(shown.offset).limit(shown.size)
    ).all()
    return ChallengeList(tuple(_lines(session, list(found), now)), tuple(years), shown)


def challenge_view(
    session: Session, actor: Actor, challenge_id: int, now: datetime
) -> ChallengeView:
    """Everything the desk shows of one; as many queries for 5 people as for 10,000."""
    found = challenge_for(session, actor, challenge_id)
    line = _lines(session, [found], now)[0]
    rules = Rules.from_data(found.rules)
    is_draft = line.stage is Stage.DRAFT
    counts = session.execute(sa.select(
        sa.func.count().filter(
            ChallengeRun.ended.is_(None), ChallengeRun.voided.is_(None),
            ChallengeRun.deadline > now,
        ),
        sa.func.count().filter(ChallengeRun.voided.is_not(None)),
        sa.func.count().filter(ChallengeRun.fast > 0, ChallengeRun.voided.is_(None)),
    ).where(ChallengeRun.challenge_id == challenge_id)).one()
    return ChallengeView(
        line, found.preset, rules, _banks(session, challenge_id), found.frozen_from,
        found.revealed, found.published, found.cancelled, found.cancel_reason,
        session.scalar(sa.select(sa.func.count()).select_from(ChallengeItem)
                       .where(ChallengeItem.challenge_id == challenge_id)) or 0,
        *counts, _answers(session, challenge_id, now),
        challenge_freezing.preview(session, challenge_id, rules, now) if is_draft else None,
    )


def list_runs(
    session: Session, actor: Actor, challenge_id: int, now: datetime, query: str = "",
    marked: bool = False, page: int = 1,
) -> RunList:
    """The runs, the latest first: all, those with answers that came too fast, or a person's."""
    found = challenge_for(session, actor, challenge_id)
    wanted = [ChallengeRun.challenge_id == challenge_id]
    if marked:
        wanted.append(ChallengeRun.fast > 0)
    if query.strip():
        text = query.strip()
        wanted.append(sa.or_(ChallengeEntry.name.icontains(text, autoescape=True),
                             ChallengeEntry.number == text))
    listed = sa.and_(ChallengeEntry.challenge_id == ChallengeRun.challenge_id,
                     ChallengeEntry.person_id == ChallengeRun.person_id)
    total = session.scalar(
        sa.select(sa.func.count(ChallengeRun.id)).join(ChallengeEntry, listed).where(*wanted)
    ) or 0
    shown = page_of(total, page, 50)
    rows: Any = session.execute(
        sa.select(
            ChallengeRun.id, ChallengeEntry.number, ChallengeEntry.name, ChallengeEntry.unit_path,
            ChallengeRun.started, ChallengeRun.ended, ChallengeRun.end, ChallengeRun.counted,
            ChallengeRun.score, ChallengeRun.right, ChallengeRun.answered, ChallengeRun.millis,
            ChallengeRun.fast, ChallengeRun.voided, ChallengeRun.void_reason,
        )
        .join(ChallengeEntry, listed).where(*wanted)
        .order_by(ChallengeRun.id.desc()).offset(shown.offset).limit(shown.size)
    )
    return RunList(
        _lines(session, [found], now)[0], tuple(RunLine(*row) for row in rows), shown
    )


def _lines(session: Session, found: list[Challenge], now: datetime) -> list[ChallengeLine]:
    figures = challenge_figures(session, [one.id for one in found])
    return [
        ChallengeLine(
            one.id, one.title, one.year,
            stage(one.published, one.cancelled, [Window(0, 0, one.starts, one.ends)], now),
            one.starts, one.ends, figures.get(one.id, Figures(0, 0, 0, 0, 0)),
        )
        for one in found
    ]


def challenge_figures(session: Session, ids: list[int]) -> dict[int, Figures]:
    """The figures of each, by its id; one grouped query."""
    entry = ChallengeEntry
    rows = session.execute(
        sa.select(
            entry.challenge_id, sa.func.count(),
            sa.func.count().filter(entry.counted_runs > 0), sa.func.sum(entry.counted_runs),
            sa.func.sum(entry.answered), sa.func.sum(entry.right),
        ).where(entry.challenge_id.in_(ids)).group_by(entry.challenge_id)
    )
    return {row[0]: Figures(*(int(value) for value in row[1:])) for row in rows}


def _banks(session: Session, challenge_id: int) -> tuple[tuple[int, str], ...]:
    return tuple(
        (bank_id, name) for bank_id, name in session.execute(
            sa.select(Bank.id, Bank.name)
            .join(ChallengeBank, ChallengeBank.bank_id == Bank.id)
            .where(ChallengeBank.challenge_id == challenge_id).order_by(Bank.name)
        )
    )


def _answers(
    session: Session, challenge_id: int, now: datetime
) -> tuple[tuple[datetime, int], ...]:
    first = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first -= timedelta(hours=HOURS - 1)
    day, hour = (sa.extract(part, ChallengeRun.ended) for part in ("day", "hour"))
    rows: Any = session.execute(
        sa.select(day, hour, sa.func.sum(ChallengeRun.answered))
        .where(ChallengeRun.challenge_id == challenge_id, ChallengeRun.ended >= first)
        .group_by(day, hour)
    )
    found = {(int(d), int(h)): int(count) for d, h, count in rows}
    hours = [first + timedelta(hours=number) for number in range(HOURS)]
    return tuple((at, found.get((at.day, at.hour), 0)) for at in hours)
