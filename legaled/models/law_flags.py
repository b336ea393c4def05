"""Questions and guides that cite an article which a newer text of the law has changed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.law_changes import Change
from legaled.models.base import Id, Model


class LawFlag(Model):
    """One thing to look at again (待复核) because of one article of one new text.

    It is about a question version or about a guide (its folder name, and the digest of the lines
    that were flagged). New words of either are another version, so they are not flagged any more.
    `number` and `sub` are the article's in the old text, which is cited, `new_number` and
    `new_sub` in the new one; number 0 is 序言. `settled` says that somebody found the words still
    right.
    """

    __tablename__ = "law_flag"
    __table_args__ = (
        sa.CheckConstraint(
            "(question_version_id IS NULL) != (guide IS NULL)", "question_or_guide"
        ),
        sa.UniqueConstraint("law_version_id", "question_version_id", "number", "sub"),
        sa.UniqueConstraint("law_version_id", "guide", "number", "sub"),
    )
    id: Mapped[Id]
    law_version_id: Mapped[int] = mapped_column(sa.ForeignKey("law_version.id"))
    old_version_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("law_version.id", ondelete="SET NULL"), index=True
    )
    number: Mapped[int]
    sub: Mapped[int]
    new_number: Mapped[int | None]
    new_sub: Mapped[int | None]
    change: Mapped[Change]
    question_version_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("question_version.id", ondelete="CASCADE"), index=True
    )
    guide: Mapped[str | None] = mapped_column(sa.String(100))
    guide_digest: Mapped[str] = mapped_column(sa.String(64), default="")
    flagged: Mapped[datetime]
    settled: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
