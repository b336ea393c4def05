"""Units as a tree: reading it, adding to it, renaming. The code of a unit never changes."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.people import has_control
from legaled.domain.permissions import Actor
from legaled.models import Person, Unit
from legaled.services import audit

# Six names of sixty and their slashes fit the 400 characters that a roster keeps of a path.
UNIT_NAME_MAX, UNIT_CODE_MAX, UNIT_DEPTH_MAX = 60, 40, 6
_CODE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{UNIT_CODE_MAX - 1}}}")
_SEQUENCE = re.compile(r"U([0-9]{1,9})")


@dataclass(frozen=True)
class UnitPath:
    """From the root to the unit, joined by `/`."""

    codes: str
    names: str


@dataclass(frozen=True)
class UnitNode:
    """A unit with its own people, all people under it, and the units below it."""

    id: int
    code: str
    name: str
    people: int
    total: int
    children: Sequence["UnitNode"]


@dataclass(frozen=True)
class UnitCard:
    id: int
    code: str
    name: str
    path: str


def unit_paths(session: Session) -> dict[int, UnitPath]:
    """Every unit's path by its id, in the order of the tree; one query."""
    below = _below(session)
    paths: dict[int, UnitPath] = {}
    waiting = [(unit, "", "") for unit in reversed(below[None])]
    while waiting:
        unit, codes, names = waiting.pop()
        path = UnitPath(codes + unit.code, names + unit.name)
        paths[unit.id] = path
        waiting += [(one, path.codes + "/", path.names + "/") for one in reversed(below[unit.id])]
    return paths


def unit_tree(session: Session, day: date | None = None) -> tuple[UnitNode, ...]:
    """The roots, with all that hangs below; two queries. `day` leaves out who had left by then."""
    here = sa.select(Person.unit_id, sa.func.count()).group_by(Person.unit_id)
    if day is not None:
        here = here.where(sa.or_(Person.left_on.is_(None), Person.left_on > day))
    counts = dict(session.execute(here).all())
    return tuple(_nodes(_below(session), None, counts))


def find_unit(session: Session, unit_id: int) -> UnitCard:
    """Raises NotFoundError."""
    unit = _unit(session, unit_id)
    return UnitCard(unit.id, unit.code, unit.name, unit_paths(session)[unit_id].names)


def add_unit(
    session: Session, actor: Actor, parent_id: int | None, name: str, code: str | None,
    now: datetime,
) -> int:
    """A new unit, last among its siblings; without a code it gets the next of U001, U002, …

    Raises NotFoundError, ConflictError (name or code taken) and InvalidError.
    """
    if parent_id is not None:
        _unit(session, parent_id)
        if unit_paths(session)[parent_id].names.count("/") + 2 > UNIT_DEPTH_MAX:
            raise InvalidError("unit_too_deep")
    _check_name(session, parent_id, name, None)
    used = session.scalars(sa.select(Unit.code)).all()
    code = code or next(unit_codes(used))
    if not _CODE.fullmatch(code):
        raise InvalidError("unit_code_bad")
    if code.casefold() in {one.casefold() for one in used}:
        raise ConflictError("unit_code_taken")
    last = session.scalar(sa.select(sa.func.max(Unit.position)))
    unit = Unit(parent_id=parent_id, code=code, name=name, position=(last or 0) + 1)
    session.add(unit)
    with unique_or("unit_name_taken"):
        session.flush()
    audit.note(session, actor, "unit.add", f"unit {code}", now, detail=name)
    return unit.id


def rename_unit(session: Session, actor: Actor, unit_id: int, name: str, now: datetime) -> None:
    """Rosters already frozen keep the old name. Raises as `add_unit` does."""
    unit = _unit(session, unit_id)
    _check_name(session, unit.parent_id, name, unit_id)
    audit.note(session, actor, "unit.rename", f"unit {unit.code}", now,
               detail=f"{unit.name} → {name}")
    unit.name = name
    with unique_or("unit_name_taken"):
        session.flush()


def unit_name_ok(name: str) -> bool:
    """Short, visible, trimmed, and without the `/` that joins paths."""
    plain = name == name.strip() and "/" not in name and not has_control(name)
    return plain and 0 < len(name) <= UNIT_NAME_MAX


def unit_codes(used: Sequence[str]) -> Iterator[str]:
    """The codes that come next: U001, U002, …, after the highest one in use."""
    number = max((int(match[1]) for code in used if (match := _SEQUENCE.fullmatch(code))),
                 default=0)
    while True:
        number += 1
        yield f"U{number:03d}"


@contextmanager
def unique_or(code: str) -> Iterator[None]:
    """What somebody else made unique a moment earlier is a ConflictError of this code."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError(code) from error


def _unit(session: Session, unit_id: int) -> Unit:
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFoundError()
    return unit


def _check_name(session: Session, parent_id: int | None, name: str, own_id: int | None) -> None:
    if not unit_name_ok(name):
        raise InvalidError("unit_name_bad")
    same = sa.select(Unit.id).where(Unit.parent_id.is_not_distinct_from(parent_id),
                                    Unit.name == name)
    if session.scalar(same) not in {None, own_id}:
        raise ConflictError("unit_name_taken")


def _below(session: Session) -> defaultdict[int | None, list[Unit]]:
    below = defaultdict(list)
    for unit in session.scalars(sa.select(Unit).order_by(Unit.position, Unit.id)):
        below[unit.parent_id].append(unit)
    return below


def _nodes(
    below: Mapping[int | None, Sequence[Unit]], parent: int | None, counts: Mapping[int, int]
) -> Iterator[UnitNode]:
    for unit in below.get(parent, ()):
        children = tuple(_nodes(below, unit.id, counts))
        own = counts.get(unit.id, 0)
        yield UnitNode(unit.id, unit.code, unit.name, own,
                       own + sum(child.total for child in children), children)
