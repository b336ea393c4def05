"""People from a file: what would happen, and making it happen, all or nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.bank_problems import Problem
from legaled.domain.errors import InvalidError
from legaled.domain.people import CATEGORY_LABEL
from legaled.domain.permissions import ROLE_LABEL, Actor, Role
from legaled.domain.times import beijing_day
from legaled.files.people import COLUMNS, PeopleFile, PersonRow, by_place, trouble
from legaled.models import Person, SignIn, Unit
from legaled.services import audit
from legaled.services.accounts import new_initial_password
from legaled.services.unit_words import Place, UnitWordError, UnitWords
from legaled.services.units import UNIT_DEPTH_MAX, unique_or

FIELDS = ("name", "unit", "post", "is_leader", "roles", "category", "joined_on", "left_on")
LABELS = {"name": "姓名", "unit": "单位", "post": "职务", "is_leader": "领导干部", "roles": "角色",
          "category": "人员类别", "joined_on": "到岗日期", "left_on": "离岗日期"}


@dataclass(frozen=True)
class Change:
    """One field of one person, before and after, in words."""

    number: str
    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class PeopleImport:
    """What an import does, or would do; `passwords` (工号, 姓名, password) only when done."""

    added: int
    changed: int
    unchanged: int
    units: Sequence[str] = ()
    changes: Sequence[Change] = ()
    problems: Sequence[Problem] = ()
    passwords: Sequence[tuple[str, str, str]] = ()


class PeopleRefusedError(InvalidError):
    """Rows that the database contradicts; nothing was written. `problems` says which and why."""

    code = "people_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = problems


def plan_people(
    session: Session, actor: Actor, file: PeopleFile, create_units: bool = False
) -> PeopleImport:
    """What importing the file would do, and all that is wrong with it; two queries, no writing."""
    plan = _plan(session, actor, file.rows, create_units)
    good = {row.row for row in file.rows}
    for record in file.records:
        if record.row not in good and record.cells["unit"]:
            plan.place(record.row, record.cells["unit"], record.cells["office"])
    found = {(one.row, one.column, one.code): one for one in (*plan.problems, *file.problems)}
    plan.problems = sorted(found.values(), key=by_place)
    return plan.result()


def import_people(
    session: Session, actor: Actor, rows: Sequence[PersonRow], now: datetime,
    create_units: bool = False,
) -> PeopleImport:
    """Add and update people by 工号; who is not in the file stays as is. Twice changes nothing.

    Each new person gets a one-time password of their own, found nowhere but in the result.
    Raises PeopleRefusedError when any row is wrong.
    """
    plan = _plan(session, actor, rows, create_units)
    if plan.problems:
        raise PeopleRefusedError(plan.problems)
    _write_units(session, plan.tree.made)
    secrets = [(row, new_initial_password()) for row, _ in plan.added]
    if plan.added:
        with unique_or("number_taken"):
            session.execute(sa.insert(Person), [
                {"number": row.number, "password_hash": stored, **_values(row, place)}
                for (row, place), (_, (_, stored)) in zip(plan.added, secrets, strict=True)
            ])
    if plan.changed:
        session.execute(sa.update(Person), [
            {"id": person_id, **_values(row, place)} for person_id, row, place in plan.changed
        ])
    sign_out_leavers(session, now)
    session.expire_all()
    audit.note(session, actor, "people.import", f"{len(rows)} rows", now,
               detail=f"added {len(plan.added)}, changed {len(plan.changed)}")
    return plan.result([(row.number, row.name, password) for row, (password, _) in secrets])


def sign_out_leavers(session: Session, now: datetime) -> None:
    """Whoever has left by today is signed out everywhere; one statement."""
    gone = sa.select(Person.id).where(Person.left_on <= beijing_day(now))
    session.execute(
        sa.update(SignIn).where(SignIn.ended.is_(None), SignIn.person_id.in_(gone))
        .values(ended=now).execution_options(synchronize_session=False)
    )


# ---- the plan ----

_PERSON = (Person.id, Person.number, Person.name, Person.unit_id, Person.post, Person.is_leader,
           Person.roles, Person.category, Person.joined_on, Person.left_on)
UNIT_WORDS = {
    "unknown_unit": "没有这个单位。请核对名称、编号或路径，或者选“同时建立没有的单位和科室”。",
    "unknown_office": "这个单位下没有这个科室。请核对，或者选“同时建立没有的单位和科室”。",
    "unit_ambiguous": "有几个单位叫这个名字。请写编号，或写完整路径（如 示例区/示例区档案馆）。",
    "unit_name_bad": "单位和科室的名称最多 60 个字，不能有“/”和看不见的字符。",
    "unit_too_deep": f"单位最多 {UNIT_DEPTH_MAX} 级，请减少层级。",
    "own_admin_role": "不能去掉自己的账号管理员角色。请保留这个角色，或由别的账号管理员来改。",
    "own_account_end": "不能给自己填离岗日期。请留空，或由别的账号管理员来改。",
}


@dataclass
class _Plan:
    tree: UnitWords
    added: list[tuple[PersonRow, Place]] = field(default_factory=list)
    changed: list[tuple[int, PersonRow, Place]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def place(self, row: int, unit: str, office: str) -> Place | None:
        try:
            return self.tree.find(unit, office)
        except UnitWordError as error:
            self.say(row, error.code, error.column, unit if error.column == "unit" else office)
            return None

    def take(self, row: PersonRow, before: Any) -> None:
        place = self.place(row.row, row.unit, row.office)
        if place is None:
            return
        if before is None:
            self.added.append((row, place))
            return
        old = _words(before, self.tree.by_id[before.unit_id])
        new = _words(row, place)
        names = [name for name in FIELDS if old[name] != new[name]]
        if names:
            self.changed.append((before.id, row, place))
        else:
            self.unchanged += 1
        self.changes += [Change(row.number, row.name, LABELS[name], old[name], new[name])
                         for name in names]

    def guard(self, row: PersonRow, actor: Actor) -> None:
        """An administrator's own row may not lock them out."""
        if Role.ACCOUNTS in actor.roles and Role.ACCOUNTS not in row.roles:
            self.say(row.row, "own_admin_role", "roles", role_words(row.roles))
        if row.left_on is not None:
            self.say(row.row, "own_account_end", "left", row.left_on.isoformat())

    def say(self, row: int, code: str, column: str, value: str) -> None:
        self.problems.append(Problem(row, COLUMNS[column], code, value, UNIT_WORDS[code]))

    def result(self, passwords: Sequence[tuple[str, str, str]] = ()) -> PeopleImport:
        return PeopleImport(len(self.added), len(self.changed), self.unchanged,
                            [place.path() for place in self.tree.made], self.changes,
                            self.problems, passwords)


def role_words(roles: Iterable[Role]) -> str:
    return "、".join(label for role, label in ROLE_LABEL.items() if role in set(roles))


def _plan(session: Session, actor: Actor, rows: Sequence[PersonRow], create: bool) -> _Plan:
    units = session.execute(
        sa.select(Unit.id, Unit.parent_id, Unit.code, Unit.name).order_by(Unit.id)
    )
    plan = _Plan(UnitWords(units, create))
    known = {person.number: person for person in session.execute(sa.select(*_PERSON))}
    seen: dict[str, int] = {}
    for row in rows:
        before = known.get(row.number)
        if seen.setdefault(row.number, row.row) != row.row:
            plan.problems.append(trouble("duplicate_number", row.row, COLUMNS["number"],
                                         row.number, of=seen[row.number]))
        if before is not None and before.id == actor.id:
            plan.guard(row, actor)
        plan.take(row, before)
    return plan


def _words(one: Any, place: Place) -> dict[str, str]:
    """A person's fields as people read them, from a row of the file or of the database."""
    return {
        "name": one.name, "unit": place.path(), "post": one.post,
        "is_leader": "是" if one.is_leader else "否", "roles": role_words(one.roles),
        "category": CATEGORY_LABEL[one.category],
        "joined_on": one.joined_on.isoformat() if one.joined_on else "",
        "left_on": one.left_on.isoformat() if one.left_on else "",
    }


def _values(row: PersonRow, place: Place) -> dict[str, Any]:
    return {"name": row.name, "unit_id": place.id, "post": row.post, "is_leader": row.is_leader,
            "roles": row.roles, "category": row.category, "joined_on": row.joined_on,
            "left_on": row.left_on}


def _write_units(session: Session, made: Sequence[Place]) -> None:
    """Level by level, so that each knows its parent's id."""
    last = session.scalar(sa.select(sa.func.max(Unit.position))) if made else 0
    levels: defaultdict[int, list[tuple[Place, int]]] = defaultdict(list)
    for number, place in enumerate(made, start=(last or 0) + 1):
        levels[place.depth()].append((place, number))
    for _, places in sorted(levels.items()):
        units = [Unit(parent_id=place.parent.id if place.parent else None, code=place.code,
                      name=place.name, position=number) for place, number in places]
        session.add_all(units)
        with unique_or("unit_name_taken"):
            session.flush()
        for (place, _), unit in zip(places, units, strict=True):
            place.id = unit.id
