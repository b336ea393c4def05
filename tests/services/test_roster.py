"""Amending a roster: what is kept of it, what is refused, what the pages show."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import rates
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM, Actor
from legaled.domain.rates import Absence, Exemption
from legaled.domain.roster import Action, Place, Standing, possible, standing
from legaled.domain.times import beijing_day
from legaled.models import Person, RosterChange, RosterEntry, Unit
from legaled.services import attempts, exams, headcounts, marking, roster, roster_views
from tests import factories
from tests.factories import DAY, HOUR, NOW, World

TODAY = beijing_day(NOW)


@pytest.fixture
def world(session: Session) -> World:
    return factories.world(session)


def _entry(session: Session, world: World, number: str) -> RosterEntry:
    session.flush()
    found = session.scalar(
        sa.select(RosterEntry).where(
            RosterEntry.exam_id == world.exam_id, RosterEntry.person_id == world[number].id
        )
    )
    assert found is not None
    return found


def _changes(session: Session) -> list[tuple[str, str, int | None]]:
    rows = session.execute(
        sa.select(RosterChange.action, RosterChange.reason, RosterChange.author_id).order_by(
            RosterChange.id
        )
    )
    return [tuple(row) for row in rows]


def _exempt(
    session: Session, world: World, number: str, who: Actor = SYSTEM, **values: Any
) -> None:
    values = {
        "category": Exemption.RETIRING, "approver": "王馆长", "approved_on": TODAY,
        "reason": "", "now": NOW, **values,
    }
    roster.exempt(session, who, world.exam_id, int(world[number].id or 0), **values)


def test_an_exemption_leaves_the_denominator_and_a_trace(session: Session, world: World) -> None:
    office = world["office"]
    _exempt(session, world, "s1", office, reason="十二月到龄")
    entry = _entry(session, world, "s1")
    assert (entry.exempt, entry.exempt_by, entry.exempt_on) == (
        Exemption.RETIRING, "王馆长", TODAY
    )
    page = roster_views.roster_page(session, office, world.exam_id, NOW)
    assert (page.counts["roster"], page.counts["exempt"], page.counts["required"]) == (6, 1, 5)
    with pytest.raises(ConflictError, match="already_exempt"):
        _exempt(session, world, "s1")
    roster.end_exemption(session, office, world.exam_id, entry.person_id, "弄错了", NOW)
    assert (entry.exempt, entry.exempt_by, entry.exempt_on) == (None, "", None)
    assert _changes(session) == [
        ("exempt", "当年退休，王馆长 2026-11-23 批准：十二月到龄", office.id),
        ("end_exemption", "弄错了", office.id),
    ]


def test_an_exemption_may_come_before_the_exam_opens(session: Session) -> None:
    world = factories.world(session, opens=NOW + DAY, closes=NOW + 2 * DAY)
    _exempt(session, world, "s1")
    with pytest.raises(ConflictError, match="exempt"):
        attempts.start(session, world["s1"], world.exam_id, NOW + DAY)


@pytest.mark.parametrize("submitted", [True, False])
def test_no_exemption_or_deferral_once_an_attempt_has_started(
    session: Session, world: World, submitted: bool
) -> None:
    attempt = factories.begin(session, world["s1"], world.exam_id)
    if submitted:
        attempts.submit(session, world["s1"], attempt.id, {}, NOW)
    with pytest.raises(ConflictError, match="has_attempt"):
        _exempt(session, world, "s1")
    with pytest.raises(ConflictError, match="has_attempt"):
        roster.defer(session, SYSTEM, world.exam_id, attempt.person_id, "出差", NOW)
    with pytest.raises(ConflictError, match="not_absent"):
        roster.set_absence(
            session, SYSTEM, world.exam_id, attempt.person_id, Absence.LEAVE, "", NOW
        )
    assert _changes(session) == []
    marking.void(session, SYSTEM, attempt.id, "断电", NOW)
    _exempt(session, world, "s1")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"approver": "  "}, "approver_needed"),
        ({"approved_on": TODAY + timedelta(days=1)}, "approved_in_future"),
        ({"category": Exemption.OTHER}, "reason_needed"),
    ],
)
def test_an_exemption_says_who_and_when(
    session: Session, world: World, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidError, match=code):
        _exempt(session, world, "s1", **values)


def test_a_deferral_stays_required_and_ends_with_the_make_up(
    session: Session, world: World
) -> None:
    person = int(world["s1"].id or 0)
    roster.defer(session, SYSTEM, world.exam_id, person, "出差", NOW)
    with pytest.raises(ConflictError, match="already_deferred"):
        roster.defer(session, SYSTEM, world.exam_id, person, "出差", NOW)
    exams.add_make_up(session, SYSTEM, world.exam_id, NOW + 2 * DAY, NOW + 3 * DAY, NOW)

    def seen(now: Any) -> tuple[Standing, int, int]:
        page = roster_views.roster_page(session, SYSTEM, world.exam_id, now, query="s1")
        return page.rows[0].standing, page.counts["deferred"], page.counts["absent"]

    assert seen(NOW) == (Standing.DEFERRED, 1, 6)
    assert seen(NOW + 3 * DAY) == (Standing.NOT_SAT, 0, 6)
    roster.end_deferral(session, SYSTEM, world.exam_id, person, "不去了", NOW)
    with pytest.raises(ConflictError, match="not_deferred"):
        roster.end_deferral(session, SYSTEM, world.exam_id, person, "不去了", NOW)


def test_the_reason_of_an_absence_has_an_author_and_a_time(session: Session, world: World) -> None:
    office, person = world["office"], int(world["s1"].id or 0)
    roster.set_absence(session, office, world.exam_id, person, Absence.LEAVE, " 病假 ", NOW)
    entry = _entry(session, world, "s1")
    assert (entry.absence, entry.absence_note) == (Absence.LEAVE, "病假")
    assert (entry.absence_by, entry.absence_at) == (office.id, NOW)
    roster.set_absence(session, office, world.exam_id, person, Absence.ABSENT, "", NOW)
    assert [reason for _, reason, _ in _changes(session)] == ["请假：病假", "缺考"]


def test_adding_freezes_the_unit_of_this_moment(session: Session, world: World) -> None:
    root = session.get_one(Unit, world.unit_id)
    office = factories.unit(session, "办公室", root)
    guest = factories.person(session, "guest", office, category=Category.CONTRACT)
    found = roster_views.off_roster_people(session, SYSTEM, world.exam_id, "gues", NOW)
    assert [(one.person, one.unit_path) for one in found] == [(guest.id, "示例区档案馆/办公室")]
    roster.add(session, SYSTEM, world.exam_id, guest.id, "自愿参加", NOW)
    entry = session.scalar(sa.select(RosterEntry).where(RosterEntry.person_id == guest.id))
    assert entry is not None
    assert (entry.unit_path, entry.unit_codes) == (
        "示例区档案馆/办公室", "U-示例区档案馆/U-办公室"
    )
    assert (entry.category, entry.frozen) == (Category.CONTRACT, NOW)
    assert roster_views.off_roster_people(session, SYSTEM, world.exam_id, "gues", NOW) == ()
    attempts.start(session, factories.actor(guest), world.exam_id, NOW)
    with pytest.raises(NotFoundError):
        roster.add(session, SYSTEM, world.exam_id, 999, "查无此人", NOW)


def test_nobody_is_added_twice(session: Session, world: World) -> None:
    with pytest.raises(ConflictError, match="on_roster"):
        roster.add(session, SYSTEM, world.exam_id, int(world["s1"].id or 0), "再来", NOW)


def test_people_who_have_left_are_not_offered(session: Session, world: World) -> None:
    root = session.get_one(Unit, world.unit_id)
    factories.person(session, "late-1", root, left_on=TODAY)
    factories.person(session, "late-2", root, left_on=TODAY + timedelta(days=1))
    found = roster_views.off_roster_people(session, SYSTEM, world.exam_id, "late", NOW)
    assert [one.number for one in found] == ["late-2"]
    assert roster_views.off_roster_people(session, SYSTEM, world.exam_id, " ", NOW) == ()


def test_a_removed_person_keeps_the_row_and_becomes_extra(session: Session, world: World) -> None:
    attempt = factories.begin(session, world["s1"], world.exam_id)
    attempts.submit(session, world["s1"], attempt.id, {}, NOW)
    roster.remove(session, SYSTEM, world.exam_id, attempt.person_id, "已调出", NOW)
    page = roster_views.roster_page(session, SYSTEM, world.exam_id, NOW, "removed")
    assert [(row.number, row.standing) for row in page.rows] == [("s1", Standing.REMOVED)]
    assert page.rows[0].actions == (Action.RESTORE,)
    assert (page.counts["roster"], page.counts["sat"], page.counts["extra"]) == (5, 0, 1)
    with pytest.raises(ConflictError, match="removed_from_roster"):
        roster.remove(session, SYSTEM, world.exam_id, attempt.person_id, "再移", NOW)
    roster.restore(session, SYSTEM, world.exam_id, attempt.person_id, "没调", NOW)
    page = roster_views.roster_page(session, SYSTEM, world.exam_id, NOW, "sat")
    assert [row.number for row in page.rows] == ["s1"]
    with pytest.raises(ConflictError, match="not_removed"):
        roster.restore(session, SYSTEM, world.exam_id, attempt.person_id, "没调", NOW)


SIMPLE: list[Callable[..., None]] = [
    roster.defer, roster.end_deferral, roster.end_exemption, roster.remove, roster.restore,
    roster.add,
]


@pytest.mark.parametrize("verb", SIMPLE)
def test_only_the_office_amends(
    session: Session, world: World, verb: Callable[..., None]
) -> None:
    for who in ("s1", "trainer", "admin"):
        with pytest.raises(NotFoundError):
            verb(session, world[who], world.exam_id, world["s1"].id, "理由", NOW)
    with pytest.raises(NotFoundError):
        roster_views.roster_page(session, world["s1"], world.exam_id, NOW)
    with pytest.raises(NotFoundError):
        roster_views.entry_view(session, world["admin"], world.exam_id, 1, NOW)


@pytest.mark.parametrize(
    ("verb", "number"), [(roster.defer, "s1"), (roster.remove, "s1"), (roster.add, "guest")]
)
def test_every_change_needs_a_reason(
    session: Session, world: World, verb: Callable[..., None], number: str
) -> None:
    factories.person(session, "guest", session.get_one(Unit, world.unit_id))
    person = session.scalars(sa.select(Person.id).where(Person.number == number)).one()
    with pytest.raises(InvalidError, match="reason_needed"):
        verb(session, SYSTEM, world.exam_id, person, " ", NOW)


def test_a_draft_and_a_cancelled_exam_have_nothing_to_amend(
    session: Session, world: World
) -> None:
    draft = exams.create(session, SYSTEM, factories.draft([], code="KS-2"), NOW)
    person = int(world["s1"].id or 0)
    with pytest.raises(ConflictError, match="exam_not_published"):
        roster.add(session, SYSTEM, draft, person, "理由", NOW)
    exams.cancel(session, SYSTEM, world.exam_id, "停电", NOW)
    with pytest.raises(ConflictError, match="exam_cancelled"):
        roster.remove(session, SYSTEM, world.exam_id, person, "理由", NOW)


def test_the_page_filters_by_state_unit_and_words(session: Session, world: World) -> None:
    branch = factories.unit(session, "办公室", session.get_one(Unit, world.unit_id))
    guest = factories.person(session, "x_1", branch, name="欧阳一")
    roster.add(session, SYSTEM, world.exam_id, guest.id, "新来", NOW)
    factories.begin(session, world["s2"], world.exam_id)

    def numbers(**values: Any) -> list[str]:
        page = roster_views.roster_page(session, SYSTEM, world.exam_id, NOW, **values)
        return [row.number for row in page.rows]

    assert numbers(query="欧阳") == ["x_1"]
    assert numbers(query="_") == ["x_1"]
    assert numbers(unit="U-示例区档案馆/U-办公室") == ["x_1"]
    assert len(numbers(unit="U-示例区档案馆")) == 7
    assert numbers(unit="U-示例") == []
    assert numbers(figure="running") == ["s2"]
    assert len(numbers(figure="idle")) == 6
    assert len(numbers(figure="nonsense")) == 7
    page = roster_views.roster_page(session, SYSTEM, world.exam_id, NOW)
    assert [path for _, path in page.units] == ["示例区档案馆", "示例区档案馆/办公室"]


def test_every_count_is_the_length_of_its_list(session: Session, world: World) -> None:
    for number, verb in (("s1", roster.defer), ("office", roster.remove)):
        verb(session, SYSTEM, world.exam_id, world[number].id, "理由", NOW)
    _exempt(session, world, "admin")
    factories.begin(session, world["s2"], world.exam_id)
    done = factories.begin(session, world["s3"], world.exam_id)
    attempts.submit(session, world["s3"], done.id, {}, NOW)
    roster.remove(session, SYSTEM, world.exam_id, done.person_id, "理由", NOW)
    exams.add_make_up(session, SYSTEM, world.exam_id, NOW + 2 * DAY, NOW + 3 * DAY, NOW)
    for now in (NOW, NOW + HOUR, NOW + 3 * DAY):
        there = exams.windows(session, [world.exam_id])[world.exam_id]
        figures = headcounts.conditions(headcounts.make_up_closed(there, now), now)
        for figure in figures:
            page = roster_views.roster_page(session, SYSTEM, world.exam_id, now, figure)
            assert len(page.rows) == page.counts[figure], figure


def test_one_person_with_attempts_and_changes(session: Session, world: World) -> None:
    attempt = factories.begin(session, world["s1"], world.exam_id)
    marking.extend(session, SYSTEM, attempt.id, 10, NOW)
    marking.void(session, SYSTEM, attempt.id, "断电", NOW)
    roster.defer(session, world["office"], world.exam_id, attempt.person_id, "等补考", NOW)
    view = roster_views.entry_view(session, world["trainer"], world.exam_id, attempt.person_id, NOW)
    assert (view.row.standing, view.row.started) == (Standing.DEFERRED, None)
    assert [(a.number, a.extension, a.void_reason) for a in view.attempts] == [(1, 10, "断电")]
    assert [(c.action, c.reason, c.author) for c in view.changes] == [
        (Action.DEFER, "等补考", "人员office")
    ]
    for person in (999, 2**40):
        with pytest.raises(NotFoundError):
            roster_views.entry_view(session, SYSTEM, world.exam_id, person, NOW)


@pytest.mark.parametrize("people", [5, 50])
def test_the_page_costs_the_same_for_few_and_many(
    session: Session, count_queries: list[str], people: int
) -> None:
    root = factories.unit(session)
    who = [factories.actor(factories.person(session, f"n{i}", root)) for i in range(people)]
    bank = factories.bank(session)
    exam_id = exams.create(session, SYSTEM, factories.draft([bank.id]), NOW)
    exams.publish(session, SYSTEM, exam_id, NOW)
    for one in who[::2]:
        factories.begin(session, one, exam_id)
    session.flush()
    session.expunge_all()
    count_queries.clear()
    page = roster_views.roster_page(session, SYSTEM, exam_id, NOW)
    assert len(page.rows) == people
    assert len(count_queries) == 7


def test_what_is_possible_follows_from_the_row() -> None:
    assert possible(Place()) == (Action.EXEMPT, Action.DEFER, Action.EXPLAIN, Action.REMOVE)
    assert possible(Place(started=True)) == (Action.REMOVE,)
    assert possible(Place(exempt=True)) == (Action.END_EXEMPTION, Action.REMOVE)
    assert Action.END_DEFERRAL in possible(Place(deferred=True, started=True))
    assert standing(Place(exempt=True, sat=True, started=True)) is Standing.EXEMPT
    assert standing(Place(deferred=True, started=True)) is Standing.RUNNING
    assert set(headcounts.conditions(False, NOW)) >= {
        "roster", "exempt", "required", "sat", "absent", "deferred", "extra"
    } & set(rates.FIGURES)


def test_scores_are_for_the_office(session: Session, world: World) -> None:
    attempt = factories.begin(session, world["s1"], world.exam_id)
    attempts.submit(session, world["s1"], attempt.id, {}, NOW)
    for number, score in (("office", 0), ("trainer", None)):
        page = roster_views.roster_page(session, world[number], world.exam_id, NOW, "sat")
        assert [(row.first_score, row.best_score) for row in page.rows] == [(score, score)]
        view = roster_views.entry_view(
            session, world[number], world.exam_id, attempt.person_id, NOW
        )
        assert (view.row.first_score, view.row.best_score) == (score, score)
        assert [line.score for line in view.attempts] == [score]
        assert view.row.standing is Standing.SAT
