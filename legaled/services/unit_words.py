"""Units as people write them: names, codes and paths, found among those that exist or planned."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from legaled.services.units import UNIT_DEPTH_MAX, unit_codes, unit_name_ok


@dataclass(eq=False)
class Place:
    """A unit that exists, or (`id` None) one that the import will make."""

    name: str
    code: str
    parent: "Place | None"
    id: int | None = None
    below: dict[str, "Place"] = field(default_factory=dict)

    def path(self) -> str:
        return f"{self.parent.path()}/{self.name}" if self.parent else self.name

    def depth(self) -> int:
        return self.parent.depth() + 1 if self.parent else 1

    def child(self, word: str) -> "Place | None":
        return self.below.get(word) or next(
            (one for one in self.below.values() if one.code == word), None)


class UnitWordError(Exception):
    """A unit in words that leads nowhere: code of the problem and the column's name."""

    def __init__(self, code: str, column: str = "unit") -> None:
        super().__init__(code)
        self.code, self.column = code, column


class UnitWords:
    """All units by id and by word; with `create`, unknown ones are planned in `made`."""

    def __init__(self, units: Iterable[tuple[int, int | None, str, str]], create: bool) -> None:
        self.create = create
        self.made: list[Place] = []
        self.by_id: dict[int, Place] = {}
        self.by_word: defaultdict[str, list[Place]] = defaultdict(list)
        self._known: dict[tuple[str, str], Place] = {}
        parents = {}
        for unit_id, parent_id, code, name in units:
            self.by_id[unit_id] = Place(name, code, None, unit_id)
            parents[unit_id] = parent_id
        for unit_id, parent_id in parents.items():
            place = self.by_id[unit_id]
            place.parent = self.by_id[parent_id] if parent_id is not None else None
            self._index(place)
        self._codes = unit_codes([place.code for place in self.by_id.values()])

    def find(self, unit: str, office: str) -> Place:
        """The place that the two cells mean; raises UnitWordError."""
        known = self._known.get((unit, office))
        if known is None:
            first, *rest = (word.strip() for word in unit.split("/"))
            known = self._start(first, bool(rest))
            for word in rest:
                known = self._step(known, word, "unit")
            if office:
                known = self._step(known, office, "office")
            self._known[unit, office] = known
        return known

    def _start(self, word: str, is_path: bool) -> Place:
        found = self.by_word.get(word, [])
        roots = [place for place in found if place.parent is None]
        found = roots if is_path and roots else found
        if len(found) > 1:
            raise UnitWordError("unit_ambiguous")
        return found[0] if found else self._make(None, word, "unit")

    def _step(self, place: Place, word: str, column: str) -> Place:
        return place.child(word) or self._make(place, word, column)

    def _make(self, parent: Place | None, name: str, column: str) -> Place:
        if not self.create:
            raise UnitWordError(f"unknown_{column}", column)
        if not unit_name_ok(name):
            raise UnitWordError("unit_name_bad", column)
        if parent is not None and parent.depth() >= UNIT_DEPTH_MAX:
            raise UnitWordError("unit_too_deep", column)
        place = Place(name, next(self._codes), parent)
        self._index(place)
        self.made.append(place)
        return place

    def _index(self, place: Place) -> None:
        if place.parent is not None:
            place.parent.below[place.name] = place
        for word in {place.name, place.code}:
            self.by_word[word].append(place)
