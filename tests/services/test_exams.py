"""Arranging exams: what publication freezes, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.exams import ExamDraft, Stage, draft_problems, plain_network
from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM, Permission
from legaled.models import (
    Exam,
    Person,
    PoolItem,
    Question,
    QuestionVersion,
    RosterEntry,
    Sitting,
    Unit,
)
from legaled.services import accounts, attempts, banks, exam_views, exams, freezing, roster
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW


@pytest.fixture
def draft_id(session: Session) -> int:
    """A draft over a bank that is large enough, and seven people of whom two are not counted."""
    root = factories.unit(session)
    for number in ("a", "b", "c", "d", "e"):
        factories.person(session, number, root)
    factories.person(session, "contract", root, category=Category.CONTRACT)
    factories.person(session, "gone", root, left_on=NOW.date())
    return exams.create(session, SYSTEM, factories.draft([factories.bank(session).id]), NOW)


def _roster(session: Session, exam_id: int) -> list[tuple[str, str, str, str]]:
    rows = session.execute(
        sa.select(
            RosterEntry.number, RosterEntry.name, RosterEntry.unit_path, RosterEntry.unit_codes
        )
        .where(RosterEntry.exam_id == exam_id)
        .order_by(RosterEntry.number)
    )
    return [tuple(row) for row in rows]


def _pool(session: Session, exam_id: int) -> set[int]:
    return set(session.scalars(sa.select(PoolItem.version_id).where(PoolItem.exam_id == exam_id)))


def test_publication_counts_who_is_here_and_takes_the_questions_that_fit(
    session: Session, draft_id: int
) -> None:
    exams.publish(session, SYSTEM, draft_id, NOW)
    assert [row[0] for row in _roster(session, draft_id)] == ["a", "b", "c", "d", "e"]
    assert len(_pool(session, draft_id)) == 16
    assert session.get_one(Exam, draft_id).published == NOW


def test_the_cutoff_is_a_beijing_day(session: Session, draft_id: int) -> None:
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # half past midnight on the 24th
    tomorrow = datetime(2026, 11, 24, tzinfo=UTC).date()
    person = session.scalar(sa.select(Person).where(Person.number == "a"))
    assert person is not None
    person.left_on = tomorrow
    exams.publish(session, SYSTEM, draft_id, late)
    assert "a" not in [row[0] for row in _roster(session, draft_id)]


def test_later_changes_of_people_units_and_questions_change_nothing(
    session: Session, draft_id: int
) -> None:
    exams.publish(session, SYSTEM, draft_id, NOW)
    roster_before, pool_before = _roster(session, draft_id), _pool(session, draft_id)
    other = factories.unit(session, "别的单位")
    session.execute(sa.update(Unit).where(Unit.id != other.id).values(name="改过的名字"))
    session.execute(sa.update(Person).values(unit_id=other.id, name="改名"))
    question = session.scalars(sa.select(Question)).first()
    assert question is not None
    old = session.scalar(
        sa.select(QuestionVersion).where(QuestionVersion.question_id == question.id)
    )
    assert old is not None
    session.add(QuestionVersion(
        question_id=question.id, version=2, kind=old.kind, stem="改过的题", options=old.options,
        key=old.key, created=NOW,
    ))
    question.version = 2
    session.execute(sa.update(Question).where(Question.id != question.id).values(retired=NOW))
    session.flush()
    assert _roster(session, draft_id) == roster_before
    assert _pool(session, draft_id) == pool_before


def test_the_pool_holds_current_versions_of_active_questions_of_wanted_kinds(
    session: Session,
) -> None:
    bank = factories.bank(session)
    first = session.scalars(sa.select(Question).order_by(Question.id)).first()
    assert first is not None
    first.retired = NOW
    quotas = {Kind.SINGLE: (5, 20)}
    exam_id = exams.create(session, SYSTEM, factories.draft([bank.id], quotas=quotas), NOW)
    exams.publish(session, SYSTEM, exam_id, NOW)
    kinds = session.scalars(
        sa.select(QuestionVersion.kind).where(QuestionVersion.id.in_(_pool(session, exam_id)))
    ).all()
    assert kinds == [Kind.SINGLE] * 5


def test_a_bank_too_small_refuses_and_writes_nothing(session: Session) -> None:
    factories.person(session, "a", factories.unit(session))
    bank = factories.bank(session)
    quotas = {Kind.SINGLE: (6, 10), Kind.MULTI: (5, 8)}
    exam_id = exams.create(session, SYSTEM, factories.draft([bank.id], quotas=quotas), NOW)
    with pytest.raises(ConflictError) as refused:
        exams.publish(session, SYSTEM, exam_id, NOW)
    assert refused.value.code == "bank_too_small"
    assert refused.value.facts == {"kind": "多选", "need": 5, "have": 4}
    session.flush()
    assert _pool(session, exam_id) == set()
    assert _roster(session, exam_id) == []
    assert session.get_one(Exam, exam_id).published is None


def test_no_bank_at_all_is_too_small_and_several_banks_add_up(session: Session) -> None:
    lone = exams.create(session, SYSTEM, factories.draft([], code="KS-0"), NOW)
    with pytest.raises(ConflictError, match="bank_too_small"):
        exams.publish(session, SYSTEM, lone, NOW)
    one = factories.bank(session, "甲", [factories.question(2), factories.question(3)])
    two = factories.bank(session, "乙", [factories.question(4)])
    quotas = {Kind.SINGLE: (3, 40)}
    both = exams.create(session, SYSTEM, factories.draft([one.id, two.id], quotas=quotas), NOW)
    exams.publish(session, SYSTEM, both, NOW)
    assert len(_pool(session, both)) == 3


def test_a_question_in_two_banks_is_drawn_and_counted_once(session: Session) -> None:
    one = factories.bank(session, "甲", [factories.question(2), factories.question(3)])
    again = [factories.question(3, explanation="别的解析"), factories.question(4)]
    two = factories.bank(session, "乙", again)
    assert banks.kind_counts(session, [one.id, two.id])[Kind.SINGLE] == 3
    enough, short = (
        exams.create(
            session, SYSTEM,
            factories.draft([two.id, one.id], code=code, quotas={Kind.SINGLE: (count, 50)}), NOW)
        for code, count in (("KS-3", 3), ("KS-4", 4)))
    preview = exam_views.exam_view(session, SYSTEM, enough, NOW).preview
    assert preview is not None
    assert (preview.questions, preview.available[Kind.SINGLE], preview.shortages) == (3, 3, ())
    preview = exam_views.exam_view(session, SYSTEM, short, NOW).preview
    assert preview is not None
    assert preview.shortages == (freezing.Shortage(Kind.SINGLE, 4, 3),)
    with pytest.raises(ConflictError) as refused:
        exams.publish(session, SYSTEM, short, NOW)
    assert refused.value.facts == {"kind": "单选", "need": 4, "have": 3}
    exams.publish(session, SYSTEM, enough, NOW)
    pool = _pool(session, enough)
    words = session.execute(
        sa.select(QuestionVersion.stem, QuestionVersion.explanation)
        .where(QuestionVersion.id.in_(pool)).order_by(QuestionVersion.id)).all()
    assert [tuple(row) for row in words] == [
        (factories.question(row).stem, f"解析{row}") for row in (2, 3, 4)]


def test_a_retired_twin_leaves_the_other_in_the_pool(session: Session) -> None:
    one = factories.bank(session, "甲", [factories.question(2)])
    two = factories.bank(session, "乙", [factories.question(2)])
    twin = session.scalars(sa.select(Question).where(Question.bank_id == one.id)).one()
    twin.retired = NOW
    quotas = {Kind.SINGLE: (1, 100)}
    exam_id = exams.create(
        session, SYSTEM, factories.draft([one.id, two.id], quotas=quotas), NOW)
    exams.publish(session, SYSTEM, exam_id, NOW)
    drawn = session.scalars(
        sa.select(Question.bank_id)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(QuestionVersion.id.in_(_pool(session, exam_id)))).all()
    assert drawn == [two.id]


def test_a_window_that_is_over_cannot_be_published(session: Session, draft_id: int) -> None:
    with pytest.raises(ConflictError, match="window_over"):
        exams.publish(session, SYSTEM, draft_id, NOW + DAY)
    exams.publish(session, SYSTEM, draft_id, NOW + DAY - MINUTE)


def test_a_published_exam_stays_as_announced(session: Session, draft_id: int) -> None:
    exams.publish(session, SYSTEM, draft_id, NOW)
    with pytest.raises(ConflictError, match="exam_published"):
        exams.edit(session, SYSTEM, draft_id, factories.draft([], title="别的"), NOW)
    with pytest.raises(ConflictError, match="exam_published"):
        exams.publish(session, SYSTEM, draft_id, NOW)
    assert session.get_one(Exam, draft_id).title == "年度普法考试"


def test_editing_a_draft_replaces_all_of_it(session: Session, draft_id: int) -> None:
    closes = NOW + 2 * DAY
    exams.edit(
        session, SYSTEM, draft_id,
        factories.draft([], code="KS-9", quotas={Kind.JUDGE: (10, 10)}, closes=closes), NOW,
    )
    view = exam_views.exam_view(session, SYSTEM, draft_id, NOW)
    assert (view.code, view.total, view.banks) == ("KS-9", 100, ())
    assert [(line.kind, line.count) for line in view.quotas] == [(Kind.JUDGE, 10)]
    assert [window.closes for window in view.windows] == [closes]


def test_the_password_is_hashed_kept_and_cleared(session: Session, draft_id: int) -> None:
    exam = session.get_one(Exam, draft_id)
    draft = factories.draft([], password="开考2026")
    exams.edit(session, SYSTEM, draft_id, draft, NOW)
    assert exam.password_hash.startswith("$argon2id$")
    kept = exam.password_hash
    exams.edit(session, SYSTEM, draft_id, replace(draft, password=None), NOW)
    assert exam.password_hash == kept
    exams.edit(session, SYSTEM, draft_id, replace(draft, password=""), NOW)
    assert exam.password_hash == ""
    made = accounts.hash_password("x")
    exams.edit(session, SYSTEM, draft_id, draft, NOW, password_hash=made)
    assert exam.password_hash == made


def test_a_code_is_unique(session: Session, draft_id: int) -> None:
    with pytest.raises(ConflictError, match="code_taken"):
        exams.create(session, SYSTEM, factories.draft([]), NOW)


def test_cancelling_needs_a_reason_and_changes_nothing_else(session: Session) -> None:
    world = factories.world(session)
    attempt = factories.begin(session, world["s1"], world.exam_id)
    with pytest.raises(InvalidError, match="reason_needed"):
        exams.cancel(session, SYSTEM, world.exam_id, "  ", NOW)
    exams.cancel(session, SYSTEM, world.exam_id, "停电", NOW)
    session.flush()
    assert (attempt.submitted, attempt.voided, attempt.closed) == (None, None, None)
    view = exam_views.exam_view(session, SYSTEM, world.exam_id, NOW)
    assert (view.stage, view.cancel_reason) == (Stage.CANCELLED, "停电")
    for verb in (
        lambda: exams.cancel(session, SYSTEM, world.exam_id, "再来", NOW),
        lambda: exams.publish(session, SYSTEM, world.exam_id, NOW),
        lambda: exams.add_make_up(
            session, SYSTEM, world.exam_id, NOW + 2 * DAY, NOW + 3 * DAY, NOW
        ),
    ):
        with pytest.raises(ConflictError, match="exam_cancelled"):
            verb()


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [
        (DAY - MINUTE, 2 * DAY, "make_up_overlaps"),
        (-3 * DAY, -2 * DAY, "window_over"),
        (3 * DAY, 2 * DAY, "closes_before_opens"),
        (3 * DAY, 3 * DAY + 59 * MINUTE, "window_short"),
    ],
)
def test_a_make_up_that_does_not_fit(session: Session, opens: Any, closes: Any, code: str) -> None:
    world = factories.world(session)
    with pytest.raises(ConflictError, match=code):
        exams.add_make_up(session, SYSTEM, world.exam_id, NOW + opens, NOW + closes, NOW)


def test_make_ups_are_numbered_and_keep_the_exam_open(session: Session, draft_id: int) -> None:
    with pytest.raises(ConflictError, match="exam_not_published"):
        exams.add_make_up(session, SYSTEM, draft_id, NOW + DAY, NOW + 2 * DAY, NOW)
    exams.publish(session, SYSTEM, draft_id, NOW)
    exams.add_make_up(session, SYSTEM, draft_id, NOW + DAY, NOW + 2 * DAY, NOW)
    with pytest.raises(ConflictError, match="make_up_overlaps"):
        exams.add_make_up(session, SYSTEM, draft_id, NOW + DAY, NOW + 3 * DAY, NOW)
    exams.add_make_up(session, SYSTEM, draft_id, NOW + 4 * DAY, NOW + 5 * DAY, NOW)
    windows = exams.windows(session, [draft_id, 99])
    assert [window.number for window in windows[draft_id]] == [0, 1, 2]
    assert windows[99] == ()
    assert session.scalar(sa.select(sa.func.count()).select_from(Sitting)) == 3
    view = exam_views.exam_view(session, SYSTEM, draft_id, NOW + 3 * DAY)
    assert view.stage is Stage.BETWEEN


def test_the_only_door(session: Session) -> None:
    world = factories.world(session)
    hidden = exams.create(session, SYSTEM, factories.draft([], code="KS-2"), NOW)
    for who, exam_id, need in (
        ("s1", world.exam_id, Permission.EXAM_READ),
        ("office", world.exam_id, Permission.EXAM_EDIT),
        ("trainer", world.exam_id, Permission.ROSTER_EDIT),
        ("trainer", 99, Permission.EXAM_READ),
        ("trainer", 2**40, Permission.EXAM_READ),
        ("s1", hidden, Permission.MEMBER),
    ):
        with pytest.raises(NotFoundError):
            exams.exam_for(session, world[who], exam_id, need)
    assert exams.exam_for(session, world["s1"], world.exam_id, Permission.MEMBER)
    assert exams.exam_for(session, world["office"], hidden, Permission.EXAM_READ)
    with pytest.raises(NotFoundError):
        exams.create(session, world["office"], factories.draft([], code="KS-3"), NOW)
    with pytest.raises(NotFoundError):
        exam_views.list_exams(session, world["s1"], NOW)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"closes": NOW - HOUR}, ("closes", "closes_before_opens")),
        ({"closes": NOW - MINUTE}, ("closes", "window_short")),
        ({"minutes": 0}, ("minutes", "minutes_range")),
        ({"minutes": 601}, ("minutes", "minutes_range")),
        ({"attempts": 4}, ("attempts", "attempts_range")),
        ({"quotas": {Kind.ESSAY: (1, 100)}}, ("quotas", "kind_not_marked")),
        ({"quotas": {Kind.SINGLE: (0, 1), Kind.MULTI: (1, 100)}}, ("quotas", "quota_range")),
        ({"pass_line": 0}, ("pass_line", "line_over_total")),
        ({"pass_line": 101, "excellent_line": 101}, ("pass_line", "line_over_total")),
        ({"excellent_line": 101}, ("excellent_line", "line_over_total")),
        ({"excellent_line": 59}, ("excellent_line", "lines_in_order")),
        ({"networks": ["10.0.0.1/8"]}, ("networks", "bad_network")),
        ({"networks": ["馆内"]}, ("networks", "bad_network")),
    ],
)
def test_what_is_wrong_with_a_draft(
    session: Session, values: dict[str, Any], problem: tuple[str, str]
) -> None:
    draft: ExamDraft = factories.draft([], **values)
    assert problem in draft_problems(draft)
    with pytest.raises(InvalidError):
        exams.create(session, SYSTEM, draft, NOW)


def test_a_good_draft_has_no_problem() -> None:
    assert draft_problems(factories.draft([], networks=["10.0.0.0/8", "::1/128"])) == []
    assert ("quotas", "no_quota") in draft_problems(factories.draft([], quotas={}))
    assert factories.draft([]).total_points == 100
    assert plain_network(" 10.1.2.3/8 ") == "10.0.0.0/8"


def test_the_view_says_what_publishing_would_freeze(session: Session, draft_id: int) -> None:
    view = exam_views.exam_view(session, SYSTEM, draft_id, NOW)
    assert view.preview is not None
    assert (view.preview.people, view.preview.questions, view.preview.shortages) == (5, 16, ())
    assert view.figures["roster"] == 0
    exams.publish(session, SYSTEM, draft_id, NOW)
    view = exam_views.exam_view(session, SYSTEM, draft_id, NOW)
    assert view.preview is None
    assert (view.figures["roster"], view.figures["required"], view.figures["absent"]) == (5, 5, 5)


def test_an_attempt_past_its_deadline_counts_before_anybody_wrote_it_down(
    session: Session,
) -> None:
    world = factories.world(session)
    factories.begin(session, world["s1"], world.exam_id)
    attempts.submit(
        session, world["s2"], factories.begin(session, world["s2"], world.exam_id).id, {}, NOW
    )
    view = exam_views.exam_view(session, SYSTEM, world.exam_id, NOW)
    assert (view.running, view.finished, view.figures["sat"]) == (1, 1, 1)
    view = exam_views.exam_view(session, SYSTEM, world.exam_id, NOW + HOUR)
    assert (view.running, view.finished, view.figures["sat"]) == (0, 2, 2)


def test_the_list_filters_and_pages(session: Session) -> None:
    for number in range(25):
        exams.create(
            session, SYSTEM, factories.draft([], code=f"A{number}", year=2025), NOW
        )
    exams.create(session, SYSTEM, factories.draft([], code="B_1", title="100%考试"), NOW)
    found = exam_views.list_exams(session, SYSTEM, NOW)
    assert (found.years, found.page.total, found.page.pages) == ((2026, 2025), 26, 2)
    assert found.lines[0].code == "B_1"
    assert exam_views.list_exams(session, SYSTEM, NOW, 2025, page=9).page.number == 2
    for query, total in (("b_", 1), ("_", 1), ("100%", 1), ("a1", 11), ("无", 0)):
        assert exam_views.list_exams(session, SYSTEM, NOW, query=query).page.total == total


@pytest.mark.parametrize("more", [5, 18])
def test_the_list_costs_the_same_for_few_and_many(
    session: Session, count_queries: list[str], more: int
) -> None:
    world = factories.world(session)
    for number in range(more):
        made = exams.create(
            session, SYSTEM, factories.draft([world.bank_id], code=f"A{number}"), NOW
        )
        exams.publish(session, SYSTEM, made, NOW)
    session.flush()
    session.expunge_all()
    count_queries.clear()
    assert len(exam_views.list_exams(session, SYSTEM, NOW).lines) == more + 1
    assert len(count_queries) == 5
    count_queries.clear()
    exam_views.exam_view(session, SYSTEM, world.exam_id, NOW)
    assert len(count_queries) <= 7


def test_ten_thousand_people_are_frozen_in_seconds(session: Session, draft_id: int) -> None:
    unit_id = session.scalars(sa.select(Unit.id)).first()
    session.execute(sa.insert(Person), [
        {"number": f"n{i}", "name": f"人{i}", "unit_id": unit_id, "roles": frozenset(),
         "password_hash": "x", "must_change_password": True}
        for i in range(10_000)
    ])
    exams.publish(session, SYSTEM, draft_id, NOW)
    assert len(_roster(session, draft_id)) == 10_005
    first = session.scalars(sa.select(Person.id).where(Person.number == "n0")).one()
    roster.remove(session, SYSTEM, draft_id, first, "重复", NOW)
