"""Lists of people: who fits, in pages, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.people import CATEGORY_LABEL, Category
from legaled.domain.permissions import Role
from legaled.domain.times import beijing_day
from legaled.models import Person, Unit
from legaled.services.paging import Page, page_of
from legaled.services.people_import import role_words
from legaled.services.units import UnitPath, unit_paths

PER_PAGE = 50
ORDERS: Mapping[str, tuple[sa.ColumnElement[str], ...]] = {
    "number": (Person.number.expression,),
    "name": (Person.name.expression, Person.number.expression),
    "unit": (Unit.code.expression, Person.number.expression),
}


@dataclass(frozen=True)
class PeopleQuery:
    """What a list shows: everything that is left empty does not narrow it."""

    text: str = ""
    unit_id: int | None = None
    role: Role | None = None
    category: Category | None = None
    sort: str = "number"
    page: int = 1


@dataclass(frozen=True)
class PersonLine:
    """One person in a list, in words. `gone`: has left; `initial`: has a one-time password."""

    id: int
    number: str
    name: str
    unit: str
    post: str
    is_leader: bool
    roles: str
    category: str
    left_on: date | None
    gone: bool
    initial: bool


@dataclass(frozen=True)
class PeoplePage:
    people: Sequence[PersonLine]
    page: Page
    units: Sequence[tuple[int, str]]


def list_people(session: Session, query: PeopleQuery, now: datetime) -> PeoplePage:
    """One page of those who fit; three queries. A unit includes all units below it."""
    paths = unit_paths(session)
    wanted = _conditions(query, paths)
    total = session.scalar(sa.select(sa.func.count(Person.id)).where(*wanted)) or 0
    page = page_of(total, query.page, PER_PAGE)
    order = ORDERS.get(query.sort, ORDERS["number"])
    people = session.scalars(
        sa.select(Person).join(Unit, Unit.id == Person.unit_id).where(*wanted)
        .order_by(*order).offset(page.offset).limit(page.size)
    )
    today = beijing_day(now)
    lines = [_line(person, paths[person.unit_id].names, today) for person in people]
    return PeoplePage(lines, page, [(one, path.names) for one, path in paths.items()])


def _conditions(
    query: PeopleQuery, paths: Mapping[int, UnitPath]
) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if query.text:
        found.append(sa.or_(Person.number.icontains(query.text, autoescape=True),
                            Person.name.icontains(query.text, autoescape=True)))
    if query.unit_id is not None:
        top = paths[query.unit_id].codes + "/" if query.unit_id in paths else None
        below = [one for one, path in paths.items() if top and f"{path.codes}/".startswith(top)]
        found.append(Person.unit_id.in_(below))
    if query.role is not None:
        found.append(has_role(query.role))
    if query.category is not None:
        found.append(Person.category == query.category)
    return found


def has_role(role: Role) -> sa.ColumnElement[bool]:
    """Roles are words in one column, and no word is a part of another."""
    return sa.type_coerce(Person.roles, sa.String).contains(role.value, autoescape=True)


def _line(person: Person, unit: str, today: date) -> PersonLine:
    return PersonLine(
        person.id, person.number, person.name, unit, person.post, person.is_leader,
        role_words(person.roles), CATEGORY_LABEL[person.category], person.left_on,
        person.left_on is not None and person.left_on <= today, person.must_change_password,
    )
