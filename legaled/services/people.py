"""People and their accounts: adding, changing; lists, units and imports stand beside it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from legaled.domain.people import (
    NAME_MAX,
    NUMBER_MAX,
    POST_MAX,
    Category,
    PersonDraft,
    has_control,
)
from legaled.domain.permissions import SYSTEM, Actor, Role
from legaled.domain.times import beijing_day
from legaled.files.people import (
    PeopleFile,
    PersonRow,
    pack,
    read_people,
    unpack,
    write_passwords,
    write_template,
)
from legaled.models import Person, Unit
from legaled.services import accounts, audit
from legaled.services.people_import import (
    Change,
    PeopleImport,
    PeopleRefusedError,
    import_people,
    plan_people,
    role_words,
    sign_out_leavers,
)
from legaled.services.people_list import (
    PeoplePage,
    PeopleQuery,
    PersonLine,
    has_role,
    list_people,
)
from legaled.services.units import (
    UnitCard,
    UnitNode,
    UnitPath,
    add_unit,
    find_unit,
    rename_unit,
    unique_or,
    unit_paths,
    unit_tree,
)

__all__ = [
    "Change", "NewAccount", "PeopleFile", "PeopleImport", "PeoplePage", "PeopleQuery",
    "PeopleRefusedError", "PersonCard", "PersonLine", "PersonRow", "UnitCard", "UnitNode",
    "UnitPath", "add_person", "add_unit", "edit_person", "ensure_admin", "find_person",
    "find_unit", "import_people", "list_people", "pack", "plan_people", "read_people",
    "rename_unit", "reset_admin", "reset_password", "role_words", "unit_options", "unit_paths",
    "unit_tree", "unpack", "write_passwords", "write_template",
]
ROOT_NAME = "本单位"
ADMIN_NAME = "账号管理员"


@dataclass(frozen=True)
class PersonCard:
    """One account as it is now; `locked_until` only while it is locked."""

    id: int
    draft: PersonDraft
    locked_until: datetime | None
    is_self: bool


@dataclass(frozen=True)
class NewAccount:
    """An account and its one-time password, which is kept nowhere."""

    id: int
    number: str
    name: str
    password: str


def unit_options(session: Session) -> list[tuple[int, str]]:
    """(id, path) of every unit in the order of the tree, to choose from."""
    return [(unit_id, path.names) for unit_id, path in unit_paths(session).items()]


def find_person(session: Session, actor: Actor, person_id: int, now: datetime) -> PersonCard:
    """Raises NotFoundError."""
    person = _person(session, person_id)
    locked = person.locked_until
    draft = PersonDraft(
        person.number, person.name, person.unit_id, person.post, person.is_leader,
        person.category, person.roles, person.joined_on, person.left_on,
    )
    return PersonCard(person.id, draft, locked if locked and locked > now else None,
                      person.id == actor.id)


def add_person(session: Session, actor: Actor, draft: PersonDraft, now: datetime) -> NewAccount:
    """A new account with a one-time password. Raises ConflictError and InvalidError."""
    _check(session, draft, None)
    password, stored = accounts.new_initial_password()
    person = Person(password_hash=stored)
    _fill(person, draft)
    session.add(person)
    with unique_or("number_taken"):
        session.flush()
    audit.note(session, actor, "person.add", f"person {draft.number}", now)
    return NewAccount(person.id, person.number, person.name, password)


def edit_person(
    session: Session, actor: Actor, person_id: int, draft: PersonDraft, now: datetime
) -> None:
    """Change everything but the password; a leaver of today is signed out.

    Raises ForbiddenError when administrators would shut themselves out, and as `add_person`.
    """
    person = _person(session, person_id)
    _check(session, draft, person_id)
    if person_id == actor.id:
        _check_own(person, draft)
    _fill(person, draft)
    with unique_or("number_taken"):
        session.flush()
    sign_out_leavers(session, now)
    audit.note(session, actor, "person.edit", f"person {draft.number}", now,
               detail=f"{role_words(draft.roles)}；离岗 {draft.left_on or '无'}")


def reset_password(session: Session, actor: Actor, person_id: int, now: datetime) -> NewAccount:
    """A new one-time password; the account is unlocked and signed out everywhere.

    Raises ConflictError for one's own account: that would sign out the one who reads it.
    """
    person = _person(session, person_id)
    if person_id == actor.id:
        raise ConflictError("own_password")
    password = accounts.reset_password(session, person_id, now)
    audit.note(session, actor, "person.reset_password", f"person {person.number}", now)
    return NewAccount(person.id, person.number, person.name, password)


def ensure_admin(session: Session, number: str, now: datetime) -> str | None:
    """The one-time password of a new account administrator, or None when there is one.

    The account is 编外, so that no roster takes it up by itself. Raises as `add_person` does.
    """
    if session.scalar(sa.select(Person.id).where(_is_admin(now)).limit(1)):
        return None
    unit_id = session.scalar(
        sa.select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.position, Unit.id)
    ) or add_unit(session, SYSTEM, None, ROOT_NAME, None, now)
    draft = PersonDraft(number, ADMIN_NAME, unit_id, category=Category.CONTRACT,
                        roles=frozenset({Role.ACCOUNTS}))
    return add_person(session, SYSTEM, draft, now).password


def reset_admin(session: Session, number: str, now: datetime) -> str:
    """A new one-time password for this account administrator, for one who has none left to ask.

    Raises NotFoundError for anybody else, also for an administrator who has left.
    """
    person_id = session.scalar(
        sa.select(Person.id).where(Person.number == number, _is_admin(now)))
    if person_id is None:
        raise NotFoundError()
    return reset_password(session, SYSTEM, person_id, now).password


def _is_admin(now: datetime) -> sa.ColumnElement[bool]:
    """An account administrator who is still here."""
    return sa.and_(has_role(Role.ACCOUNTS),
                   sa.or_(Person.left_on.is_(None), Person.left_on > beijing_day(now)))


def _person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError()
    return person


def _check(session: Session, draft: PersonDraft, own_id: int | None) -> None:
    for text, limit in ((draft.number, NUMBER_MAX), (draft.name, NAME_MAX)):
        if not text or text != text.strip() or len(text) > limit or has_control(text):
            raise InvalidError("person_words_bad")
    if len(draft.post) > POST_MAX or has_control(draft.post):
        raise InvalidError("person_words_bad")
    if not draft.roles:
        raise InvalidError("roles_missing")
    if draft.joined_on and draft.left_on and draft.left_on < draft.joined_on:
        raise InvalidError("left_before_joined")
    if session.get(Unit, draft.unit_id) is None:
        raise InvalidError("unit_unknown")
    same = session.scalar(sa.select(Person.id).where(Person.number == draft.number))
    if same not in {None, own_id}:
        raise ConflictError("number_taken")


def _check_own(person: Person, draft: PersonDraft) -> None:
    if Role.ACCOUNTS in person.roles and Role.ACCOUNTS not in draft.roles:
        raise ForbiddenError("own_admin_role")
    if draft.left_on is not None:
        raise ForbiddenError("own_account_end")


def _fill(person: Person, draft: PersonDraft) -> None:
    person.number, person.name, person.unit_id = draft.number, draft.name, draft.unit_id
    person.post, person.is_leader, person.category = draft.post, draft.is_leader, draft.category
    person.roles, person.joined_on, person.left_on = draft.roles, draft.joined_on, draft.left_on
