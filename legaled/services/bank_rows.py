"""Questions and versions on their way into the tables, many at a time.

An import of 20,000 questions holds SQLite's write lock while people save their answers, so rows
are made before the lock is taken and go to the driver as they are (a quarter of Core's time).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import QuestionDraft
from legaled.models import Question, QuestionVersion, SpentNumber

# What differs between the rows of one import; the others are the same for all of them.
_WORDS = ("kind", "stem", "options", "key", "answer_text", "explanation", "difficulty", "points",
          "topic", "law", "article", "source", "foreign_number")
_PLACE = ("question_id", "version")
_SHARED = ("author_id", "created", "approved", "import_id")


def version_words(session: Session, drafts: Iterable[QuestionDraft]) -> list[tuple[Any, ...]]:
    """The texts of each draft as the database's driver takes them; for `add_versions`."""
    columns = sa.inspect(QuestionVersion).columns
    kind, texts = (_processor(session, columns[name].type) for name in ("kind", "options"))
    seen: dict[object, Any] = {}  # the same few keys, and the options of every judge question

    def known(convert: Any, value: Any, plain: Any) -> Any:
        found = seen.get(value)
        if found is None:
            found = seen[value] = convert(plain)
        return found

    return [
        (known(kind, one.kind, one.kind), one.stem,
         texts(list(one.options)) if len(one.options) > 2
         else known(texts, one.options, list(one.options)),
         known(texts, one.key, list(one.key)), one.answer_text, one.explanation, one.difficulty,
         "" if one.points is None else format(one.points, "f"), one.topic, one.law, one.article,
         one.source, one.foreign_number)
        for one in drafts]


def add_questions(session: Session, bank_id: int, marks: Sequence[str]) -> dict[str, int]:
    """New questions with these fingerprints, version 1; their ids by fingerprint. No number is
    given twice, not even that of a question which was taken back."""
    mine, names = Question.bank_id == bank_id, ("bank_id", "fingerprint", "version")
    last, spent = _last_numbers(session, bank_id)
    rows = [(bank_id, mark, 1) for mark in marks]
    if spent and rows:
        _send(session, sa.insert(Question), ("id", *names), [(spent + 1, *rows.pop(0))])
    _send(session, sa.insert(Question), names, rows)
    found = session.execute(
        sa.select(Question.fingerprint, Question.id).where(mine, Question.id > last))
    return {mark: question_id for mark, question_id in found}


def _last_numbers(session: Session, bank_id: int) -> tuple[int, int]:
    """The last number of the bank, and the last that was taken back if SQLite would give it
    again (a sequence never goes back), else 0."""
    largest = sa.func.max(Question.id)
    mine, last, spent = session.execute(sa.select(*(one.scalar_subquery() for one in (
        sa.select(largest).where(Question.bank_id == bank_id), sa.select(largest),
        sa.select(sa.func.max(SpentNumber.id)))))).one()
    goes_back = session.get_bind().dialect.name == "sqlite" and (spent or 0) > (last or 0)
    return mine or 0, spent if goes_back else 0


def move_questions(session: Session, rows: Sequence[tuple[int, str, int]]) -> None:
    """(id, fingerprint, version) as they are from now on."""
    _send(session, sa.update(Question).where(Question.id == sa.bindparam("this")).values(
        fingerprint=sa.bindparam("fingerprint"), version=sa.bindparam("version")),
        ("this", "fingerprint", "version"), rows)


def add_versions(
    session: Session, places: Iterable[tuple[int, int]], words: Iterable[tuple[Any, ...]],
    shared: Mapping[str, int | datetime | None],
) -> None:
    """Versions (question, number) with their texts; `shared` is said of all of them."""
    columns = sa.inspect(QuestionVersion).columns
    same = tuple(_processor(session, columns[name].type)(shared[name]) for name in _SHARED)
    rows = [(*place, *texts, *same) for place, texts in zip(places, words, strict=True)]
    _send(session, sa.insert(QuestionVersion), (*_PLACE, *_WORDS, *_SHARED), rows)


def _processor(session: Session, kind: sa.types.TypeEngine[Any]) -> Any:
    dialect = session.get_bind().dialect
    return kind.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)


def _send(
    session: Session, statement: Any, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """One statement for many rows, each in the order of `names`."""
    if not rows:
        return
    connection = session.connection()
    made = statement.compile(dialect=connection.dialect, column_keys=list(names))
    if made.positiontup is None:
        sent: Any = [dict(zip(names, row, strict=True)) for row in rows]
    else:
        order = [names.index(name) for name in made.positiontup]
        straight = order == list(range(len(names)))
        sent = rows if straight else [tuple(row[at] for at in order) for row in rows]
    connection.exec_driver_sql(str(made), list(sent))
