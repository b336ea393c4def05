"""The paper as HTML: a question's fragment is rendered once per version and then only filled."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

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

    head: str
    options: tuple[str, ...]
    tail: str


def kind_words(kind: Kind, points: int) -> str:
    return f"{KIND_LABEL[kind]}题，{points} 分{RULE.get(kind, '')}"


def fragments() -> dict[tuple[int, int], Fragment]:
    """This process's fragments by (version, points)."""
    kept: dict[tuple[int, int], Fragment] = current_app.extensions.setdefault("fragments", {})
    if len(kept) > KEPT:
        kept.clear()
    return kept


def add_fragments(slots: Iterable[PaperSlot], contents: Mapping[int, Content]) -> None:
    """Render the fragments of slots that are not kept yet."""
    kept = fragments()
    for slot in slots:
        content = contents.get(slot.version_id)
        if content is not None and (slot.version_id, slot.points) not in kept:
            kept[slot.version_id, slot.points] = _render(content, slot.points)


def _render(content: Content, points: int) -> Fragment:
    text = render_template(
        "attempts/_slot.html",
        kind=content.kind.value,
        kind_words=kind_words(content.kind, points),
        stem=content.stem,
        options=content.options,
        gaps=content.gaps,
    )
    head, *options, tail = text.split(CUT)
    return Fragment(head, tuple(options), tail)


def page_of(slots: Iterable[PaperSlot], saved: Mapping[int, Saved]) -> Markup:
    """All questions of a paper, in its order, with what is saved filled in."""
    kept = fragments()
    pieces = [
        _fill(kept[slot.version_id, slot.points], slot, saved.get(slot.number, Saved()))
        for slot in slots
    ]
    return Markup("".join(pieces))  # noqa: S704 - fragments come from autoescaped templates


def _fill(fragment: Fragment, slot: PaperSlot, saved: Saved) -> str:
    number = str(slot.number)
    words = f"已保存 {clock(saved.saved_at)}" if saved.saved_at else ""
    fill = _gaps if slot.kind is Kind.BLANK else _options

    def named(piece: str) -> str:
        return (
            piece.replace("§N§", number)
            .replace("§S§", str(saved.seq + 1))
            .replace("§T§", words)
        )

    pieces = [named(piece) for piece in fragment.options]
    return named(fragment.head) + "".join(fill(pieces, slot, saved)) + named(fragment.tail)


def _options(pieces: list[str], slot: PaperSlot, saved: Saved) -> Iterator[str]:
    for place, original in enumerate(slot.option_order):
        letter = LETTERS[place]
        checked = " checked" if letter in saved.answer else ""
        yield (
            pieces[LETTERS.index(original)].replace("§L§", letter).replace("§C§", checked)
        )


def _gaps(pieces: list[str], _slot: PaperSlot, saved: Saved) -> Iterator[str]:
    texts = saved.answer or ("",) * len(pieces)
    for piece, text in zip(pieces, texts, strict=True):
        yield piece.replace("§V§", str(escape(text)))
