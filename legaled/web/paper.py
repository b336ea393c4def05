"""The paper as HTML: a question's fragment is rendered once per version and then only filled."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from flask import current_app, render_template
from markupsafe import Markup, escape

from legaled.domain.attempts import Saved
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.exams import LETTERS
from legaled.services.papers import Content, PaperSlot
from legaled.web.pages import clock

CUT = "<!--|-->"
SENTINELS = {"§N§": "number", "§S§": "seq", "§T§": "saved"}
UNCHECKED = dict.fromkeys(LETTERS, "")
KEPT = 20_000  # fragments a process keeps; about 2 KB each
RULE = {
    Kind.MULTI: "，多选、少选、错选不得分",
    Kind.BLANK: "，每空都对才得分",
}


@dataclass(frozen=True)
class Fragment:
    """The pieces of one question: head, an option or gap each, tail; with sentinels inside."""

    head: str
    options: tuple[str, ...]
    tail: str
    ordered: dict[str, str] = field(default_factory=dict)

    def in_order(self, option_order: str) -> str:
        """A %-template of the whole question, its options in this order and lettered as shown."""
        made = self.ordered.get(option_order)
        if made is None:
            shown = [self.options[LETTERS.index(original)] for original in option_order]
            pieces = [
                piece.replace("%", "%%")
                .replace("§L§", letter)
                .replace("§C§", f"%({letter})s")
                .replace("§V§", f"%(gap{place})s")
                for place, (letter, piece) in enumerate(
                    zip(LETTERS, shown or self.options, strict=False)
                )
            ]
            head, tail = self.head.replace("%", "%%"), self.tail.replace("%", "%%")
            made = f"{head}{''.join(pieces)}{tail}"
            for sentinel, name in SENTINELS.items():
                made = made.replace(sentinel, f"%({name})s")
            self.ordered[option_order] = made
        return made


def kind_words(kind: Kind, points: int) -> str:
    return f"{KIND_LABEL[kind]}题，{points} 分{RULE.get(kind, '')}"


def page_of(
    slots: Sequence[PaperSlot],
    saved: Mapping[int, Saved],
    load: Callable[[set[int]], Mapping[int, Content]],
) -> Markup:
    """All questions of a paper, in its order, with what is saved filled in.

    `load` gives the contents of question versions that this process has not rendered yet.
    """
    kept: dict[tuple[int, int], Fragment] = current_app.extensions.setdefault("fragments", {})
    wanted = {(slot.version_id, slot.points) for slot in slots}
    mine = {key: fragment for key in wanted if (fragment := kept.get(key))}
    if missing := wanted - mine.keys():
        contents = load({version_id for version_id, _ in missing})
        made = {key: _render(contents[key[0]], key[1]) for key in missing}
        if len(kept) > KEPT:
            kept.clear()
        kept.update(made)
        mine.update(made)
    pieces = [
        _fill(mine[slot.version_id, slot.points], slot, saved.get(slot.number, Saved()))
        for slot in slots
    ]
    return Markup("".join(pieces))  # noqa: S704 - fragments come from autoescaped templates


def _render(content: Content, points: int) -> Fragment:
    text = render_template(
        "attempts/_slot.html",
        kind=content.kind.value,
        kind_words=kind_words(content.kind, points),
        stem=_safe(content.stem),
        options=[_safe(option) for option in content.options],
        gaps=content.gaps,
    )
    head, *options, tail = text.split(CUT)
    return Fragment(head, tuple(options), tail)


def _safe(text: str) -> Markup:
    """Escaped, and without the sign that our sentinels are made of."""
    return escape(text).replace("§", Markup("&#167;"))


def cells_of(slots: Iterable[PaperSlot], answered: Set[int]) -> Markup:
    """The answer card: a cell for every slot."""
    kept: dict[tuple[int, bool], str] = current_app.extensions.setdefault("cells", {})
    cells = []
    for slot in slots:
        key = (slot.number, slot.number in answered)
        if key not in kept:
            kept[key] = render_template("attempts/_cell.html", number=key[0], done=key[1])
        cells.append(kept[key])
    return Markup("".join(cells))  # noqa: S704 - cells come from an autoescaped template


def _fill(fragment: Fragment, slot: PaperSlot, saved: Saved) -> str:
    values = {
        **UNCHECKED,
        "number": str(slot.number),
        "seq": str(saved.seq + 1),
        "saved": f"已保存 {clock(saved.saved_at)}" if saved.saved_at else "",
    }
    if slot.option_order:
        values.update(dict.fromkeys(saved.answer, " checked"))
    else:
        for place in range(len(fragment.options)):
            values[f"gap{place}"] = _safe(saved.answer[place]) if saved.answer else ""
    return fragment.in_order(slot.option_order) % values
