"""What an import would do to a bank, worked out without writing anything.

The rules are 同一道题 in docs/bank.md: first our own 题号, then the fingerprint. A plan is made in
a reading session and carried out by `legaled.services.bank_imports`; its `stamp` tells whether
the bank has changed in between.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import QuestionDraft, key_texts, same_content
from legaled.models import BankImport, Question, QuestionVersion

CHUNK = 10_000  # SQLite takes 32,766 variables a statement, PostgreSQL 65,535
BIGGEST_ID = 2**31 - 1
_BESIDES = ("explanation", "difficulty", "points", "topic", "law", "article", "source")
CONTENT = (
    QuestionVersion.kind, QuestionVersion.stem, QuestionVersion.options, QuestionVersion.key,
    QuestionVersion.answer_text, QuestionVersion.explanation, QuestionVersion.difficulty,
    QuestionVersion.points, QuestionVersion.topic, QuestionVersion.law, QuestionVersion.article,
    QuestionVersion.source, QuestionVersion.foreign_number,
)
Take: TypeAlias = bool | Collection[int]
Stamp: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Conflict:
    """A row that was left out. `of` is a 题号, or an earlier row of the same file."""

    row: int
    of: str | int
    offered: QuestionDraft
    kept: QuestionDraft

    def as_json(self) -> dict[str, object]:
        return {"row": self.row, "of": self.of}


@dataclass(eq=False, slots=True)
class Target:
    """One question as the import leaves it; `row` is the row that last spoke for it."""

    mark: str
    draft: QuestionDraft
    known: QuestionDraft | None = None
    known_mark: str = ""
    id: int = 0
    version: int = 0
    retired: bool = False
    row: int | None = None

    @property
    def is_changed(self) -> bool:
        return self.known is not None and self.known is not self.draft and not same_content(
            self.known, self.draft)

    @property
    def name(self) -> str | int:
        return number_of(self.id) if self.known else self.row or 0


@dataclass
class Plan:
    """All questions that the file speaks of, found by 题号 or by fingerprint.

    `bank_id` is None when there is no such bank yet.
    """

    bank_id: int | None = None
    stamp: Stamp = (0, 0, 0)
    by_number: dict[str, Target] = field(default_factory=dict)
    by_mark: dict[str, Target] = field(default_factory=dict)
    touched: dict[Target, None] = field(default_factory=dict)  # a set in the file's order
    conflicts: list[Conflict] = field(default_factory=list)
    new: list[Target] = field(default_factory=list)
    changed: list[Target] = field(default_factory=list)
    words: list[tuple[Any, ...]] = field(default_factory=list)  # of new and changed, as stored

    @property
    def unchanged(self) -> int:
        return len(self.touched) - len(self.new) - len(self.changed)

    def known(self) -> Iterable[tuple[int, Target]]:
        """(row, question) for every row that speaks of a question of the bank."""
        return ((one.row, one) for one in self.touched if one.known is not None and one.row)

    def _put(self, target: Target, draft: QuestionDraft, mark: str) -> None:
        """This draft is now the question's content; earlier words for it are forgotten."""
        if self.by_mark.get(target.mark) is target:
            del self.by_mark[target.mark]
        self.by_mark[mark] = target
        target.draft, target.mark = draft, mark

    def place(self, draft: QuestionDraft, mark: str, taken: Callable[[int], bool]) -> None:
        """Decide for one row: new, the same, a new version, or a conflict."""
        there = self.by_mark.get(mark)
        own = self.by_number.get(draft.number) if draft.number else None
        if there and there.draft.foreign_number == draft.number:
            own = None  # the number is another installation's; it came with this very question
        target = own or there
        if own is None and target is not None:
            draft = _filled(draft, target.draft)
        if target is None:
            target = self.by_mark[mark] = Target(mark, _renumbered(draft, None))
        elif there not in (None, target):
            self.conflicts.append(Conflict(draft.row, there.name, draft, there.draft))
            return
        elif not (same_content(target.draft, draft) if own else _same_but_for_looks(target, draft)):
            spoken_for = target.row is not None or (
                own is None and key_texts(target.draft) != key_texts(draft))
            if spoken_for and not taken(draft.row):
                self.conflicts.append(Conflict(draft.row, target.name, draft, target.draft))
                return
            self._put(target, _renumbered(draft, target), mark)
        self.touched[target] = None
        target.row = draft.row


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


def is_current() -> sa.ColumnElement[bool]:
    """To join questions with the version that counts now."""
    return sa.and_(
        QuestionVersion.question_id == Question.id, QuestionVersion.version == Question.version
    )


def stamp_of(session: Session, bank_id: int | None) -> Stamp:
    """Another one after every change to a bank's texts, also when an import was taken back."""
    if bank_id is None:
        return (0, 0, 0)
    count, last = session.execute(
        sa.select(sa.func.count(), sa.func.max(QuestionVersion.id))
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.bank_id == bank_id)).one()
    undone = session.scalar(
        sa.select(sa.func.count())
        .where(BankImport.bank_id == bank_id, BankImport.undone.is_not(None)))
    return count, last or 0, undone or 0


def plan_drafts(
    session: Session, bank_id: int | None, drafts: Iterable[QuestionDraft], take: Take = False
) -> Plan:
    """What importing these drafts would do now. `take`: all conflicts, or those of these rows."""
    marked = [(draft, draft.mark) for draft in drafts]
    plan = Plan(bank_id, stamp_of(session, bank_id))
    if bank_id is not None:
        for target in _known(session, bank_id, marked):
            plan.by_number[number_of(target.id)] = plan.by_mark[target.mark] = target
    # rows that name their question first: what they leave behind is free for the others
    marked.sort(key=lambda one: one[0].number not in plan.by_number)
    taken = (lambda _row: take) if isinstance(take, bool) else take.__contains__
    for draft, mark in marked:
        plan.place(draft, mark, taken)
    for target in plan.touched:
        if target.known is None:
            plan.new.append(target)
        elif target.is_changed:
            plan.changed.append(target)
    return plan


def _known(
    session: Session, bank_id: int, marked: Sequence[tuple[QuestionDraft, str]]
) -> Iterable[Target]:
    """The bank's questions that a draft may mean; each once."""
    ids = {int(draft.number[2:]) for draft, _ in marked if draft.number}
    wanted: tuple[tuple[sa.ColumnElement[Any] | Any, list[Any]], ...] = (
        (Question.id, sorted(one for one in ids if one <= BIGGEST_ID)),
        (Question.fingerprint, sorted({mark for _, mark in marked})),
    )
    seen = set[int]()
    for column, values in wanted:
        for chunk in (values[at : at + CHUNK] for at in range(0, len(values), CHUNK)):
            for question_id, mark, version, retired, *content in session.execute(
                sa.select(Question.id, Question.fingerprint, Question.version,
                          Question.retired.is_not(None), *CONTENT)
                .join(QuestionVersion, is_current())
                .where(Question.bank_id == bank_id, column.in_(chunk))
            ):
                if question_id not in seen:
                    seen.add(question_id)
                    draft = draft_of(question_id, content)
                    yield Target(mark, draft, draft, mark, question_id, version, retired)


def _content(draft: QuestionDraft) -> tuple[object, ...]:
    """Everything that `same_content` looks at."""
    return (
        draft.kind, draft.stem, draft.options, draft.key, draft.answer_text, draft.explanation,
        draft.difficulty, draft.points, draft.topic, draft.law, draft.article, draft.source)


def _same_but_for_looks(target: Target, draft: QuestionDraft) -> bool:
    """As `same_content`, with stem, options and key as the fingerprint sees them.

    A question that only comes numbered, spaced or ordered in another way is no new version.
    """
    there = target.draft
    if _content(there) == _content(draft):
        return True
    alike = replace(draft, stem=there.stem, options=there.options, key=there.key)
    return _content(there) == _content(alike) and key_texts(there) == key_texts(draft)


def _filled(draft: QuestionDraft, there: QuestionDraft) -> QuestionDraft:
    """With what is known of the same question where the file says nothing: a file without a
    column for the law must not take the law away. Another answer brings its own words."""
    if key_texts(draft) != key_texts(there):
        return draft
    known = {name: getattr(there, name) for name in _BESIDES if not getattr(draft, name)}
    return replace(draft, **known) if any(known.values()) else draft


def _renumbered(draft: QuestionDraft, target: Target | None) -> QuestionDraft:
    """With the foreign number to keep: a 题号 of another bank is foreign here."""
    kept = target.draft.foreign_number if target else ""
    other = draft.number if draft.number and target is None else ""
    number = draft.foreign_number or other or kept
    return draft if number == draft.foreign_number else replace(draft, foreign_number=number)
