"""Signing in and passwords."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from legaled.domain import people
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.domain.times import beijing_day
from legaled.models import Person, SignIn

# 22 ms; the library's default costs 110 ms, and exam morning is when everybody signs in.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
INITIAL = "initial$"


class Hot(Protocol):
    """The cheap door of the database (`legaled.db.Hot`); `race`: a key was already taken."""

    @property
    def race(self) -> type[Exception]: ...

    def row(self, statement: Any, **values: Any) -> tuple[Any, ...] | None: ...
    def rows(self, statement: Any, **values: Any) -> list[tuple[Any, ...]]: ...
    def append(self, statement: Any, then: Any = None, /, **values: Any) -> int: ...


_ACTOR = (
    sa.select(
        Person.id, Person.number, Person.name, Person.unit_id, Person.roles,
        Person.must_change_password,
    )
    .join(SignIn, SignIn.person_id == Person.id)
    .where(
        SignIn.token_hash == sa.bindparam("token"), SignIn.ended.is_(None),
        sa.or_(Person.left_on.is_(None), Person.left_on > sa.bindparam("today", type_=sa.Date)),
    )
)


def actor_of(hot: Hot, token_hash: str, now: datetime) -> Actor | None:
    """The person signed in under this token who has not left by now; one statement."""
    row = hot.row(_ACTOR, token=token_hash, today=beijing_day(now))
    return Actor(*row) if row else None


@dataclass(frozen=True)
class Credentials:
    """What a password is compared with, read before the writing transaction begins."""

    person_id: int
    number: str
    password_hash: str


@dataclass(frozen=True)
class SignInResult:
    """`person_id` when the person may come in; else `locked_until`, or None for wrong words."""

    person_id: int | None
    locked_until: datetime | None = None


def credentials(session: Session, number: str) -> Credentials | None:
    row = session.execute(
        sa.select(Person.id, Person.number, Person.password_hash).where(Person.number == number)
    ).one_or_none()
    return Credentials(*row) if row else None


def verify(known: Credentials | None, password: str) -> bool:
    """Slow on purpose, and as slow for a number that nobody has; needs no transaction."""
    if len(password) > people.PASSWORD_MAX:
        return False
    if known is None:
        HASHER.hash(password)
        return False
    if known.password_hash.startswith(INITIAL):
        return hmac.compare_digest(_initial(password, known.password_hash), known.password_hash)
    return password_matches(known.password_hash, password)


def password_matches(stored: str, password: str) -> bool:
    """Slow on purpose: call it outside of a writing transaction."""
    try:
        return HASHER.verify(stored, password[: people.PASSWORD_MAX])
    except (VerifyMismatchError, InvalidHashError):
        return False


def try_sign_in(
    session: Session, known: Credentials | None, right: bool, now: datetime
) -> SignInResult:
    """Count a failure or forget the earlier ones. Returned, never raised: the counter commits."""
    if known is None:
        return SignInResult(None)
    person = session.get_one(Person, known.person_id, with_for_update=True)
    if person.locked_until is not None and person.locked_until > now:
        return SignInResult(None, person.locked_until)
    if person.left_on is not None and person.left_on <= beijing_day(now):
        return SignInResult(None)
    if not right or person.password_hash != known.password_hash:
        person.failures, person.locked_until = people.after_failure(person.failures, now)
        return SignInResult(None, person.locked_until)
    person.failures, person.locked_until = 0, None
    return SignInResult(person.id)


def open_sign_in(session: Session, person_id: int, token_hash: str, now: datetime) -> Actor:
    person = session.get_one(Person, person_id)
    session.add(SignIn(token_hash=token_hash, person_id=person_id, started=now))
    return Actor(
        person.id, person.number, person.name, person.unit_id, person.roles,
        person.must_change_password,
    )


def close_sign_in(session: Session, token_hash: str, now: datetime) -> None:
    session.execute(
        sa.update(SignIn).where(SignIn.token_hash == token_hash).values(ended=now)
    )


def change_password(
    session: Session, person_id: int, chosen: str, chosen_hash: str, now: datetime
) -> None:
    """Set a password that its owner chose; every other browser is signed out.

    `chosen_hash` is `hash_password(chosen)`, made before the transaction began.
    """
    person = session.get_one(Person, person_id)
    if problem := people.password_problem(chosen, person.number):
        raise InvalidError(problem)
    person.password_hash, person.must_change_password = chosen_hash, False
    _end_sign_ins(session, person_id, now)


def hash_password(chosen: str) -> str:
    return HASHER.hash(chosen[: people.PASSWORD_MAX])


def new_initial_password() -> tuple[str, str]:
    """A one-time password and its hash.

    Twelve random letters (59 bits) need no slow hash, and 5,000 imported people no 110 seconds.
    """
    password = "".join(secrets.choice(READABLE) for _ in range(12))
    return password, _initial(password, f"{INITIAL}{secrets.token_hex(8)}$")


def reset_password(session: Session, person_id: int, now: datetime) -> str:
    """A new one-time password; its owner must change it at the next sign-in."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError()
    password, person.password_hash = new_initial_password()
    person.must_change_password, person.failures, person.locked_until = True, 0, None
    _end_sign_ins(session, person_id, now)
    return password


def _initial(password: str, stored: str) -> str:
    salt = stored.removeprefix(INITIAL).partition("$")[0]
    return f"{INITIAL}{salt}${hashlib.sha256((salt + password).encode()).hexdigest()}"


def _end_sign_ins(session: Session, person_id: int, now: datetime) -> None:
    session.execute(
        sa.update(SignIn)
        .where(SignIn.person_id == person_id, SignIn.ended.is_(None))
        .values(ended=now)
    )
