"""Who may do what, as one readable table. What is not in it is refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    STAFF = "staff"
    TRAINER = "trainer"
    OFFICE = "office"
    ACCOUNTS = "accounts"


ROLE_LABEL = {
    Role.STAFF: "职工",
    Role.TRAINER: "培训员",
    Role.OFFICE: "办公室",
    Role.ACCOUNTS: "账号管理员",
}


class Permission(Enum):
    MEMBER = "member"  # one's own home, password, study, exams and results
    BANK_READ = "bank.read"
    BANK_EDIT = "bank.edit"
    EXAM_READ = "exam.read"
    EXAM_EDIT = "exam.edit"
    ROSTER_EDIT = "roster.edit"  # exemptions, deferrals, absence reasons, voiding
    STATS_READ = "stats.read"
    STATS_NAMES = "stats.names"  # the people behind a figure, and rates of very small units
    PEOPLE_EDIT = "people.edit"
    STUDY_EDIT = "study.edit"  # plans, sessions, attendance; who has studied what
    CHALLENGE_EDIT = "challenge.edit"


EVERYBODY = frozenset(Role)
RULES: dict[Permission, frozenset[Role]] = {
    Permission.MEMBER: EVERYBODY,
    Permission.BANK_READ: frozenset({Role.TRAINER, Role.OFFICE}),
    Permission.BANK_EDIT: frozenset({Role.TRAINER}),
    Permission.EXAM_READ: frozenset({Role.TRAINER, Role.OFFICE}),
    Permission.EXAM_EDIT: frozenset({Role.TRAINER}),
    Permission.ROSTER_EDIT: frozenset({Role.OFFICE}),
    Permission.STATS_READ: frozenset({Role.TRAINER, Role.OFFICE}),
    Permission.STATS_NAMES: frozenset({Role.OFFICE}),
    Permission.PEOPLE_EDIT: frozenset({Role.ACCOUNTS}),
    Permission.STUDY_EDIT: frozenset({Role.TRAINER, Role.OFFICE}),
    Permission.CHALLENGE_EDIT: frozenset({Role.TRAINER, Role.OFFICE}),
}


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, or the command line (`id` None)."""

    id: int | None
    number: str
    name: str
    unit_id: int | None
    roles: frozenset[Role]
    must_change_password: bool = False

    def may(self, permission: Permission) -> bool:
        return allows(self.roles, permission)


SYSTEM = Actor(None, "", "命令行", None, EVERYBODY)


def allows(roles: Iterable[Role], permission: Permission) -> bool:
    """True if any of the roles holds the permission; an unknown permission is refused."""
    return not RULES.get(permission, frozenset()).isdisjoint(roles)
