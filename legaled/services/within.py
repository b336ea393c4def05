"""The cheap door inside a session's transaction: for code that is written for either."""

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


class Within:
    """`legaled.services.accounts.Hot` over a session; nothing is durable before it commits.

    Sees what the session has not flushed yet; what the session has loaded is read again.
    """

    race: type[Exception] = IntegrityError

    def __init__(self, session: Session) -> None:
        self.session = session

    def rows(self, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
        self.session.flush()
        return [tuple(row) for row in self.session.connection().execute(statement, values)]

    def row(self, statement: Any, **values: Any) -> tuple[Any, ...] | None:
        found = self.rows(statement, **values)
        return found[0] if found else None

    def append(self, statement: Any, then: Any = None, /, **values: Any) -> int:
        self.session.flush()
        count = self.session.connection().execute(statement, values).rowcount
        if then is not None and count:
            self.session.connection().execute(then, values)
        self.session.expire_all()
        return count
