"""A small world for tests, made by the product's own services."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.banks import Kind, QuestionDraft
from legaled.domain.exams import Counts, ExamDraft, Show
from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM, Actor, Role
from legaled.models import Attempt, Bank, Person, Unit
from legaled.services import attempts, bank_imports, exams

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Beijing noon
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def unit(session: Session, name: str = "示例区档案馆", parent: Unit | None = None) -> Unit:
    made = Unit(name=name, code=f"U-{name}", parent_id=parent.id if parent else None)
    session.add(made)
    session.flush()
    return made


def person(session: Session, number: str, where: Unit, *roles: Role, **values: Any) -> Person:
    values = {"category": Category.ESTABLISHED, "must_change_password": False, **values}
    made = Person(
        number=number,
        name=values.pop("name", f"人员{number}"),
        unit_id=where.id,
        roles=frozenset(roles or {Role.STAFF}),
        password_hash=values.pop("password_hash", "initial$00$none"),
        **values,
    )
    session.add(made)
    session.flush()
    return made


def actor(made: Person) -> Actor:
    return Actor(made.id, made.number, made.name, made.unit_id, made.roles)


def question(row: int, kind: Kind = Kind.SINGLE, **values: Any) -> QuestionDraft:
    """Question `row`: the right answer is B for single, A and C for multi, 正确 for judge."""
    by_kind: dict[Kind, dict[str, Any]] = {
        Kind.SINGLE: {"options": tuple(f"选项{row}{x}" for x in "甲乙丙丁"), "key": ("B",)},
        Kind.MULTI: {"options": tuple(f"选项{row}{x}" for x in "甲乙丙丁"), "key": ("A", "C")},
        Kind.JUDGE: {"options": ("正确", "错误"), "key": ("A",)},
        Kind.BLANK: {"options": (), "key": ("二十五|25", "一")},
    }
    return QuestionDraft(
        row=row,
        number=None,
        foreign_number="",
        kind=kind,
        stem=f"第 {row} 个问题说的是什么{kind.value}？",
        **{
            "explanation": f"解析{row}",
            "law": "档案法",
            "article": "第二十七条",
            **by_kind[kind],
            **values,
        },
    )


def bank(session: Session, name: str = "题库", drafts: Any = None, **values: Any) -> Bank:
    drafts = drafts if drafts is not None else [
        *(question(row) for row in range(2, 8)),
        *(question(row, Kind.MULTI) for row in range(8, 12)),
        *(question(row, Kind.JUDGE) for row in range(12, 16)),
        *(question(row, Kind.BLANK) for row in range(16, 18)),
    ]
    result = bank_imports.import_drafts(session, SYSTEM, name, drafts, NOW, **values)
    return session.get_one(Bank, result.bank_id)


QUOTAS = {Kind.SINGLE: (3, 20), Kind.MULTI: (1, 20), Kind.JUDGE: (1, 10), Kind.BLANK: (1, 10)}


def draft(bank_ids: Any, **values: Any) -> ExamDraft:
    """100 points in six questions, open from an hour ago until tomorrow, one attempt."""
    return ExamDraft(
        **{
            "code": "KS-1",
            "title": "年度普法考试",
            "year": 2026,
            "opens": NOW - HOUR,
            "closes": NOW + DAY,
            "minutes": 60,
            "pass_line": 60,
            "excellent_line": 90,
            "quotas": QUOTAS,
            "bank_ids": tuple(bank_ids),
            "attempts": 1,
            "counts": Counts.BEST,
            "after_submit": Show.SCORE,
            "after_close": Show.ALL,
            **values,
        }
    )


@dataclass
class World:
    """Three staff, a trainer, the office, an administrator; a bank; a published, open exam."""

    unit_id: int = 0
    bank_id: int = 0
    exam_id: int = 0
    people: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, number: str) -> Actor:
        return self.people[number]


def world(session: Session, **values: Any) -> World:
    made = World()
    root = unit(session)
    made.unit_id = root.id
    roles = {
        "s1": Role.STAFF, "s2": Role.STAFF, "s3": Role.STAFF,
        "trainer": Role.TRAINER, "office": Role.OFFICE, "admin": Role.ACCOUNTS,
    }
    made.people = {
        number: actor(person(session, number, root, role)) for number, role in roles.items()
    }
    made.bank_id = bank(session).id
    made.exam_id = exams.create(session, SYSTEM, draft([made.bank_id], **values), NOW)
    exams.publish(session, SYSTEM, made.exam_id, NOW)
    return made


def begin(session: Session, who: Actor, exam_id: int, now: datetime = NOW) -> Attempt:
    return session.get_one(Attempt, attempts.start(session, who, exam_id, now))
