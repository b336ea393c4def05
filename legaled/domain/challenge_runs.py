"""A run as a fold: what was put and what was answered give score, streak, lives and the end.

The same fold judges a running run, one that is closed, and a correction afterwards.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from legaled.domain.challenge_rules import End, Rules


@dataclass(frozen=True)
class Put:
    """A question as it was put. `deadline` is None without a clock for each question."""

    number: int
    version_id: int
    shown: datetime
    deadline: datetime | None


@dataclass(frozen=True)
class Given:
    """The one answer to a slot, marked. `told` is what its player was told before a correction."""

    slot: int
    right: bool
    at: datetime
    millis: int
    in_time: bool = True
    told: bool | None = None

    @property
    def went_on(self) -> bool:
        return self.right if self.told is None else self.told


class Outcome(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    MISSED = "missed"  # no answer in time: as wrong
    SPARED = "spared"  # no answer in time, made up by another question
    OPEN = "open"


class Why(Enum):
    """What ended a run."""

    ALL = "all"
    WRONG = "wrong"
    LIVES = "lives"
    TIME = "time"
    LEFT = "left"


@dataclass(frozen=True)
class RunState:
    """What a run is worth at a moment. `right` and `answered` count first tries.

    `next` is the number of the next question, `again` the versions that must come again, `open`
    the question that waits for its answer. `given_back`: it was ended by a judgement that a
    correction has changed.
    """

    score: int = 0
    right: int = 0
    answered: int = 0
    streak: int = 0
    best_streak: int = 0
    wrong: int = 0
    lives: int | None = None
    spares: int = 0
    millis: int = 0
    fast: int = 0
    over: Why | None = None
    ended: datetime | None = None
    next: int | None = 1
    open: Put | None = None
    again: tuple[int, ...] = ()
    done: int = 0
    given_back: bool = False
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)


@dataclass
class _Tally:
    """The fold's hand: changed slot by slot."""

    spares: int
    void: Collection[int] = ()
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    tried: set[int] = field(default_factory=set)
    again: list[int] = field(default_factory=list)
    score: int = 0
    right: int = 0
    answered: int = 0
    wrong: int = 0
    streak: int = 0
    best: int = 0
    millis: int = 0
    fast: int = 0
    done: int = 0
    last: datetime | None = None
    open: Put | None = None
    cut: bool = False
    unfair: bool = False


def latest(rules: Rules, put: Put, deadline: datetime) -> datetime:
    """Until when an answer to this question is taken: its clock or the run's, and the grace."""
    end = min(put.deadline, deadline) if put.deadline is not None else deadline
    return end + timedelta(seconds=rules.grace)


def fold(
    rules: Rules,
    puts: Iterable[Put],
    given: Iterable[Given],
    now: datetime,
    *,
    deadline: datetime,
    drawn: int,
    left: datetime | None = None,
    void: Collection[int] = (),
) -> RunState:
    """The run at `now`. `drawn` is how many different questions it may put, `left` when its
    player ended it, `void` the versions that are right for whoever was shown them. The order in
    which slots and answers come does not matter."""
    answers = {one.slot: one for one in given}
    tally, over, ended = _Tally(rules.spares, void), None, None
    for put in sorted(puts, key=lambda one: one.number):
        _take(rules, tally, put, answers.get(put.number), deadline, left or now)
        over = Why.TIME if tally.cut else ENDS[rules.end](rules, tally, drawn)
        if over:
            ended = tally.last
            break
    if over is None and left is not None:
        over, ended = Why.LEFT, left
    if over is None and _is_late(rules, tally.open, deadline, now):
        over, ended = Why.TIME, deadline
    if tally.open is not None and over is not None:
        _charge(tally, tally.open, min(ended or now, deadline))
        _unanswered(rules, tally, tally.open)
        tally.open = None
    return _state(rules, tally, over, ended)


def _is_late(rules: Rules, waiting: Put | None, deadline: datetime, now: datetime) -> bool:
    return now >= deadline if waiting is None else now > latest(rules, waiting, deadline)


def _state(rules: Rules, tally: _Tally, over: Why | None, ended: datetime | None) -> RunState:
    return RunState(
        score=tally.score,
        right=tally.right,
        answered=tally.answered,
        streak=tally.streak,
        best_streak=tally.best,
        wrong=tally.wrong,
        lives=max(rules.lives - tally.wrong, 0) if rules.end is End.LIVES else None,
        spares=tally.spares,
        millis=tally.millis,
        fast=tally.fast,
        over=over,
        ended=ended,
        next=None if over or tally.open else len(tally.outcomes) + 1,
        open=tally.open,
        again=tuple(tally.again),
        done=tally.done,
        given_back=tally.unfair and over in (Why.WRONG, Why.LIVES),
        outcomes=tally.outcomes,
    )


def _take(
    rules: Rules, tally: _Tally, put: Put, given: Given | None, deadline: datetime, now: datetime
) -> None:
    """One slot: answered in time, still waiting, or without an answer in time."""
    if given is not None and given.in_time:
        _answered(rules, tally, put, given)
    elif now <= latest(rules, put, deadline) and given is None:
        tally.open = put
        tally.outcomes[put.number] = Outcome.OPEN
    else:
        _missed(rules, tally, put, deadline)


def _answered(rules: Rules, tally: _Tally, put: Put, given: Given) -> None:
    tally.millis += given.millis
    tally.fast += given.millis < rules.fast_millis
    tally.last = given.at
    first = _tried(tally, put)
    tally.answered += first
    if given.right:
        _earned(rules, tally, put, first=first)
    else:
        tally.outcomes[put.number] = Outcome.WRONG
        tally.streak = 0
    if not given.went_on:
        _failed(rules, tally, put)


def _earned(rules: Rules, tally: _Tally, put: Put, *, first: bool) -> None:
    tally.outcomes[put.number] = Outcome.RIGHT
    tally.streak += 1
    tally.best = max(tally.best, tally.streak)
    if first:
        tally.right += 1
        tally.score += points_of(rules, tally.done, tally.streak)


def points_of(rules: Rules, number: int, streak: int) -> int:
    """What a right answer to the question of this number earns, being the nth right in a row."""
    is_last = rules.last_points > 0 and number == rules.questions
    bonus = rules.combo if rules.combo_every and streak % rules.combo_every == 0 else 0
    return (rules.last_points if is_last else rules.points) + bonus


def _missed(rules: Rules, tally: _Tally, put: Put, deadline: datetime) -> None:
    end = min(put.deadline or deadline, deadline)
    _charge(tally, put, end)
    tally.last = end
    if tally.spares > 0 and end < deadline:
        tally.spares -= 1
        tally.outcomes[put.number] = Outcome.SPARED
        return
    _unanswered(rules, tally, put)
    if end >= deadline:  # the run's time is up, which is no wrong answer
        tally.cut = True
        return
    tally.streak *= put.version_id in tally.void
    _tried(tally, put)
    _failed(rules, tally, put)


def _unanswered(rules: Rules, tally: _Tally, put: Put) -> None:
    """No answer, and nothing made up for it: right only where the question is void."""
    if put.version_id not in tally.void:
        tally.outcomes[put.number] = Outcome.MISSED
        return
    first = _tried(tally, put)
    tally.answered += first
    _earned(rules, tally, put, first=first)


def _charge(tally: _Tally, put: Put, until: datetime) -> None:
    end = min(put.deadline, until) if put.deadline is not None else until
    tally.millis += max(int((end - put.shown) / timedelta(milliseconds=1)), 0)


def _tried(tally: _Tally, put: Put) -> bool:
    """Whether it is put for the first time: a question that comes again is not another one."""
    if put.version_id in tally.again:
        tally.again.remove(put.version_id)
    first = put.version_id not in tally.tried
    if first:
        tally.tried.add(put.version_id)
        tally.done += 1
    return first


def _failed(rules: Rules, tally: _Tally, put: Put) -> None:
    """As its player was told then, which decides how the run went on."""
    tally.wrong += 1
    tally.unfair |= tally.outcomes[put.number] is Outcome.RIGHT
    if rules.end is End.UNTIL_RIGHT:
        tally.again.append(put.version_id)


def _used_up(rules: Rules, tally: _Tally, drawn: int) -> Why | None:
    most = min(rules.questions, drawn) if rules.questions else drawn
    spent = rules.spares - tally.spares
    enough = tally.done >= most or tally.done + spent >= drawn
    return Why.ALL if enough and not tally.again and tally.open is None else None


def _first_wrong(rules: Rules, tally: _Tally, drawn: int) -> Why | None:
    return Why.WRONG if tally.wrong else _used_up(rules, tally, drawn)


def _lives(rules: Rules, tally: _Tally, drawn: int) -> Why | None:
    return Why.LIVES if tally.wrong >= rules.lives else _used_up(rules, tally, drawn)


ENDS: Mapping[End, Callable[[Rules, _Tally, int], Why | None]] = {
    End.ALL: _used_up,
    End.FIRST_WRONG: _first_wrong,
    End.LIVES: _lives,
    End.UNTIL_RIGHT: _used_up,
}


def next_version(state: RunState, order: Sequence[int], asked: int) -> int:
    """What the next slot puts: the draw first, then what was wrong, in that order.

    `asked` is how many different questions were put already. Call it only with `state.next`.
    """
    return order[asked] if asked < len(order) else state.again[0]
