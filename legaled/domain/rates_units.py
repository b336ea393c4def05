"""The figures of every unit, and which of them only the office may see."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from legaled.domain.rates import (
    Figures,
    Person,
    Row,
    by_people,
    by_sittings,
    counts_at_all,
    people,
)

SMALL_UNIT = 5
REST = "本级"  # the part of a unit that sits in none of its sub-units


@dataclass(frozen=True)
class UnitFigures:
    """A unit's own figures. `code` is the path of codes, `path` the names as last frozen.

    With a `code` that ends in "/" it is the rest of a unit beside its sub-units (本级), so that
    siblings always sum to their parent.
    """

    code: str
    path: str
    sittings: Figures
    people: Figures

    @property
    def is_rest(self) -> bool:
        return self.code.endswith("/")


def units(rows: Sequence[Row]) -> list[UnitFigures]:
    """Every unit on the paths of the rows, parents before children; each over its subtree."""
    rows = [row for row in rows if counts_at_all(row)]
    names = _unit_names(rows)
    by_unit: dict[str, list[Row]] = {}
    for row in rows:
        by_unit.setdefault(row.unit_codes, []).append(row)
    homes: dict[str, list[Person]] = {}
    for person in people(rows):
        homes.setdefault(person.row.unit_codes, []).append(person)
    sittings = _over_subtrees(names, {code: by_sittings(own) for code, own in by_unit.items()})
    persons = _over_subtrees(names, {code: by_people(own) for code, own in homes.items()})
    return [
        UnitFigures(code, names[code], sittings[code], persons[code])
        for code in sorted(names, key=lambda code: code.split("/"))
    ]


def _unit_names(rows: Iterable[Row]) -> dict[str, str]:
    """Path of codes → path of names as last frozen, with a 本级 where a parent has own people."""
    latest: dict[str, tuple[datetime, str]] = {}
    homes = set()
    for row in rows:
        homes.add(row.unit_codes)
        codes, path = row.unit_codes.split("/"), row.unit_path.split("/")
        for depth in range(1, len(codes) + 1):
            code, named = "/".join(codes[:depth]), (row.frozen, "/".join(path[:depth]))
            latest[code] = max(latest.get(code, named), named)
    names = {code: path for code, (_, path) in latest.items()}
    parents = {parent_of(code) for code in names}
    return names | {f"{code}/": f"{names[code]}/{REST}" for code in homes & parents}


def _over_subtrees(codes: Iterable[str], own: Mapping[str, Figures]) -> dict[str, Figures]:
    sums = dict.fromkeys(codes, by_sittings(()))
    for home, figures in own.items():
        parts = home.split("/")
        above = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        for code in (*above, f"{home}/"):
            if code in sums:
                sums[code] += figures
    return sums


def parent_of(code: str) -> str:
    return code.rpartition("/")[0]


def hidden_units(*views: Mapping[str, int]) -> frozenset[str]:
    """Units (by path of codes) whose figures only the office may see.

    Each view maps the units shown side by side (an exam's, the year's 按人次 and 按人) to their
    应考. A unit with 1 to 4 people in any view is hidden in all of them; where that leaves
    exactly one of several siblings hidden, the next smallest goes too, else subtraction gives it
    away. What lies below a hidden unit is hidden. A lone topmost unit is the total and is shown.
    """
    codes = {code for sizes in views for code in sizes}
    roots = {code for code in codes if not parent_of(code)}
    fixed = roots if len(roots) == 1 else set()
    hidden = {
        code for sizes in views for code, size in sizes.items() if 0 < size < SMALL_UNIT
    } - fixed
    while True:
        more = {code for code in codes if parent_of(code) in hidden}
        more.update(code for sizes in views for code in _companions(sizes, hidden))
        if more <= hidden:
            return frozenset(hidden)
        hidden |= more


def _companions(sizes: Mapping[str, int], hidden: Collection[str]) -> list[str]:
    """For every lonely hidden unit, its smallest sibling that is still shown."""
    siblings: dict[str, list[str]] = {}
    for code in sorted((code for code in sizes if sizes[code]), key=lambda c: (sizes[c], c)):
        siblings.setdefault(parent_of(code), []).append(code)
    return [
        next(code for code in group if code not in hidden)
        for group in siblings.values()
        if len(group) > 1 and sum(code in hidden for code in group) == 1
    ]
