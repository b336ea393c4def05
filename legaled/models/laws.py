"""Laws and their versions. A version's words are never changed; a new text is a new version."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.law_lines import Level
from legaled.models.base import Id, Model


class Law(Model):
    """`key` is the name without 中华人民共和国 and notes: two texts with one key are one law."""

    __tablename__ = "law"
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    created: Mapped[datetime]


class LawAlias(Model):
    """Another name by which questions and texts may call the law; `key` as of a law."""

    __tablename__ = "law_alias"
    id: Mapped[Id]
    law_id: Mapped[int] = mapped_column(sa.ForeignKey("law.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(sa.String(200), unique=True)


class LawVersion(Model):
    """`digest` is of its words, so that the same text in another layout is the same version."""

    __tablename__ = "law_version"
    __table_args__ = (sa.UniqueConstraint("law_id", "digest"),)
    id: Mapped[Id]
    law_id: Mapped[int] = mapped_column(sa.ForeignKey("law.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[str] = mapped_column(sa.String(64))
    promulgated: Mapped[date | None]
    effective: Mapped[date | None]
    history: Mapped[list[str]]
    preamble: Mapped[list[str]]
    source: Mapped[str] = mapped_column(sa.String(500), default="")
    created: Mapped[datetime]
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


class LawHeading(Model):
    """编, 分编, 章 or 节 by `place`; `parent` is the place of the heading that holds it."""

    __tablename__ = "law_heading"
    __table_args__ = (sa.UniqueConstraint("version_id", "place"),)
    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("law_version.id"))
    place: Mapped[int]
    level: Mapped[Level]
    number: Mapped[int | None]
    sub: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    parent: Mapped[int | None]


class LawArticle(Model):
    """`sub` counts 之一; `heading` is the place of the innermost heading above.

    `text` has a line for each 款, 项 and 目, as `domain.law_body.paragraphs` reads it.
    """

    __tablename__ = "law_article"
    __table_args__ = (sa.UniqueConstraint("version_id", "number", "sub"),)
    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("law_version.id"))
    number: Mapped[int]
    sub: Mapped[int]
    heading: Mapped[int | None]
    text: Mapped[str] = mapped_column(sa.Text)
