"""What every table shares: names of constraints, aware UTC, enums by value."""

import enum
from datetime import UTC, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

from legaled.domain.permissions import Role

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
}


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant: aware UTC in Python, refuses naive values."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


class RoleSet(sa.TypeDecorator[frozenset[Role]]):
    """A person's roles as sorted words in one column; an empty set is allowed."""

    impl = sa.String(100)
    cache_ok = True

    def process_bind_param(self, value: frozenset[Role] | None, dialect: sa.Dialect) -> str:
        return ",".join(sorted(role.value for role in value or ()))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> frozenset[Role]:
        return frozenset(Role(word) for word in (value or "").split(",") if word)


def _values(kind: type[enum.Enum]) -> list[str]:
    return [member.value for member in kind]


class Model(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - as SQLAlchemy wants it
        datetime: UtcDateTime,
        frozenset[Role]: RoleSet,
        enum.Enum: sa.Enum(enum.Enum, values_callable=_values, native_enum=False, length=20),
        dict[str, Any]: sa.JSON,
        list[str]: sa.JSON,
        list[int]: sa.JSON,
    }


Id = Annotated[int, mapped_column(primary_key=True)]
