"""The cheap door inside a transaction that is open already: for the demonstration's one filling."""

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


class Within:
    """`legaled.services.accounts.Hot` over a session; nothing is durable before it commits."""

    race: type[Exception] = IntegrityError

    def __init__(self, session: Session) -> None:
        self.session = session

    def rows(self, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.connection().execute(statement, values)]

    def row(self, statement: Any, **values: Any) -> tuple[Any, ...] | None:
        found = self.rows(statement, **values)
        return found[0] if found else None

    def append(self, statement: Any, then: Any = None, /, **values: Any) -> int:
        count = self.session.connection().execute(statement, values).rowcount
        if then is not None and count:
            self.session.connection().execute(then, values)
        return count
