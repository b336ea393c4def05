"""A year of a few people, put into the tables of every feature that a record reads."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from legaled.domain.exams import Show
from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM, Actor, Role
from legaled.domain.plans import Audience, ItemKind
from legaled.domain.rates import Absence, Exemption
from legaled.domain.sessions import SessionKind, SignedBy
from legaled.models import (
    Attendance,
    Card,
    Challenge,
    ChallengeEntry,
    ItemMark,
    Law,
    PlanEntry,
    PracticeAnswer,
    QuestionVersion,
    RosterEntry,
    SessionLaw,
    StudyItem,
    StudyMark,
    StudyPlan,
    StudySession,
    StudyTime,
    Unit,
)
from legaled.services import exams
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW

LATER = NOW + 3 * DAY  # every exam of the world is closed by then


@dataclass
class RecordWorld:
    people: dict[str, Actor] = field(default_factory=dict)
    exams: dict[str, int] = field(default_factory=dict)
    unit: str = ""
    below: str = ""

    def __getitem__(self, number: str) -> Actor:
        return self.people[number]


def record_world(session: Session, more: int = 0) -> RecordWorld:
    """s1 has something of everything; s2 has nothing but names on lists; s3 is in a sub-unit."""
    made = RecordWorld()
    root = factories.unit(session)
    below = Unit(name="业务指导科", code="YW-1", parent_id=root.id, position=1)
    other = Unit(name="别的单位", code="BD-1", position=2)
    session.add_all([below, other])
    session.flush()
    made.unit, made.below = root.code, below.code
    people = {"s1": (root, Role.STAFF), "s2": (root, Role.STAFF), "s3": (below, Role.STAFF),
              "far": (other, Role.STAFF), "trainer": (other, Role.TRAINER),
              "office": (other, Role.OFFICE)}
    people |= {f"m{n:03d}": (root, Role.STAFF) for n in range(more)}
    for number, (where, role) in people.items():
        made.people[number] = factories.actor(
            factories.person(session, number, where, role, post="科员"))
    _study(session, made)
    _sessions(session, made)
    bank = factories.bank(session)
    _practice(session, made)
    _exams(session, made, bank.id)
    session.flush()
    return made


def _study(session: Session, made: RecordWorld) -> None:
    law = Law(name="中华人民共和国档案法", key="档案法", created=NOW)
    session.add(law)
    session.flush()
    plan = StudyPlan(
        year=2026, title="2026年学法计划", programme="“九五”", audience=Audience.ALL, unit_ids=[],
        starts=date(2026, 1, 1), ends=date(2026, 12, 31), minutes=30, created=NOW, published=NOW)
    session.add(plan)
    session.flush()
    items = [
        StudyItem(plan_id=plan.id, position=1, kind=ItemKind.LAW, title="档案法",
                  law_id=law.id, minutes=20),
        StudyItem(plan_id=plan.id, position=2, kind=ItemKind.GUIDE, title="行政处罚法指南",
                  guide="行政处罚法", minutes=10),
        StudyItem(plan_id=plan.id, position=3, kind=ItemKind.LINK, title="网页",
                  url="https://example.com/"),
    ]
    session.add_all(items)
    session.flush()
    for one in made.people.values():
        session.add(PlanEntry(
            plan_id=plan.id, person_id=one.id, number=one.number, name=one.name,
            category=Category.ESTABLISHED, unit_path="示例", unit_codes="示例", frozen=NOW,
            exempt=Exemption.SICK if one.number == "s3" else None))
    who = made["s1"].id
    session.add_all([
        StudyTime(person_id=who, day=date(2026, 3, 1), subject=f"law:{law.id}", part="1",
                  seconds=1000),
        StudyTime(person_id=who, day=date(2026, 3, 2), subject=f"law:{law.id}", part="2",
                  seconds=259),
        StudyTime(person_id=who, day=date(2025, 12, 31), subject=f"law:{law.id}", part="1",
                  seconds=5000),
        StudyTime(person_id=who, day=date(2026, 12, 31), subject="guide:行政处罚法", part="1",
                  seconds=600),
        StudyMark(person_id=who, law="行政处罚法", read=NOW - DAY),
        ItemMark(item_id=items[2].id, person_id=who, done=NOW - DAY),
    ])


def _sessions(session: Session, made: RecordWorld) -> None:
    jan1 = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)  # 2026 has begun in Beijing
    for at, title, signed, leave, cancelled in (
        (jan1, "元旦学法", jan1 + MINUTE, "", None),
        (NOW - 30 * DAY, "迟到的一次", NOW - 30 * DAY + 6 * MINUTE, "", None),
        (NOW - 20 * DAY, "请假的一次", None, "出差", None),
        (NOW - 10 * DAY, "缺席的一次", None, "", None),
        (NOW - 5 * DAY, "取消的一次", None, "", NOW),
        (NOW + 20 * DAY, "以后的一次", None, "", None),
        (jan1 - HOUR, "去年的一次", jan1 - HOUR, "", None),
    ):
        one = StudySession(
            kind=SessionKind.COLLECTIVE, title=title, starts=at, ends=at + HOUR,
            late_from=at + 5 * MINUTE, secret="x" * 32, created=NOW, cancelled=cancelled)
        session.add(one)
        session.flush()
        session.add(SessionLaw(session_id=one.id, law="档案法", part="第三章"))
        for who in (made["s1"], made["s2"]):
            here = signed if who.number == "s1" else None
            session.add(Attendance(
                session_id=one.id, person_id=who.id, number=who.number, name=who.name,
                category=Category.ESTABLISHED, unit_path="示例", unit_codes="示例", signed=here,
                signed_by=SignedBy.PAPER if here else None,
                leave=leave if who.number == "s1" else ""))


def _practice(session: Session, made: RecordWorld) -> None:
    versions = [(one.id, one.question_id) for one in session.query(QuestionVersion).limit(5)]
    for at, (version, question) in enumerate(versions):
        session.add(PracticeAnswer(
            person_id=made["s1"].id, question_id=question, version_id=version, run="r1",
            at=NOW - at * DAY,
            right=at < 3, was_due=at in (2, 3), expected=0.9 if at in (2, 3) else None))
        session.add(Card(
            person_id=made["s1"].id, question_id=question, version_id=version, state=2,
            step=None, stability=1.0, difficulty=5.0, due=NOW, last=NOW, answers=1,
            misses=at // 3, missed=NOW if at >= 3 else None, recalled=0))
    session.add(PracticeAnswer(
        person_id=made["s1"].id, question_id=versions[0][1],
        version_id=versions[0][0], run="old",
        at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC), right=True, was_due=True, expected=0.9))
    game = Challenge(
        title="宪法日挑战赛", year=2026, preset="x", rules={}, starts=NOW - DAY, ends=NOW + DAY,
        seed="s", created=NOW, published=NOW)
    session.add(game)
    session.flush()
    for number, runs in (("s1", 2), ("s2", 0)):
        who = made[number]
        session.add(ChallengeEntry(
            challenge_id=game.id, person_id=who.id, number=number, name=who.name,
            category=Category.ESTABLISHED, unit_path="示例", unit_codes="示例", runs=runs,
            counted_runs=runs, answered=20 * runs, right=18 * runs, score=900 if runs else None))


def _exams(session: Session, made: RecordWorld, bank_id: int) -> None:
    for code, closes, show in (
        ("A", NOW + HOUR, Show.ALL), ("B", NOW + DAY, Show.NOTHING), ("C", NOW + 9 * DAY, Show.ALL),
    ):
        made.exams[code] = exams.create(session, SYSTEM, factories.draft(
            [bank_id], code=code, title=f"考试{code}", closes=closes, after_close=show,
            after_submit=Show.NOTHING if show is Show.NOTHING else Show.SCORE), NOW)
        exams.publish(session, SYSTEM, made.exams[code], NOW)
    for code, number, facts in (
        ("A", "s1", {"sat": True, "first_score": 50, "best_score": 80}),
        ("B", "s1", {"sat": True, "first_score": 95, "best_score": 95}),
        ("C", "s1", {"sat": True, "first_score": 70, "best_score": 70}),
        ("A", "s2", {"absence": Absence.LEAVE, "absence_note": "出差"}),
        ("A", "s3", {"exempt": Exemption.SICK, "exempt_by": "办公室"}),
    ):
        row = session.query(RosterEntry).filter_by(
            exam_id=made.exams[code], person_id=made[number].id).one()
        for name, value in facts.items():
            setattr(row, name, value)


