"""The shipped banks are large enough for what is composed from them, by exams and challenges."""

from collections import Counter
from functools import lru_cache

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.config import ROOT
from legaled.domain.banks import Kind
from legaled.domain.challenge_drafts import ChallengeDraft
from legaled.domain.challenges import PRESETS
from legaled.domain.errors import ConflictError
from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM, Actor
from legaled.models import Attempt, ChallengeItem, Question, QuestionVersion, Slot
from legaled.services import (
    attempts,
    bank_imports,
    banks,
    challenge_manage,
    challenge_play,
    demo,
    exams,
)
from legaled.services.challenge_draw import rows_of
from legaled.services.challenge_runs import read_run
from legaled.services.within import Within
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW

SHIPPED = ROOT / "question_banks"
LAWS = sorted(path.parent.name for path in SHIPPED.glob("*/bank.csv"))
FULL = {Kind.SINGLE: (40, 1), Kind.MULTI: (15, 2), Kind.JUDGE: (20, 1), Kind.BLANK: (5, 2)}
PAPERS = 5  # people, so seeds


@lru_cache(maxsize=1)
def _drafts():  # type: ignore[no-untyped-def]
    return {law: banks.check((SHIPPED / law / "bank.csv").read_bytes(), "bank.csv").drafts
            for law in LAWS}


def _ship(session: Session, laws: list[str]) -> list[int]:
    made = [bank_imports.import_drafts(session, SYSTEM, law, _drafts()[law], NOW, practice=True)
            for law in laws]
    return [one.bank_id for one in made]


def _people(session: Session, count: int = PAPERS) -> list[Actor]:
    root = factories.unit(session)
    return [factories.actor(factories.person(session, f"p{n}", root)) for n in range(count)]


@pytest.mark.parametrize("laws", [*([law] for law in LAWS), LAWS], ids=lambda laws: "+".join(laws))
@pytest.mark.parametrize("quotas", [demo.QUOTAS, FULL], ids=["demo", "full"])
def test_papers_of_a_hundred_points_come_from_every_bank(session, laws, quotas) -> None:
    if quotas is FULL and laws in (["国家安全法"], ["法治宣传教育法"]):
        quotas = quotas | {Kind.SINGLE: (30, 1), Kind.JUDGE: (20, 1), Kind.MULTI: (20, 2)}
    people = _people(session)
    exam_id = exams.create(
        session, SYSTEM, factories.draft(_ship(session, laws), quotas=quotas), NOW)
    exams.publish(session, SYSTEM, exam_id, NOW)
    papers = set()
    for who in people:
        attempt = session.get_one(Attempt, attempts.start(session, who, exam_id, NOW))
        rows = session.execute(
            sa.select(QuestionVersion.kind, QuestionVersion.id, Slot.points)
            .join(Slot, Slot.version_id == QuestionVersion.id)
            .where(Slot.attempt_id == attempt.id)).all()
        assert Counter(kind for kind, _, _ in rows) == {
            kind: count for kind, (count, _) in quotas.items()}
        assert sum(points for _, _, points in rows) == 100
        assert len({version for _, version, _ in rows}) == len(rows)
        papers.add(frozenset(version for _, version, _ in rows))
    assert len(papers) == PAPERS


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_composed_from_the_constitution_bank(session, preset) -> None:
    people, rules = _people(session), PRESETS[preset].rules
    made = _challenge(session, preset, _ship(session, ["宪法"]))
    challenge_manage.publish(session, SYSTEM, made, list(Category), "", NOW)
    for level in range(1, rules.levels + 1):
        assert _items(session, made, level) >= 2 * rules.questions
    if not rules.levels:
        assert _items(session, made, 0) == len(
            [one for one in _drafts()["宪法"] if not rules.quotas or one.kind in rules.quotas])
    orders = set()
    for who in people:
        run_id = challenge_play.start_run(
            Within(session), who, made, NOW + MINUTE, level=min(rules.levels, 1))
        live = read_run(rows_of(session), run_id, NOW + MINUTE)
        assert len(set(live.order)) == len(live.order) >= (rules.questions or 200)
        orders.add(live.order[:5])
    assert len(orders) == PAPERS


def test_a_bank_that_has_shrunk_is_refused_before_anything_is_written(session) -> None:
    _people(session)
    ids = _ship(session, ["宪法"])
    exam_id = exams.create(session, SYSTEM, factories.draft(ids, quotas=FULL), NOW)
    made = {preset: _challenge(session, preset, ids) for preset in PRESETS}
    _keep(session, 4)
    with pytest.raises(ConflictError) as refused:
        exams.publish(session, SYSTEM, exam_id, NOW)
    assert refused.value.code == "bank_too_small"
    for preset, challenge_id in made.items():
        if preset == "streak":  # asks for as many as there are
            _keep(session, 0)
        with pytest.raises(ConflictError) as refused:
            challenge_manage.publish(session, SYSTEM, challenge_id, list(Category), "", NOW)
        assert refused.value.code == "challenge_short"
        assert _items(session, challenge_id, None) == 0


def _keep(session: Session, count: int) -> None:
    kept = list(session.scalars(sa.select(Question.id).order_by(Question.id).limit(count)))
    session.execute(
        sa.update(Question).where(Question.id.not_in(kept)).values(retired=NOW))
    session.flush()


def _challenge(session: Session, preset: str, bank_ids: list[int]) -> int:
    return challenge_manage.create(session, SYSTEM, ChallengeDraft(
        PRESETS[preset].title, 2026, preset, PRESETS[preset].rules, NOW, NOW + 3 * DAY,
        None, tuple(bank_ids)), NOW - HOUR)


def _items(session: Session, challenge_id: int, level: int | None) -> int:
    wanted = [ChallengeItem.challenge_id == challenge_id]
    if level is not None:
        wanted.append(ChallengeItem.level == level)
    return session.scalar(
        sa.select(sa.func.count()).select_from(ChallengeItem).where(*wanted)) or 0
