"""What a player sees of challenges: the list, one event, a run afterwards. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenge_caps import left
from legaled.domain.challenges import Rules, open_stage, passed_level, sentences
from legaled.domain.errors import NotFoundError
from legaled.domain.law_numbers import read_article
from legaled.domain.permissions import Actor, Permission
from legaled.domain.times import beijing_day
from legaled.models import Challenge, ChallengeEntry, ChallengeRun, LawArticle
from legaled.services.challenge_checks import check_sitting, goes_of
from legaled.services.challenge_draw import rows_of
from legaled.services.challenge_facts import results_of
from legaled.services.challenge_runs import Live, read_run
from legaled.services.law_versions import shelf
from legaled.services.saving import BIGGEST_ID

SHOWN_RUNS = 30


@dataclass(frozen=True)
class LevelState:
    number: int
    is_open: bool
    is_passed: bool
    best: int | None


@dataclass(frozen=True)
class RunRow:
    """A run of mine; `score` is None while it is not over."""

    id: int
    day_number: int
    level: int
    counted: bool
    started: datetime
    score: int | None
    right: int
    answered: int
    millis: int
    voided: bool


@dataclass(frozen=True)
class EventPage:
    """An event as one person stands to it."""

    id: int
    title: str
    starts: datetime
    ends: datetime
    rules: Rules
    sentences: Sequence[str]
    listed: bool
    is_open: bool
    is_coming: bool
    cancelled: bool
    running: int | None
    counted_left: int
    practice_left: bool
    score: int | None
    millis: int | None
    levels: Sequence[LevelState]
    runs: Sequence[RunRow]

    @property
    def may_start(self) -> bool:
        return self.listed and self.is_open

    @property
    def is_over(self) -> bool:
        return not self.is_open and not self.is_coming


@dataclass(frozen=True)
class Lists:
    current: Sequence[EventPage]
    coming: Sequence[EventPage]
    past: Sequence[EventPage]


def events(session: Session, actor: Actor, now: datetime) -> Lists:
    """Every published challenge as the actor stands to it; three queries whatever their number."""
    found = session.scalars(
        sa.select(Challenge)
        .where(Challenge.published.is_not(None))
        .order_by(Challenge.ends.desc(), Challenge.id.desc())
    ).all()
    pages = _pages(session, actor, found, now)
    return Lists(
        [one for one in pages if one.is_open],
        sorted((one for one in pages if one.is_coming), key=lambda one: one.starts),
        [one for one in pages if one.is_over],
    )


def current_events(session: Session, actor: Actor, now: datetime) -> list[EventPage]:
    """Those that the actor may play now, for other pages; nothing for who is not listed."""
    found = session.scalars(
        sa.select(Challenge).where(
            Challenge.published.is_not(None), Challenge.cancelled.is_(None),
            Challenge.starts <= now, Challenge.ends > now,
        ).order_by(Challenge.ends, Challenge.id)
    ).all()
    return [one for one in _pages(session, actor, found, now) if one.listed]


def event(session: Session, actor: Actor, challenge_id: int, now: datetime) -> EventPage:
    """Raises NotFoundError for what is not published."""
    found = session.get(Challenge, challenge_id) if challenge_id <= BIGGEST_ID else None
    if found is None or found.published is None:
        raise NotFoundError()
    return _pages(session, actor, [found], now)[0]


def _pages(
    session: Session, actor: Actor, found: Sequence[Challenge], now: datetime
) -> list[EventPage]:
    ids = [one.id for one in found]
    if not ids:
        return []
    entries = {
        one.challenge_id: one
        for one in session.scalars(
            sa.select(ChallengeEntry).where(
                ChallengeEntry.challenge_id.in_(ids), ChallengeEntry.person_id == actor.id
            )
        )
    }
    runs: dict[int, list[ChallengeRun]] = {}
    for run in session.scalars(
        sa.select(ChallengeRun)
        .where(ChallengeRun.challenge_id.in_(ids), ChallengeRun.person_id == actor.id)
        .order_by(ChallengeRun.id.desc())
    ):
        runs.setdefault(run.challenge_id, []).append(run)
    return [_page(one, entries.get(one.id), runs.get(one.id, []), now) for one in found]


def _page(
    found: Challenge, entry: ChallengeEntry | None, runs: Sequence[ChallengeRun], now: datetime
) -> EventPage:
    rules = Rules.from_data(found.rules)
    valid = [run for run in runs if run.voided is None]
    cancelled = found.cancelled is not None
    is_open = not cancelled and open_stage(rules, found.starts, found.ends, now) is not None
    running = [run.id for run in valid if run.ended is None and run.deadline > now]
    counted, practice = left(rules, goes_of(valid), beijing_day(now))
    return EventPage(
        id=found.id,
        title=found.title,
        starts=found.starts,
        ends=found.ends,
        rules=rules,
        sentences=sentences(rules, found.starts, found.ends),
        listed=entry is not None,
        is_open=is_open,
        is_coming=not cancelled and not is_open and now < found.ends,
        cancelled=cancelled,
        running=running[0] if running and not cancelled else None,
        counted_left=counted,
        practice_left=practice,
        score=entry.score if entry else None,
        millis=entry.best_millis if entry else None,
        levels=_levels(rules, valid),
        runs=[_row(run) for run in runs[:SHOWN_RUNS]],
    )


def _levels(rules: Rules, valid: Sequence[ChallengeRun]) -> list[LevelState]:
    results = results_of(valid)
    passed = passed_level(rules, results)
    return [
        LevelState(
            number, number <= passed + 1, number <= passed,
            max((one.score for one in results if one.level == number), default=None),
        )
        for number in range(1, rules.levels + 1)
    ]


def _row(run: ChallengeRun) -> RunRow:
    over = run.ended is not None
    return RunRow(
        run.id, run.number, run.level, run.counted, run.started, run.score if over else None,
        run.right, run.answered, run.millis, run.voided is not None,
    )


# ── a run afterwards ────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RunResult:
    """A run that is over. `before` is the best counted score of earlier runs of its kind."""

    live: Live
    event: EventPage
    before: int | None


def result(session: Session, actor: Actor, run_id: int, now: datetime) -> RunResult | None:
    """The actor's own run; None while it still goes on. Raises NotFoundError, `sitting`."""
    live = read_run(rows_of(session), run_id, now, int(actor.id or 0))
    check_sitting(rows_of(session), actor, live.challenge.id, now)
    if live.state.over is None and not live.is_shut:
        return None
    earlier = session.scalar(
        sa.select(sa.func.max(ChallengeRun.score)).where(
            ChallengeRun.challenge_id == live.challenge.id, ChallengeRun.person_id == actor.id,
            ChallengeRun.counted.is_(True), ChallengeRun.voided.is_(None),
            ChallengeRun.ended.is_not(None), ChallengeRun.level == live.level,
            ChallengeRun.id < run_id,
        )
    )
    return RunResult(live, event(session, actor, live.challenge.id, now), earlier)


def paper(session: Session, actor: Actor, run_id: int, now: datetime) -> Live:
    """A run's questions in their order, for a dispute: its player once it is over, the keepers.

    Raises NotFoundError, and ConflictError `sitting` to who sits an exam from its banks.
    """
    live = read_run(rows_of(session), run_id, now)
    over = live.state.over is not None or live.is_shut
    if not actor.may(Permission.CHALLENGE_EDIT) and not (over and live.person_id == actor.id):
        raise NotFoundError()
    check_sitting(rows_of(session), actor, live.challenge.id, now)
    return live


@dataclass(frozen=True)
class Cited:
    """The article a question cites, as the library has it; no text when it has none."""

    law: str
    article: str
    text: str = ""


def cited(session: Session, law: str, article: str, now: datetime) -> Cited:
    """The words of the article that counts today; four queries."""
    number = read_article(article.split(",")[0]) if law and article else None
    if number is None:
        return Cited(law, article)
    known = shelf(session, now)
    found = known.find(law)
    if found is None or found not in known.current:
        return Cited(law, article)
    text = session.scalar(
        sa.select(LawArticle.text).where(
            LawArticle.version_id == known.current[found].id,
            LawArticle.number == number.number, LawArticle.sub == number.sub,
        )
    )
    return Cited(law, article, text or "")
