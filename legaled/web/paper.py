"""The paper as HTML: a question's fragment is rendered once per version and then only filled."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from flask import current_app, render_template
from markupsafe import Markup, escape

from legaled.domain.attempts import Saved
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.exams import LETTERS
from legaled.services.papers import Content, PaperSlot
from legaled.web.pages import clock

CUT = "<!--|-->"
KEPT = 20_000  # fragments a process keeps; about 2 KB each
RULE = {
    Kind.MULTI: "，多选、少选、错选不得分",
    Kind.BLANK: "，每空都对才得分",
}


@dataclass(frozen=True)
class Fragment:
    """The pieces of one question: head, an option or gap each, tail; with sentinels inside."""

    kind: Kind
    head: str
    options: tuple[str, ...]
    tail: str
    ordered: dict[str, str] = field(default_factory=dict)

    def in_order(self, option_order: str) -> str:
        """The whole question with its options in this order, lettered as they are shown."""
        made = self.ordered.get(option_order)
        if made is None:
            options = (
                self.options[LETTERS.index(original)].replace("§L§", letter)
                for letter, original in zip(LETTERS, option_order, strict=False)
            )
            made = self.ordered[option_order] = self.head + "".join(options) + self.tail
        return made


def kind_words(kind: Kind, points: int) -> str:
    return f"{KIND_LABEL[kind]}题，{points} 分{RULE.get(kind, '')}"


def fragments() -> dict[tuple[int, int], Fragment]:
    """This process's fragments by (version, points)."""
    kept: dict[tuple[int, int], Fragment] = current_app.extensions.setdefault("fragments", {})
    if len(kept) > KEPT:
        kept.clear()
    return kept


def unknown(slots: Iterable[PaperSlot]) -> list[PaperSlot]:
    """The slots whose fragments this process has not rendered yet."""
    kept = fragments()
    return [slot for slot in slots if (slot.version_id, slot.points) not in kept]


def add_fragments(slots: Iterable[PaperSlot], contents: Mapping[int, Content]) -> None:
    """Render the fragments of slots that are not kept yet."""
    kept = fragments()
    for slot in slots:
        content = contents.get(slot.version_id)
        if content is not None:
            kept[slot.version_id, slot.points] = _render(content, slot.points)


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
    return Fragment(content.kind, head, tuple(options), tail)


def _safe(text: str) -> Markup:
    """Escaped, and without the sign that our sentinels are made of."""
    return escape(text).replace("§", Markup("&#167;"))


def page_of(slots: Iterable[PaperSlot], saved: Mapping[int, Saved]) -> Markup:
    """All questions of a paper, in its order, with what is saved filled in."""
    kept = fragments()
    pieces = [
        _fill(kept[slot.version_id, slot.points], slot, saved.get(slot.number, Saved()))
        for slot in slots
    ]
    return Markup("".join(pieces))  # noqa: S704 - fragments come from autoescaped templates


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
    if fragment.kind is Kind.BLANK:
        text = fragment.head + "".join(_gaps(fragment, saved)) + fragment.tail
    else:
        text = fragment.in_order(slot.option_order)
        for letter in saved.answer:
            text = text.replace(f'value="{letter}"§C§', f'value="{letter}" checked')
    return (
        text.replace("§C§", "")
        .replace("§N§", str(slot.number))
        .replace("§S§", str(saved.seq + 1))
        .replace("§T§", f"已保存 {clock(saved.saved_at)}" if saved.saved_at else "")
    )


def _gaps(fragment: Fragment, saved: Saved) -> Iterator[str]:
    texts = saved.answer or ("",) * len(fragment.options)
    for piece, text in zip(fragment.options, texts, strict=True):
        yield piece.replace("§V§", _safe(text))
