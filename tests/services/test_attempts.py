"""The exam protocol's rules, on both databases."""

import json

import pytest
import sqlalchemy as sa

from legaled.domain.attempts import Marked, shown_key
from legaled.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from legaled.domain.exams import Show
from legaled.domain.permissions import SYSTEM
from legaled.domain.rates import Exemption
from legaled.models import Attempt, Exam, QuestionVersion, RosterEntry, Slot, Step
from legaled.services import attempts, exams, marking, papers, roster, saving
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW, begin, world


def right_answers(session, attempt_id):
    rows = session.execute(
        sa.select(Slot, QuestionVersion)
        .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
        .where(Slot.attempt_id == attempt_id)
    )
    return {
        slot.number: [text.split("|")[0] for text in shown_key(
            Marked(version.kind, version.key, slot.option_order, slot.points))]
        for slot, version in rows
    }


def answer_all(session, who, attempt_id, now, wrong=()):
    sent = {
        str(slot): {"answer": answer, "seq": 1, "tab": "t"}
        for slot, answer in right_answers(session, attempt_id).items()
        if slot not in wrong
    }
    return attempts.submit(session, who, attempt_id, sent, now)


def entry(session, made, who):
    session.expire_all()
    return session.scalar(
        sa.select(RosterEntry).where(
            RosterEntry.exam_id == made.exam_id, RosterEntry.person_id == who.id
        )
    )


def refusal(error, call, *args, **values):
    with pytest.raises(error) as caught:
        call(*args, **values)
    return caught.value.code


def test_pressing_twice_opens_one_attempt(session):
    made = world(session)
    first = attempts.start(session, made["s1"], made.exam_id, NOW)
    assert attempts.start(session, made["s1"], made.exam_id, NOW + MINUTE) == first
    assert session.scalar(sa.select(sa.func.count(Attempt.id))) == 1


def test_the_paper_keeps_the_quotas_and_is_the_same_for_the_same_seed(session):
    made = world(session)
    one, two = begin(session, made["s1"], made.exam_id), begin(session, made["s2"], made.exam_id)
    rows = [
        session.execute(
            sa.select(QuestionVersion.kind, Slot.points, Slot.version_id)
            .join(Slot, Slot.version_id == QuestionVersion.id)
            .where(Slot.attempt_id == attempt.id)
            .order_by(Slot.number)
        ).all()
        for attempt in (one, two)
    ]
    assert [row.kind.value for row in rows[0]] == ["single"] * 3 + ["multi", "judge", "blank"]
    assert sum(row.points for row in rows[0]) == 100
    assert [row.version_id for row in rows[0]] != [row.version_id for row in rows[1]]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW - 2 * HOUR, "not_open"),
        (NOW + DAY, "not_open"),
        (NOW + DAY - MINUTE / 60, "not_open"),  # one second before the window ends
        (NOW + DAY - MINUTE + MINUTE / 60, "not_open"),
    ],
)
def test_not_open(session, at, code):
    made = world(session)
    assert refusal(ConflictError, attempts.start, session, made["s1"], made.exam_id, at) == code
    assert session.scalar(sa.select(sa.func.count(Attempt.id))) == 0


def test_exactly_a_minute_is_enough_and_the_deadline_is_the_windows_end(session):
    made = world(session)
    attempt = begin(session, made["s1"], made.exam_id, NOW + DAY - MINUTE)
    assert attempt.deadline == NOW + DAY


def test_draft_and_cancelled_and_unknown(session):
    made = world(session)
    exams.cancel(session, SYSTEM, made.exam_id, "停电", NOW)
    start = attempts.start
    assert refusal(ConflictError, start, session, made["s1"], made.exam_id, NOW) == "not_open"
    draft = exams.create(session, SYSTEM, factories.draft([made.bank_id], code="KS-2"), NOW)
    for exam_id in (draft, 999):
        assert refusal(NotFoundError, start, session, made["s1"], exam_id, NOW) == "not_found"


def test_not_on_roster_and_exempt(session):
    made = world(session)
    newcomer = factories.actor(factories.person(session, "new", session.get_one(
        factories.Unit, made.unit_id)))
    assert refusal(
        ConflictError, attempts.start, session, newcomer, made.exam_id, NOW
    ) == "not_on_roster"
    roster.exempt(
        session, SYSTEM, made.exam_id, made["s2"].id, Exemption.SICK, "馆长", NOW.date(), "病假",
        NOW,
    )
    assert refusal(
        ConflictError, attempts.start, session, made["s2"], made.exam_id, NOW
    ) == "exempt"


def test_attempts_run_out_but_not_by_a_voided_one(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id)
    attempts.submit(session, made["s1"], one.id, {}, NOW + MINUTE)
    again = (session, made["s1"], made.exam_id, NOW + 2 * MINUTE)
    assert refusal(ConflictError, attempts.start, *again) == "no_attempts_left"
    marking.void(session, SYSTEM, one.id, "机器故障", NOW + MINUTE)
    assert not entry(session, made, made["s1"]).sat
    assert attempts.start(*again) != one.id


def test_study_address_and_password(session):
    made = world(session, required_laws=("档案法",), networks=("10.1.0.0/16",), password="1204")
    start = (session, made["s1"], made.exam_id, NOW)
    assert refusal(ConflictError, attempts.start, *start) == "study_required"
    from legaled.services import study

    study.mark_read(session, made["s1"], "档案法", NOW)
    assert refusal(
        ForbiddenError, attempts.start, *start, address="192.168.1.1"
    ) == "address_not_allowed"
    assert refusal(
        ForbiddenError, attempts.start, *start, address="10.1.2.3", password_ok=False
    ) == "password_required"
    assert attempts.exam_password(session, made.exam_id).startswith("$argon2id$")
    assert attempts.start(*start, address="10.1.2.3") > 0


def test_marking_and_facts(session):
    made = world(session, attempts=2)
    one = begin(session, made["s1"], made.exam_id)
    answer_all(session, made["s1"], one.id, NOW + MINUTE, wrong={1, 2, 3})
    assert (one.score, one.closed) == (40, NOW + MINUTE)
    row = entry(session, made, made["s1"])
    assert (row.sat, row.first_score, row.best_score) == (True, 40, 40)
    two = begin(session, made["s1"], made.exam_id, NOW + HOUR)
    answer_all(session, made["s1"], two.id, NOW + HOUR + MINUTE)
    row = entry(session, made, made["s1"])
    assert (row.sat, row.first_score, row.best_score) == (True, 40, 100)


def test_submitting_again_gives_the_same_and_late_answers_are_dropped(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id)
    assert not attempts.submit(session, made["s1"], one.id, {}, NOW + MINUTE).late
    answer_all(session, made["s1"], one.id, NOW + 2 * MINUTE)
    assert (one.score, one.submitted) == (0, NOW + MINUTE)
    two = begin(session, made["s2"], made.exam_id)
    assert answer_all(session, made["s2"], two.id, two.deadline).late
    assert (two.score, two.submitted, two.closed) == (0, None, two.deadline)
    assert entry(session, made, made["s2"]).sat


def test_an_overdue_attempt_is_closed_before_anything_is_written(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id)
    later = one.deadline + MINUTE
    found = marking.overdue_facts(session, [made.exam_id], later)
    assert found[made.exam_id, made["s1"].id].sat
    assert papers.review(session, made["s1"], one.id, later).score == 0
    assert one.closed is None
    assert marking.has_due(session, later)
    assert marking.close_due(session, later) == 1
    assert not marking.has_due(session, later)
    assert entry(session, made, made["s1"]).sat


def test_stale_slots_of_a_submission_are_ignored_and_listed(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id)
    sent = {
        "1": {"answer": ["A"], "seq": 1, "tab": "t"},
        "2": {"answer": ["A"], "seq": 2, "tab": "t"},
        "3": {"answer": ["Z"], "seq": 1, "tab": "t"},
        "4": "nonsense",
        "99": {"answer": ["A"], "seq": 1, "tab": "t"},
    }
    assert attempts.submit(session, made["s1"], one.id, sent, NOW).stale == [2, 3, 4]
    assert session.scalars(sa.select(Step.slot)).all() == [1]


def test_another_persons_attempt_looks_like_none(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id)
    for call in (attempts.submit, attempts.save_form):
        with pytest.raises(NotFoundError):
            call(session, made["s2"], one.id, {}, NOW)
    for attempt_id in (one.id, 999, 2**40):
        with pytest.raises(NotFoundError):
            papers.review(session, made["s2"], attempt_id, NOW)


def test_an_extension_moves_the_deadline_beyond_the_window(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id, NOW + DAY - 10 * MINUTE)
    marking.extend(session, SYSTEM, one.id, 15, NOW + DAY - 9 * MINUTE)
    assert one.deadline == NOW + DAY + 15 * MINUTE
    assert refusal(InvalidError, marking.extend, session, SYSTEM, one.id, 0, NOW) == "bad_extension"
    assert refusal(
        ConflictError, marking.extend, session, SYSTEM, one.id, 5, NOW + 2 * DAY
    ) == "closed"


def test_what_may_be_seen_when(session):
    made = world(session, after_submit=Show.SCORE)
    one = begin(session, made["s1"], made.exam_id)
    assert papers.review(session, made["s1"], one.id, NOW) is None
    answer_all(session, made["s1"], one.id, NOW + MINUTE)
    after = papers.review(session, made["s1"], one.id, NOW + HOUR)
    assert (after.score, after.passed, after.slots) == (100, True, None)
    closed = papers.review(session, made["s1"], one.id, NOW + DAY)
    assert len(closed.slots) == 6
    assert all(slot.explanation and slot.right for slot in closed.slots)


def test_nothing_is_revealed_while_somebody_with_an_extension_still_writes(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id)
    answer_all(session, made["s1"], one.id, NOW + MINUTE)
    two = begin(session, made["s2"], made.exam_id, NOW + DAY - 10 * MINUTE)
    marking.extend(session, SYSTEM, two.id, 30, NOW + DAY - 9 * MINUTE)
    assert papers.review(session, made["s1"], one.id, NOW + DAY).slots is None
    assert papers.review(session, made["s1"], one.id, NOW + DAY + HOUR).slots


def test_a_make_up_is_for_those_who_have_not_passed(session):
    made = world(session)
    one = begin(session, made["s1"], made.exam_id)
    answer_all(session, made["s1"], one.id, NOW + MINUTE)
    two = begin(session, made["s2"], made.exam_id)
    attempts.submit(session, made["s2"], two.id, {}, NOW + MINUTE)
    exams.add_make_up(session, SYSTEM, made.exam_id, NOW + 2 * DAY, NOW + 3 * DAY, NOW + HOUR)
    later = NOW + 2 * DAY
    assert refusal(
        ConflictError, attempts.start, session, made["s1"], made.exam_id, later
    ) == "no_attempts_left"
    for name in ("s2", "s3"):
        again = begin(session, made[name], made.exam_id, later)
        answer_all(session, made[name], again.id, later + MINUTE)
    two_row, three_row = entry(session, made, made["s2"]), entry(session, made, made["s3"])
    assert (two_row.first_score, two_row.best_score, two_row.first_make_up) == (0, 100, False)
    assert (three_row.first_score, three_row.first_make_up) == (100, True)


def test_facts_on_the_roster_can_be_recomputed_from_the_steps(session):
    made = world(session, attempts=2)
    for number, wrong in (("s1", {1}), ("s2", {1, 2, 3, 4})):
        attempt = begin(session, made[number], made.exam_id)
        answer_all(session, made[number], attempt.id, NOW + MINUTE, wrong)
    for attempt in session.scalars(sa.select(Attempt)):
        marks = marking.marks_of(session, [attempt.id])[attempt.id]
        assert sum(marks.values()) == attempt.score
        row = session.scalar(
            sa.select(RosterEntry).where(RosterEntry.person_id == attempt.person_id)
        )
        assert (row.first_score, row.best_score) == (attempt.score, attempt.score)


# ── saving goes by the cheap door: each write is a transaction of its own ──────


@pytest.fixture
def made(database):
    with database.write() as opened:
        built = world(opened)
        begin(opened, built["s1"], built.exam_id)
        begin(opened, built["s2"], built.exam_id)
    return built


def put(database, who, slot, answer, seq, tab="t", now=NOW, attempt=1):
    return saving.save(database.hot, who, attempt, slot, answer, seq, tab, now)


def test_save_the_next_step_and_the_same_again(database, made):
    saved, deadline = put(database, made["s1"], 1, ["B"], 1)
    assert (saved.answer, saved.seq, saved.saved_at) == (("B",), 1, NOW)
    assert deadline == NOW + HOUR
    again, _ = put(database, made["s1"], 1, ["B"], 1, now=NOW + MINUTE)
    assert again.saved_at == NOW
    assert put(database, made["s1"], 1, [], 2)[0].answer == ()
    with database.read() as session:
        rows = session.execute(sa.select(Step.seq, Step.answer).order_by(Step.seq)).all()
    assert [(seq, json.loads(answer)) for seq, answer in rows] == [(1, ["B"]), (2, [])]


@pytest.mark.parametrize(("answer", "seq", "tab"), [
    (["A"], 1, "t"), (["B"], 1, "other"), (["A"], 3, "t"), (["A"], 0, "t"),
])
def test_everything_else_is_stale(database, made, answer, seq, tab):
    put(database, made["s1"], 1, ["B"], 1)
    with pytest.raises(saving.StaleError) as stale:
        put(database, made["s1"], 1, answer, seq, tab)
    assert stale.value.saved.answer == ("B",)


@pytest.mark.parametrize("answer", [
    "B", None, {"B": 1}, ["Z"], ["A", "B"], ["B", "B"], [1], ["b"], [["A"]],
])
def test_bad_answers(database, made, answer):
    with pytest.raises(InvalidError, match="bad_answer"):
        put(database, made["s1"], 1, answer, 1)


@pytest.mark.parametrize(("seq", "tab"), [
    ("1", "t"), (True, "t"), (-1, "t"), (2**31, "t"), (None, "t"), (1, None), (1, "x" * 65),
    (1, "\0"),
])
def test_bad_steps(database, made, seq, tab):
    with pytest.raises(InvalidError, match="bad_answer"):
        put(database, made["s1"], 1, ["A"], seq, tab)


def test_blank_answers_are_one_text_a_gap(database, made):
    assert put(database, made["s1"], 6, [" 25 ", "一"], 1)[0].answer == ("25", "一")
    assert put(database, made["s1"], 6, ["", " "], 2)[0].answer == ()
    for bad in (["25"], ["25", "一", "二"], ["x" * 501, ""], ["\0", ""]):
        with pytest.raises(InvalidError):
            put(database, made["s1"], 6, bad, 3)


def test_closed_by_the_clock_by_submitting_and_by_cancelling(database, made):
    with pytest.raises(ConflictError, match="closed"):
        put(database, made["s1"], 1, ["B"], 1, now=NOW + HOUR)
    with database.write() as session:
        attempts.submit(session, made["s1"], 1, {}, NOW + MINUTE)
    with pytest.raises(ConflictError, match="closed"):
        put(database, made["s1"], 1, ["B"], 1, now=NOW + MINUTE)
    with database.write() as session:
        session.get_one(Exam, made.exam_id).cancelled = NOW
    with pytest.raises(ConflictError, match="closed"):
        put(database, made["s2"], 1, ["B"], 1, attempt=2)


@pytest.mark.parametrize(
    ("attempt", "slot"), [(2, 1), (99, 1), (1, 99), (1, 0), (2**40, 1), (1, 2**40)]
)
def test_forged_ids_look_like_none(database, made, attempt, slot):
    with pytest.raises(NotFoundError):
        put(database, made["s1"], slot, ["A"], 1, attempt=attempt)


@pytest.mark.parametrize("attempt", [2, 99, 2**40])
def test_another_persons_paper_looks_like_none(database, made, attempt):
    with pytest.raises(NotFoundError):
        papers.paper(database.hot, made["s1"], attempt, NOW)
    assert papers.paper(database.hot, made["s1"], 1, NOW).running


def test_saving_takes_two_statements(database, made):
    seen = []
    hot = database.hot
    rows, append = hot.rows, hot.append
    hot.rows = lambda *a, **k: seen.append("read") or rows(*a, **k)
    hot.append = lambda *a, **k: seen.append("write") or append(*a, **k)
    try:
        put(database, made["s1"], 1, ["B"], 1)
    finally:
        del hot.rows, hot.append
    assert seen == ["read", "write"]
