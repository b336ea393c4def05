"""The demonstration organisation: fictional people, made by the product's own services.

Two closed exams of last year give exactly "the demo year" of RATES.md; one of this year is open,
and so is a challenge. A study plan, sessions and minutes stand in demo_study.py.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.attempts import Marked, shown_key
from legaled.domain.banks import Kind
from legaled.domain.exams import ExamDraft
from legaled.domain.permissions import SYSTEM, Actor
from legaled.domain.rates import Exemption
from legaled.domain.times import BEIJING
from legaled.files.people import read_people
from legaled.models import Bank, Person, QuestionVersion, Slot
from legaled.services import (
    accounts,
    attempts,
    banks,
    demo_challenge,
    demo_study,
    exams,
    people,
    roster,
)
from legaled.services.within import Within

PASSWORD = "Shili-2026"  # noqa: S105 - printed at every start of the demonstration
HEAD = "工号,姓名,单位,科室,职务,领导干部,角色,人员类别,到岗日期,离岗日期"
UNIT = "示例区/示例区档案馆"
PEOPLE = """
D001,林静,办公室,主任,是,办公室
D002,冯立群,办公室,副主任,是,
D003,周敏,办公室,科员,,
D004,许志强,办公室,科员,,账号管理员
D005,唐秀兰,办公室,一级主任科员,,
D006,邓佳,办公室,科员,,
D007,徐晓燕,征集接收科,科长,是,培训员
D008,郭建平,征集接收科,科员,,
D009,彭雪,征集接收科,科员,,
D010,曾凡,征集接收科,科员,,
D011,萧雨桐,征集接收科,科员,,
D012,何建军,保管利用科,科长,是,
D013,陈国栋,保管利用科,科员,,
D014,罗文斌,保管利用科,科员,,
D015,梁红,保管利用科,科员,,
D016,宋海涛,保管利用科,科员,,
D017,沈洁,编研宣教科,科长,是,培训员
D018,韩梅,编研宣教科,科员,,
D019,范思远,编研宣教科,科员,,
D020,方圆,编研宣教科,科员,,
D021,石磊,信息技术科,科长,是,
D022,姚远,信息技术科,工程师,,
D023,谭硚,信息技术科,工程师,,
"""
LOGINS = (("D003", "职工"), ("D007", "培训员"), ("D001", "办公室"), ("D004", "账号管理员"))
EXEMPT, ABSENT, FAILED_FIRST = "D005", "D012", "D014"
QUOTAS: Mapping[Kind, tuple[int, int]] = {
    Kind.SINGLE: (20, 2), Kind.MULTI: (10, 3), Kind.JUDGE: (10, 3),
}


@dataclass(frozen=True)
class Sat:
    """Who sat when, and how many questions went wrong in each attempt."""

    number: str
    start: datetime
    wrong: Sequence[int]


def is_empty(session: Session) -> bool:
    return session.scalar(sa.select(Person.id).limit(1)) is None


def is_demo(session: Session) -> bool:
    """Whether the demonstration's people are here."""
    return session.scalar(sa.select(Person.id).where(Person.number == "D001")) is not None


def fill(session: Session, laws: Path, now: datetime) -> None:
    """Fill an empty database. The same year gives the same people, papers and scores."""
    chance = random.Random(2026)  # noqa: S311 - made-up scores
    this_year = now.astimezone(BEIJING).year
    last = this_year - 1
    banks.ship(session, laws, now)
    actors = _people(session, datetime(last, 1, 5, 9, tzinfo=BEIJING))
    ids = {bank.name: bank.id for bank in session.scalars(sa.select(Bank))}
    _first_exam(session, actors, ids, last, chance)
    _second_exam(session, actors, ids, last, chance)
    _open_exam(session, actors, ids, now, chance)
    demo_study.fill(session, actors, laws, now)
    demo_study.read(Within(session), actors, laws, now)
    demo_challenge.fill(session, Within(session), actors, [ids["宪法"]], now)


def _people(session: Session, now: datetime) -> dict[str, Actor]:
    rows = []
    for line in PEOPLE.split():
        number, name, office, post, leader, roles = line.split(",")
        duties = "、".join(["职工", *([roles] if roles else [])])
        rows.append(f"{number},{name},{UNIT},{office},{post},{leader},{duties},在编,,")
    text = "\r\n".join([HEAD, *rows])
    file = read_people(text.encode("utf-8-sig"))
    people.import_people(session, SYSTEM, file.rows, now, True)
    hashed = accounts.hash_password(PASSWORD)
    session.execute(sa.update(Person).values(password_hash=hashed, must_change_password=False))
    return {
        person.number: Actor(person.id, person.number, person.name, person.unit_id, person.roles)
        for person in session.scalars(sa.select(Person))
    }


def _publish(session: Session, draft: ExamDraft, at: datetime) -> int:
    exam_id = exams.create(session, SYSTEM, draft, at)
    exams.publish(session, SYSTEM, exam_id, at)
    return exam_id


def _draft(
    code: str, title: str, year: int, opens: datetime, days: int, bank_ids: Sequence[int]
) -> ExamDraft:
    return ExamDraft(
        code=code, title=title, year=year, opens=opens,
        closes=opens + timedelta(days=days, hours=9), minutes=60, pass_line=60,
        excellent_line=90, attempts=2, quotas=QUOTAS, bank_ids=tuple(bank_ids),
    )


def _first_exam(
    session: Session, actors: Mapping[str, Actor], banks_: Mapping[str, int], year: int,
    chance: random.Random,
) -> None:
    opens = datetime(year, 6, 16, 9, tzinfo=BEIJING)
    chosen = [banks_["档案法"], banks_["档案行政处罚程序"]]
    draft = _draft(f"{year}-1", "上半年档案法专题考试", year, opens, 4, chosen)
    exam_id = _publish(session, draft, opens - timedelta(days=14))
    roster.exempt(
        session, SYSTEM, exam_id, int(actors[EXEMPT].id or 0), Exemption.SICK, "林静",
        date(year, 6, 5), "长期病假，医院证明已存档", opens - timedelta(days=11),
    )
    sat = [number for number in actors if number not in (EXEMPT, ABSENT)]
    _sit(session, exam_id, actors, _sittings(sat, opens, 4, chance))


def _second_exam(
    session: Session, actors: Mapping[str, Actor], banks_: Mapping[str, int], year: int,
    chance: random.Random,
) -> None:
    opens = datetime(year, 11, 24, 9, tzinfo=BEIJING)
    draft = _draft(f"{year}-2", "年度学法用法考试", year, opens, 4, list(banks_.values()))
    exam_id = _publish(session, draft, opens - timedelta(days=14))
    _sit(session, exam_id, actors, _sittings(list(actors), opens, 4, chance))


def _open_exam(
    session: Session, actors: Mapping[str, Actor], banks_: Mapping[str, int], now: datetime,
    chance: random.Random,
) -> None:
    year = now.astimezone(BEIJING).year
    morning = now.astimezone(BEIJING).replace(hour=9, minute=0, second=0, microsecond=0)
    opens = morning - timedelta(days=2)
    draft = _draft(f"{year}-1", "年度学法用法考试", year, opens, 14, list(banks_.values()))
    exam_id = _publish(session, draft, opens - timedelta(days=5))
    early = ["D002", "D006", "D009", "D010", "D015", "D016", "D018", "D021", "D022"]
    _sit(session, exam_id, actors, _sittings(early, opens, 1, chance))


def _sittings(
    numbers: Sequence[str], opens: datetime, days: int, chance: random.Random
) -> list[Sat]:
    """Everybody passes at the first go but one, who passes at the second."""
    found = []
    for number in numbers:
        start = opens + timedelta(days=chance.randrange(days), minutes=chance.randrange(400))
        again = (24, 9) if number == FAILED_FIRST else (chance.randrange(12),)
        found.append(Sat(number, start, again))
    return found


def _sit(
    session: Session, exam_id: int, actors: Mapping[str, Actor], sittings: Sequence[Sat]
) -> None:
    for sat in sittings:
        at = sat.start
        for wrong in sat.wrong:
            attempt_id = attempts.start(session, actors[sat.number], exam_id, at)
            sent = _answers(session, attempt_id, wrong)
            attempts.submit(
                session, actors[sat.number], attempt_id, sent, at + timedelta(minutes=25)
            )
            at += timedelta(minutes=45)


def _answers(session: Session, attempt_id: int, wrong: int) -> dict[str, object]:
    """The right answers of a paper but for the first `wrong` questions, left open."""
    rows = session.execute(
        sa.select(
            Slot.number, QuestionVersion.kind, QuestionVersion.key, Slot.option_order, Slot.points
        )
        .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
        .where(Slot.attempt_id == attempt_id, Slot.number > wrong)
    )
    return {
        str(number): {
            "answer": list(shown_key(Marked(kind, key, order, points))), "seq": 1, "tab": "demo"
        }
        for number, kind, key, order, points in rows
    }
