"""Rules that were broken, by name. Words and status codes live in `web/errors.py`."""


class DomainError(Exception):
    """`code` is the stable name other programs see; `facts` are safe to show."""

    code = "refused"

    def __init__(self, code: str | None = None, **facts: object) -> None:
        super().__init__(code or self.code)
        self.code = code or self.code
        self.facts = facts


class NotFoundError(DomainError):
    """Missing, or not for this actor: from outside both look alike."""

    code = "not_found"


class ConflictError(DomainError):
    """The state of things does not allow it now (409)."""

    code = "conflict"


class ForbiddenError(DomainError):
    """Allowed in general, not under these circumstances (403)."""

    code = "forbidden"


class InvalidError(DomainError):
    """What was sent cannot be understood or accepted (422)."""

    code = "invalid"
