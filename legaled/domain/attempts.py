"""An attempt as rules: its state, its steps folded into a paper, its marks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from unicodedata import normalize

from legaled.domain.banks import Kind
from legaled.domain.errors import InvalidError

ANSWER_MAX = 500
Answer = tuple[str, ...]


class State(Enum):
    OPEN = "open"
    OVERDUE = "overdue"  # closed as of the deadline, though nobody has written it down yet
    CLOSED = "closed"


def state(submitted: datetime | None, deadline: datetime, now: datetime) -> State:
    if submitted is not None:
        return State.CLOSED
    return State.OPEN if now < deadline else State.OVERDUE


@dataclass(frozen=True)
class Saved:
    """The last accepted step of a slot. `seq` 0 means that nothing was saved yet."""

    answer: Answer = ()
    seq: int = 0
    tab: str = ""
    saved_at: datetime | None = None


class Verdict(Enum):
    NEW = "new"
    SAME = "same"
    STALE = "stale"


def judge_step(current: Saved, answer: Answer, seq: int, tab: str) -> Verdict:
    """Accepted iff seq is current + 1; the same seq, answer and tab again is the same step."""
    if seq == current.seq + 1:
        return Verdict.NEW
    repeated = (current.seq, current.answer, current.tab) == (seq, answer, tab)
    return Verdict.SAME if repeated and seq > 0 else Verdict.STALE


def fold(steps: Iterable[tuple[int, int, Answer]]) -> dict[int, Answer]:
    """(slot, seq, answer) in any order → the paper: each slot's answer of the highest seq."""
    latest: dict[int, tuple[int, Answer]] = {}
    for slot, seq, answer in steps:
        if slot not in latest or latest[slot][0] < seq:
            latest[slot] = (seq, answer)
    return {slot: answer for slot, (_, answer) in latest.items()}


def is_text(value: object) -> bool:
    """A string that can be stored: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str) or "\0" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def read_answer(kind: Kind, options: int, gaps: int, sent: object) -> Answer:
    """What a browser sent, as an answer; raises InvalidError `bad_answer`.

    Choice and judge: displayed letters, each once, sorted; blank: one string per gap. [] clears.
    """
    if not isinstance(sent, list) or not all(is_text(item) for item in sent):
        raise InvalidError("bad_answer")
    if not sent:
        return ()
    if kind is Kind.BLANK:
        if len(sent) != gaps or any(len(item) > ANSWER_MAX for item in sent):
            raise InvalidError("bad_answer")
        return tuple(item.strip() for item in sent) if any(s.strip() for s in sent) else ()
    keys = set(sent)
    allowed = set("ABCDEFGH"[:options])
    if len(keys) != len(sent) or not keys <= allowed or (kind is not Kind.MULTI and len(sent) > 1):
        raise InvalidError("bad_answer")
    return tuple(sorted(keys))


@dataclass(frozen=True)
class Marked:
    """A slot to be marked: the key in the author's letters, the order in which they were shown."""

    kind: Kind
    key: Sequence[str]
    option_order: str
    points: int


def shown_key(slot: Marked) -> Answer:
    """The right answer in the letters of this paper; for blanks, the accepted texts per gap."""
    if slot.kind is Kind.BLANK:
        return tuple(slot.key)
    return tuple(sorted("ABCDEFGH"[slot.option_order.index(letter)] for letter in slot.key))


def _letters(slot: Marked, answer: Answer) -> bool:
    return answer == shown_key(slot)


def _plain(text: str) -> str:
    return "".join(normalize("NFKC", text).casefold().split())


def _gaps(slot: Marked, answer: Answer) -> bool:
    if len(answer) != len(slot.key):
        return False
    accepted = ({_plain(text) for text in gap.split("|")} for gap in slot.key)
    return all(_plain(given) in texts for given, texts in zip(answer, accepted, strict=True))


MARKERS: Mapping[Kind, Callable[[Marked, Answer], bool]] = {
    Kind.SINGLE: _letters,
    Kind.MULTI: _letters,
    Kind.JUDGE: _letters,
    Kind.BLANK: _gaps,
}


def mark(slot: Marked, answer: Answer) -> int:
    """All points or none (多选、少选、错选不得分). Kinds without a marker earn nothing."""
    right = MARKERS.get(slot.kind)
    return slot.points if answer and right is not None and right(slot, answer) else 0


@dataclass(frozen=True)
class Result:
    """One valid attempt, as the roster's facts need it."""

    started: datetime
    score: int
    make_up: bool


@dataclass(frozen=True)
class Facts:
    """What is kept on the roster row (RATES.md)."""

    sat: bool = False
    first_score: int | None = None
    best_score: int | None = None
    first_make_up: bool = False


def facts(results: Iterable[Result]) -> Facts:
    """The fold over a person's valid attempts at one exam, in order of start."""
    ordered = sorted(results, key=lambda result: result.started)
    if not ordered:
        return Facts()
    best = max(result.score for result in ordered)
    return Facts(True, ordered[0].score, best, ordered[0].make_up)
