"""The law library: importing official texts, other names, taking a wrong text out again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.law_names import law_key
from legaled.domain.law_text import LawText
from legaled.domain.permissions import Actor
from legaled.domain.text import clean
from legaled.files.guides import Guide
from legaled.models import Law, LawAlias, LawArticle, LawHeading, LawVersion
from legaled.services import audit
from legaled.services.law_flags import (
    NO_EFFECTS,
    Effects,
    basis,
    flag_import,
    foresee,
    remove_flags,
)
from legaled.services.law_list import LawLine, law_line, law_list
from legaled.services.law_pages import LawPage, law_page
from legaled.services.law_search import SearchPage, search
from legaled.services.law_versions import (
    LawLink,
    Shelf,
    article_counts,
    link,
    links,
    shelf,
    versions,
)

__all__ = [
    "Effects", "Imported", "LawLine", "LawLink", "LawPage", "SearchPage", "Shelf", "Standing",
    "add_alias", "article_counts", "foresee", "import_law", "law_line", "law_list", "law_page",
    "link", "links", "remove_alias", "remove_version", "search", "shelf", "standing",
]
NAME_MAX = 100
SOURCE_MAX = 500


@dataclass(frozen=True)
class Standing:
    """What an import would do: a new law, a new version of one that is there, or nothing."""

    law_id: int | None
    name: str
    is_there: bool


@dataclass(frozen=True)
class Imported:
    """What became of a text. `added` is False when these words were there already.

    `effects`: what it changed as against the text before it, and what is 待复核 because of that.
    """

    law_id: int
    version_id: int
    title: str
    articles: int
    added: bool
    new_law: bool
    dated: bool = False
    effects: Effects = NO_EFFECTS


def standing(session: Session, text: LawText) -> Standing:
    """What `import_law` would find now. Writes nothing."""
    law = _law_of(session, text.title)
    if law is None:
        return Standing(None, text.title, False)
    there = session.scalar(sa.select(LawVersion.id).where(
        LawVersion.law_id == law.id, LawVersion.digest == text.digest))
    return Standing(law.id, law.name, there is not None)


def import_law(
    session: Session, actor: Actor, text: LawText, source: str, now: datetime,
    effective: date | None = None, guides: Sequence[Guide] = (),
) -> Imported:
    """Keep the text: as a new law, or as a new version of the law of this name. What questions
    and `guides` cite and the text changes becomes 待复核.

    The same words again add nothing, in whatever layout; `effective` then only mends the date.
    """
    if effective is not None:
        text = text.with_effective(effective)
    law = _law_of(session, text.title, lock=True)
    new_law = law is None
    if law is None:
        law = Law(name=text.title, key=law_key(text.title), created=now)
        session.add(law)
        session.flush()
    version = session.scalar(sa.select(LawVersion).where(
        LawVersion.law_id == law.id, LawVersion.digest == text.digest))
    if version is not None:
        return _again(session, actor, law, version, len(text.articles), effective, guides, now)
    law.name = text.title
    version_id = _write(session, actor, law.id, text, source, now)
    audit.note(session, actor, "law.import", f"law {law.name}"[:200], now,
               detail=f"version {version_id}, {len(text.articles)} articles")
    effects = flag_import(session, law.id, version_id, guides, now)
    return Imported(law.id, version_id, text.title, len(text.articles), True, new_law,
                    effects=effects)


def _again(
    session: Session, actor: Actor, law: Law, version: LawVersion, articles: int,
    effective: date | None, guides: Sequence[Guide], now: datetime,
) -> Imported:
    """The words are there; another date may make it follow another text."""
    effects = NO_EFFECTS
    dated = effective is not None and version.effective != effective
    if dated:
        before = basis(versions(session, law.id), version.id, now)
        version.effective = effective
        session.flush()
        after = basis(versions(session, law.id), version.id, now)
        if (before and before.id) != (after and after.id):
            effects = flag_import(session, law.id, version.id, guides, now)
        audit.note(session, actor, "law.date", f"law {law.name}"[:200], now,
                   detail=str(effective))
    return Imported(law.id, version.id, version.title, articles, False, False, dated, effects)


def _law_of(session: Session, title: str, *, lock: bool = False) -> Law | None:
    """The law of this title, also by another name of it."""
    key = law_key(title)
    query = sa.select(Law).where(sa.or_(
        Law.key == key, Law.id.in_(sa.select(LawAlias.law_id).where(LawAlias.key == key))))
    return session.scalars(query.with_for_update() if lock else query).first()


def _write(
    session: Session, actor: Actor, law_id: int, text: LawText, source: str, now: datetime
) -> int:
    version = LawVersion(
        law_id=law_id, title=text.title, digest=text.digest, promulgated=text.dates.promulgated,
        effective=text.dates.effective, history=list(text.history), preamble=list(text.preamble),
        source=source[:SOURCE_MAX], created=now, author_id=actor.id)
    session.add(version)
    session.flush()
    if text.headings:
        session.execute(sa.insert(LawHeading), [
            {"version_id": version.id, "place": one.place, "level": one.level,
             "number": one.number, "sub": one.sub, "title": one.title, "parent": one.parent}
            for one in text.headings])
    session.execute(sa.insert(LawArticle), [
        {"version_id": version.id, "number": one.number.number, "sub": one.number.sub,
         "heading": one.heading, "text": one.text}
        for one in text.articles])
    return version.id


def remove_version(
    session: Session, actor: Actor, law_id: int, version_id: int, now: datetime
) -> str:
    """Take a text out that should not have come in; the law goes with its last one. Its title."""
    version = session.get(LawVersion, version_id)
    if version is None or version.law_id != law_id:
        raise NotFoundError()
    title = version.title
    remove_flags(session, version_id)
    for model in (LawArticle, LawHeading):
        session.execute(sa.delete(model).where(model.version_id == version_id))
    session.delete(version)
    session.flush()
    left = session.scalars(
        sa.select(LawVersion.id).where(LawVersion.law_id == law_id).limit(1)).first()
    if left is None:
        session.execute(sa.delete(LawAlias).where(LawAlias.law_id == law_id))
        try:
            session.execute(sa.delete(Law).where(Law.id == law_id))
        except IntegrityError as error:  # a study plan or a session names it
            raise ConflictError("law_in_use") from error
    audit.note(session, actor, "law.remove", f"law {title}"[:200], now,
               detail=f"version {version_id}")
    return title


def add_alias(session: Session, actor: Actor, law_id: int, name: str, now: datetime) -> str:
    """Another name of the law, by which questions and texts find it."""
    name = clean(name)
    key = law_key(name)
    if not key or len(name) > NAME_MAX or "\n" in name:
        raise InvalidError("law_alias_bad")
    law = session.get(Law, law_id)
    if law is None:
        raise NotFoundError()
    taken = session.scalar(sa.select(Law.id).where(Law.key == key)) or session.scalar(
        sa.select(LawAlias.law_id).where(LawAlias.key == key))
    if taken is not None:
        raise ConflictError("law_alias_taken")
    session.add(LawAlias(law_id=law_id, name=name, key=key))
    audit.note(session, actor, "law.alias", f"law {law.name}"[:200], now, detail=name)
    return name


def remove_alias(
    session: Session, actor: Actor, law_id: int, alias_id: int, now: datetime
) -> str:
    alias = session.get(LawAlias, alias_id)
    if alias is None or alias.law_id != law_id:
        raise NotFoundError()
    session.delete(alias)
    audit.note(session, actor, "law.alias_removed", f"law {law_id}", now, detail=alias.name)
    return alias.name
