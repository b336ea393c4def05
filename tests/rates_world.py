"""The demo year of RATES.md as roster rows: 23 people in five units, two exams and their make-up.

`expected()` counts it once more by hand, without the product's rules.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.exams import Counts
from legaled.domain.people import Category
from legaled.domain.permissions import Role
from legaled.domain.rates import Absence, Exemption
from legaled.models import Exam, Person, RosterEntry, Sitting, Unit

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DISTRICT, ARCHIVES = "示例区", "示例区档案馆"
SECTIONS = (
    ("K1", "办公室", 6), ("K2", "征集接收科", 5), ("K3", "保管利用科", 5),
    ("K4", "编研宣教科", 4), ("K5", "信息技术科", 3),
)
EXEMPT, ABSENT, FAILED_FIRST = 8, 13, 20  # which of the 23, from 0


@dataclass
class World:
    units: dict[str, Unit]
    people: list[Person]
    exams: dict[str, Exam]

    @property
    def office(self) -> Person:
        return next(person for person in self.people if Role.OFFICE in person.roles)

    @property
    def trainer(self) -> Person:
        return next(person for person in self.people if Role.TRAINER in person.roles)


def organisation(session: Session) -> World:
    """The units and 23 people; the first is of the office, the second a trainer."""
    district = Unit(code="Q", name=DISTRICT, parent_id=None)
    session.add(district)
    session.flush()
    archives = Unit(code="G", name=ARCHIVES, parent_id=district.id)
    session.add(archives)
    session.flush()
    units = {"Q": district, "G": archives}
    people: list[Person] = []
    for code, name, size in SECTIONS:
        units[code] = Unit(code=code, name=name, parent_id=archives.id)
        session.add(units[code])
        session.flush()
        for _ in range(size):
            roles = {0: Role.OFFICE, 1: Role.TRAINER}.get(len(people), Role.STAFF)
            people.append(Person(
                number=f"{len(people) + 1:04d}", name=f"人员{len(people) + 1}",
                unit_id=units[code].id, category=Category.ESTABLISHED, roles=frozenset({roles}),
                password_hash="initial$00$none", must_change_password=False,
            ))
    session.add_all(people)
    session.flush()
    return World(units, people, {})


def exam(session: Session, world: World, code: str, **values: Any) -> Exam:
    """A published exam of 60 and 90 points whose only sitting closed 30 days before NOW."""
    closes = values.pop("closes", NOW - timedelta(days=30))
    sittings = values.pop("sittings", (closes,))
    defaults: dict[str, Any] = {
        "title": f"考试{code}", "year": 2026, "minutes": 60, "pass_line": 60,
        "excellent_line": 90, "attempts": 1, "counts": Counts.BEST, "seed": code,
        "created": closes - timedelta(days=20), "published": closes - timedelta(days=10),
    }
    made = Exam(code=code, **(defaults | values))
    session.add(made)
    session.flush()
    for number, end in enumerate(sittings):
        session.add(Sitting(
            exam_id=made.id, number=number, opens=end - timedelta(days=4), closes=end
        ))
    session.flush()
    world.exams[code] = made
    return made


def entry(world: World, of: Exam, index: int, **values: Any) -> RosterEntry:
    """Person `index` on the roster of an exam, under the unit of today."""
    person = world.people[index]
    unit = next(unit for unit in world.units.values() if unit.id == person.unit_id)
    defaults: dict[str, Any] = {
        "exam_id": of.id, "person_id": person.id, "number": person.number, "name": person.name,
        "category": Category.ESTABLISHED, "unit_path": f"{DISTRICT}/{ARCHIVES}/{unit.name}",
        "unit_codes": f"Q/G/{unit.code}", "frozen": of.published,
    }
    return RosterEntry(**(defaults | values))


def score(index: int) -> int:
    return 61 + 7 * index % 40


def demo_year(session: Session) -> World:
    """Two closed exams, as RATES.md prints them. The first has a make-up."""
    world = organisation(session)
    first = exam(
        session, world, "2026-1", title="宪法与法治宣传教育法考试",
        sittings=(NOW - timedelta(days=200), NOW - timedelta(days=180)),
    )
    second = exam(session, world, "2026-2", title="上半年档案法专题考试")
    for index in range(23):
        best = score(index)
        facts: dict[str, Any] = {"sat": True, "first_score": best, "best_score": best}
        if index == FAILED_FIRST:
            facts = {"sat": True, "first_score": 52, "best_score": 68}
        session.add(entry(world, second, index, **facts))
        if index == EXEMPT:
            facts = {
                "exempt": Exemption.RETIRING, "exempt_by": "林静", "exempt_on": date(2026, 3, 2)
            }
        if index == ABSENT:
            facts = {"absence": Absence.LEAVE, "absence_note": "产假"}
        session.add(entry(world, first, index, **facts))
    session.flush()
    return world


COUNTS = (
    "roster", "exempt", "required", "sat", "absent", "deferred", "extra", "make_up_only",
    "first_passed", "passed", "excellent",
)


def _counts(people: range, by: str) -> dict[str, int]:
    size, exempt = len(people), EXEMPT in people
    absent, failed = ABSENT in people, FAILED_FIRST in people
    excellent = [i for i in people if score(i) >= 90 and i != FAILED_FIRST]
    if by == "sittings":
        both = len(excellent) * 2 - sum(i in (EXEMPT, ABSENT) for i in excellent)
        values = (size * 2, exempt, size * 2 - exempt, size * 2 - exempt - absent, absent, 0, 0, 0,
                  size * 2 - exempt - absent - 2 * failed, size * 2 - exempt - absent, both)
    else:
        values = (size, 0, size, size - absent, absent, 0, 0, 0, size - absent - failed,
                  size - absent, len([i for i in excellent if i != ABSENT]))
    return dict(zip(COUNTS, map(int, values), strict=True))


def expected() -> dict[str, dict[str, dict[str, int]]]:
    """Path of names → by_sittings, by_people → counts, for every unit of the demo year."""
    found = {}
    whole = range(23)
    for path in (DISTRICT, f"{DISTRICT}/{ARCHIVES}"):
        found[path] = {by: _counts(whole, by) for by in ("sittings", "people")}
    start = 0
    for _, name, size in SECTIONS:
        own = range(start, start + size)
        start += size
        found[f"{DISTRICT}/{ARCHIVES}/{name}"] = {
            by: _counts(own, by) for by in ("sittings", "people")
        }
    return found


PRINTED = {
    "sittings": ("97.78%", "95.45%", "93.33%", "100%"),
    "people": ("95.65%", "95.45%", "91.30%", "100%"),
    "2026-1": ("95.45%", "95.24%", "90.91%", "100%"),
    "2026-2": ("100%", "95.65%", "95.65%", "100%"),
}
