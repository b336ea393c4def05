"""What stands for a person on a roster, and what may be done about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class Standing(Enum):
    """How one person of a roster stands now; the first that fits."""

    REMOVED = "removed"
    EXEMPT = "exempt"
    SAT = "sat"
    RUNNING = "running"
    DEFERRED = "deferred"
    NOT_SAT = "not_sat"


class Action(Enum):
    """An amendment after the roster was frozen."""

    EXEMPT = "exempt"
    END_EXEMPTION = "end_exemption"
    DEFER = "defer"
    END_DEFERRAL = "end_deferral"
    EXPLAIN = "absence"
    ADD = "add"
    REMOVE = "remove"
    RESTORE = "restore"


ACTION_LABEL = {
    Action.EXEMPT: "免考",
    Action.END_EXEMPTION: "撤销免考",
    Action.DEFER: "缓考",
    Action.END_DEFERRAL: "撤销缓考",
    Action.EXPLAIN: "缺考原因",
    Action.ADD: "补入名册",
    Action.REMOVE: "移出名册",
    Action.RESTORE: "恢复名册",
}


@dataclass(frozen=True)
class Place:
    """The facts of one row. `started`: there is an attempt that was not voided."""

    removed: bool = False
    exempt: bool = False
    deferred: bool = False
    started: bool = False
    sat: bool = False
    make_up_closed: bool = False


Need = tuple[str, Callable[[Place], bool]]
_THERE: Need = ("removed_from_roster", lambda place: not place.removed)
_COUNTED: Need = ("already_exempt", lambda place: not place.exempt)
_UNTRIED: Need = ("has_attempt", lambda place: not place.started)
# What must hold for an action; the code says what does not.
NEEDS: Mapping[Action, Sequence[Need]] = {
    Action.EXEMPT: (_THERE, _COUNTED, _UNTRIED),
    Action.END_EXEMPTION: (_THERE, ("not_exempt", lambda place: place.exempt)),
    Action.DEFER: (
        _THERE, _COUNTED, _UNTRIED, ("already_deferred", lambda place: not place.deferred)
    ),
    Action.END_DEFERRAL: (_THERE, _COUNTED, ("not_deferred", lambda place: place.deferred)),
    Action.EXPLAIN: (_THERE, _COUNTED, ("not_absent", lambda place: not place.started)),
    Action.REMOVE: (_THERE,),
    Action.RESTORE: (("not_removed", lambda place: place.removed),),
}


def refusal(action: Action, place: Place) -> str | None:
    """The code of why the action is refused, or None."""
    return next((code for code, holds in NEEDS[action] if not holds(place)), None)


def possible(place: Place) -> tuple[Action, ...]:
    """What may be done now, in the usual order."""
    return tuple(action for action in NEEDS if refusal(action, place) is None)


def standing(place: Place) -> Standing:
    """A deferral counts until a make-up has closed (RATES.md)."""
    tests = (
        (Standing.REMOVED, place.removed),
        (Standing.EXEMPT, place.exempt),
        (Standing.SAT, place.sat),
        (Standing.RUNNING, place.started),
        (Standing.DEFERRED, place.deferred and not place.make_up_closed),
    )
    return next((found for found, holds in tests if holds), Standing.NOT_SAT)
