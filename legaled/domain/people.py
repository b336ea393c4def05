"""Rules about people: categories, passwords, locking after failures."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from legaled.domain.permissions import Role

MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
PASSWORD_MIN, PASSWORD_MAX = 8, 128
NUMBER_MAX, NAME_MAX, POST_MAX = 40, 60, 60


class Category(Enum):
    """人员类别. Only 在编 is put on a roster unless somebody adds the person with a reason."""

    ESTABLISHED = "established"
    CONTRACT = "contract"
    REHIRED = "rehired"


CATEGORY_LABEL = {
    Category.ESTABLISHED: "在编",
    Category.CONTRACT: "编外",
    Category.REHIRED: "返聘",
}


@dataclass(frozen=True)
class PersonDraft:
    """What somebody wants a person's account to be; everything but the password."""

    number: str
    name: str
    unit_id: int
    post: str = ""
    is_leader: bool = False
    category: Category = Category.ESTABLISHED
    roles: frozenset[Role] = frozenset({Role.STAFF})
    joined_on: date | None = None
    left_on: date | None = None


def has_control(text: str) -> bool:
    """Whether it holds what nobody can see: control and format characters, line ends."""
    return any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in text)


def on_roster_by_default(
    category: Category, joined: date | None, left: date | None, cutoff: date
) -> bool:
    """在编, already there and not yet gone on the day the roster is frozen."""
    present = (joined is None or joined <= cutoff) and (left is None or left > cutoff)
    return category is Category.ESTABLISHED and present


def password_problem(password: str, number: str) -> str | None:
    """The code of what is wrong with a chosen password, or None (GB/T 22239-2019 level 2)."""
    if len(password) < PASSWORD_MIN:
        return "password_short"
    if len(password) > PASSWORD_MAX:
        return "password_long"
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    if sum(any(kind(c) for c in password) for kind in kinds) < 3:
        return "password_simple"
    if number and number in password:
        return "password_has_number"
    return None


def after_failure(failures: int, now: datetime) -> tuple[int, datetime | None]:
    """The counter and the lock after one more wrong password; the fifth locks and restarts it."""
    failures += 1
    return (0, now + LOCK) if failures >= MAX_FAILURES else (failures, None)
