"""Putting a file's questions into a bank: which are new, which change one that is there.

The rules are 同一道题 in docs/bank.md: first our own 题号, then the fingerprint. `compare` and
`import_drafts` go the same way; only the second writes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import QuestionDraft, fingerprint, key_texts, same_content
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import Actor
from legaled.domain.text import clean
from legaled.models import Bank, Question, QuestionVersion
from legaled.services import audit

NAME_MAX = 100
CHUNK = 10_000  # SQLite takes 32,766 variables a statement, PostgreSQL 65,535
BIGGEST_ID = 2**31 - 1
CONTENT = (
    QuestionVersion.kind, QuestionVersion.stem, QuestionVersion.options, QuestionVersion.key,
    QuestionVersion.answer_text, QuestionVersion.explanation, QuestionVersion.difficulty,
    QuestionVersion.points, QuestionVersion.topic, QuestionVersion.law, QuestionVersion.article,
    QuestionVersion.source, QuestionVersion.foreign_number,
)


@dataclass(frozen=True)
class Conflict:
    """A row that was left out. `of` is a 题号, or an earlier row of the same file."""

    row: int
    of: str | int
    offered: QuestionDraft
    kept: QuestionDraft

    def as_json(self) -> dict[str, object]:
        return {"row": self.row, "of": self.of}


@dataclass(frozen=True)
class ImportResult:
    """What an import did, or would do (`bank_id` None: there is no such bank yet)."""

    bank_id: int | None
    added: int
    changed: int
    unchanged: int
    conflicts: Sequence[Conflict]


@dataclass(eq=False)
class _Target:
    """One question as this import leaves it; `row` is the row that last spoke for it."""

    mark: str
    draft: QuestionDraft
    known: QuestionDraft | None = None
    known_mark: str = ""
    id: int = 0
    version: int = 0
    row: int | None = None

    @property
    def is_changed(self) -> bool:
        return self.known is not None and not same_content(self.known, self.draft)

    @property
    def name(self) -> str | int:
        return number_of(self.id) if self.known else self.row or 0


@dataclass
class _Plan:
    """All questions that the file speaks of, found by 题号 or by fingerprint."""

    by_number: dict[str, _Target] = field(default_factory=dict)
    by_mark: dict[str, _Target] = field(default_factory=dict)
    touched: dict[_Target, None] = field(default_factory=dict)  # a set in the file's order
    conflicts: list[Conflict] = field(default_factory=list)

    def put(self, target: _Target, draft: QuestionDraft, mark: str) -> None:
        """This draft is now the question's content; earlier words for it are forgotten."""
        if self.by_mark.get(target.mark) is target:
            del self.by_mark[target.mark]
        self.by_mark[mark] = target
        target.draft, target.mark = draft, mark

    def touch(self, target: _Target, row: int) -> None:
        self.touched[target] = None
        target.row = row

    def result(self, bank_id: int | None) -> ImportResult:
        added = sum(target.known is None for target in self.touched)
        changed = sum(target.is_changed for target in self.touched)
        unchanged = len(self.touched) - added - changed
        return ImportResult(bank_id, added, changed, unchanged, tuple(self.conflicts))


def number_of(question_id: int) -> str:
    """Our own 题号: stable, printed on exports, recognised when they come back."""
    return f"L-{question_id:06d}"


def draft_of(question_id: int, row: Sequence[Any]) -> QuestionDraft:
    """The stored question as files know it; `row` holds the columns of CONTENT."""
    kind, stem, options, key, answer, explanation, difficulty, points, *rest = row
    topic, law, article, source, foreign_number = rest
    return QuestionDraft(
        0, number_of(question_id), foreign_number, kind, stem, tuple(options), tuple(key), answer,
        explanation, difficulty, Decimal(points) if points else None, topic, law, article, source)


def import_drafts(
    session: Session, actor: Actor, bank_name: str, drafts: Iterable[QuestionDraft], now: datetime,
    *, take_conflicts: bool = False, practice: bool = False,
) -> ImportResult:
    """Write the drafts into the bank of that name, which is made when there is none.

    The same drafts a second time change nothing. Conflicts are left out and listed; with
    `take_conflicts` they become new versions, and of several rows for one question the last wins.
    A 题号 whose new text is already another question of the bank stays a conflict either way.
    """
    name = bank_title(bank_name)
    bank = session.scalar(sa.select(Bank).where(Bank.name == name).with_for_update())
    if bank is None:
        bank = Bank(name=name, practice=practice, created=now)
        session.add(bank)
        session.flush()
    bank.practice = bank.practice or practice
    plan = _plan(session, bank.id, drafts, take_conflicts)
    _write(session, actor, bank, plan, now)
    result = plan.result(bank.id)
    audit.note(session, actor, "bank.import", f"bank {name}", now,
               detail=f"added {result.added}, changed {result.changed}")
    return result


def compare(
    session: Session, bank_name: str, drafts: Iterable[QuestionDraft], *,
    take_conflicts: bool = False,
) -> ImportResult:
    """What `import_drafts` would say now. Writes nothing."""
    bank_id = session.scalar(sa.select(Bank.id).where(Bank.name == clean(bank_name)))
    return _plan(session, bank_id, drafts, take_conflicts).result(bank_id)


def bank_title(text: str) -> str:
    """The name as kept; raises InvalidError when it is empty or too long."""
    name = clean(text)
    if not 1 <= len(name) <= NAME_MAX or not {"\n", "\0"}.isdisjoint(name):
        raise InvalidError("bank_name")
    return name


def _plan(
    session: Session, bank_id: int | None, drafts: Iterable[QuestionDraft], take: bool
) -> _Plan:
    marked = [(draft, fingerprint(draft.kind, draft.stem, draft.options)) for draft in drafts]
    plan = _Plan()
    if bank_id is not None:
        for target in _known(session, bank_id, marked):
            plan.by_number[number_of(target.id)] = plan.by_mark[target.mark] = target
    # rows that name their question first: what they leave behind is free for the others
    for draft, mark in sorted(marked, key=lambda one: one[0].number not in plan.by_number):
        _place(plan, draft, mark, take)
    return plan


def _known(
    session: Session, bank_id: int, marked: Sequence[tuple[QuestionDraft, str]]
) -> Iterable[_Target]:
    """The bank's questions that a draft may mean; each once."""
    ids = {int(draft.number[2:]) for draft, _ in marked if draft.number}
    wanted: tuple[tuple[sa.ColumnElement[Any] | Any, list[Any]], ...] = (
        (Question.id, sorted(one for one in ids if one <= BIGGEST_ID)),
        (Question.fingerprint, sorted({mark for _, mark in marked})),
    )
    seen = set[int]()
    for column, values in wanted:
        for chunk in (values[at : at + CHUNK] for at in range(0, len(values), CHUNK)):
            for question_id, mark, version, *content in session.execute(
                sa.select(Question.id, Question.fingerprint, Question.version, *CONTENT)
                .join(QuestionVersion, is_current())
                .where(Question.bank_id == bank_id, column.in_(chunk))
            ):
                if question_id not in seen:
                    seen.add(question_id)
                    draft = draft_of(question_id, content)
                    yield _Target(mark, draft, draft, mark, question_id, version)


def is_current() -> sa.ColumnElement[bool]:
    """To join questions with the version that counts now."""
    return sa.and_(
        QuestionVersion.question_id == Question.id, QuestionVersion.version == Question.version
    )


def _place(plan: _Plan, draft: QuestionDraft, mark: str, take: bool) -> None:
    """Decide for one row: new, the same, a new version, or a conflict."""
    there = plan.by_mark.get(mark)
    own = plan.by_number.get(draft.number) if draft.number else None
    if there and there.draft.foreign_number == draft.number:
        own = None  # the number is another installation's; it came with this very question
    target = own or there
    if target is None:
        target = _Target(mark, _renumbered(draft, None))
        plan.by_mark[mark] = target
    elif there not in (None, target):
        plan.conflicts.append(Conflict(draft.row, there.name, draft, there.draft))
        return
    elif not (same_content(target.draft, draft) if own else _same_but_for_looks(target, draft)):
        spoken_for = target.row is not None or (
            own is None and key_texts(target.draft) != key_texts(draft))
        if spoken_for and not take:
            plan.conflicts.append(Conflict(draft.row, target.name, draft, target.draft))
            return
        plan.put(target, _renumbered(draft, target), mark)
    plan.touch(target, draft.row)


def _same_but_for_looks(target: _Target, draft: QuestionDraft) -> bool:
    """As `same_content`, with stem, options and key as the fingerprint sees them.

    A question that only comes numbered, spaced or ordered in another way is no new version.
    """
    there = target.draft
    alike = replace(draft, stem=there.stem, options=there.options, key=there.key)
    return key_texts(there) == key_texts(draft) and same_content(there, alike)


def _renumbered(draft: QuestionDraft, target: _Target | None) -> QuestionDraft:
    """With the foreign number to keep: a 题号 of another bank is foreign here."""
    kept = target.draft.foreign_number if target else ""
    other = draft.number if draft.number and target is None else ""
    return replace(draft, foreign_number=draft.foreign_number or other or kept)


def _write(session: Session, actor: Actor, bank: Bank, plan: _Plan, now: datetime) -> None:
    approved = None if bank.review else now
    new = [target for target in plan.touched if target.known is None]
    changed = [target for target in plan.touched if target.is_changed]
    for target in changed:
        target.version += 1
    moved = [target for target in changed if target.mark != target.known_mark]
    if moved:  # two questions may swap fingerprints, so all let go before any takes
        session.execute(sa.update(Question), [
            {"id": one.id, "fingerprint": f"moving {one.id}"} for one in moved])
    if changed:
        session.execute(sa.update(Question), [
            {"id": one.id, "fingerprint": one.mark, "version": one.version} for one in changed])
    if new:
        ids = dict(session.execute(
            sa.insert(Question).returning(Question.fingerprint, Question.id),
            [{"bank_id": bank.id, "fingerprint": one.mark, "version": 1} for one in new],
        ).all())
        for target in new:
            target.id, target.version = ids[target.mark], 1
    if new or changed:
        session.execute(
            sa.insert(QuestionVersion), [
                _version(one, actor, now) | {"approved": approved} for one in (*new, *changed)])


def _version(target: _Target, actor: Actor, now: datetime) -> dict[str, Any]:
    draft = target.draft
    return {
        "question_id": target.id, "version": target.version, "kind": draft.kind,
        "stem": draft.stem, "options": list(draft.options), "key": list(draft.key),
        "answer_text": draft.answer_text, "explanation": draft.explanation,
        "difficulty": draft.difficulty,
        "points": "" if draft.points is None else format(draft.points, "f"),
        "topic": draft.topic, "law": draft.law, "article": draft.article,
        "source": draft.source, "foreign_number": draft.foreign_number,
        "author_id": actor.id, "created": now,
    }
