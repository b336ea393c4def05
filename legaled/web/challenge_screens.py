"""What a challenge's screen shows: the question that waits, or the verdict on the last one."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template

from legaled import db
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.challenges import Outcome
from legaled.domain.exams import LETTERS
from legaled.domain.times import BEIJING
from legaled.services import challenge_views
from legaled.services.challenge_play import Checked
from legaled.services.challenge_runs import Live, SlotRow
from legaled.web.clock import now

KEPT_ARTICLES = 5_000
OUTCOME_WORDS = {
    Outcome.RIGHT: "答对了",
    Outcome.WRONG: "答错了",
    Outcome.MISSED: "超时，没有收到答案，按答错算",
    Outcome.SPARED: "没有收到答案，不算答错，另补一题",
}


@dataclass(frozen=True)
class Option:
    """An option as a row. `look` is right, wrong or nothing, and `word` says it."""

    letter: str
    text: str
    chosen: bool = False
    look: str = ""
    word: str = ""


@dataclass(frozen=True)
class Shown:
    """A question that is over, with everything that may be seen of it."""

    slot: SlotRow
    outcome: Outcome
    word: str
    options: list[Option]
    chosen_words: str
    right_words: str
    chosen_text: str
    right_text: str
    fixed: str


def frame(live: Live) -> dict[str, Any]:
    """What stands around a question and changes with it."""
    state, rules = live.state, live.challenge.rules
    end = state.open.deadline if state.open else None
    left = max((end - now()).total_seconds(), 0.0) if end else None
    return {
        "run_id": live.id,
        "challenge_id": live.challenge.id,
        "title": live.challenge.title,
        "number": live.slots[-1].put.number,
        "streak": state.streak,
        "score": state.score,
        "lives": state.lives,
        "all_lives": rules.lives,
        "questions": rules.questions,
        "done": state.done,
        "left": left,
        "seconds": rules.seconds,
        "grace": rules.grace,
        "run_left": max((live.deadline - now()).total_seconds(), 0.0),
        "over": state.over is not None,
    }


def question(live: Live, problem: str = "") -> str:
    """The question that waits: nothing in it tells the answer."""
    slot = live.slots[-1]
    return render_template(
        "challenges/_question.html",
        run_id=live.id,
        challenge_id=live.challenge.id,
        slot=slot.put.number,
        kind=KIND_LABEL[slot.item.kind],
        stem=slot.item.stem,
        control="checkbox" if slot.item.kind is Kind.MULTI else "radio",
        options=[Option(letter, text) for letter, text in _texts(slot)],
        gaps=range(1, slot.item.gaps + 1),
        problem=problem,
    )


def feedback(checked: Checked) -> str:
    """The verdict; only for a question that has its answer or is out of time."""
    live, slot = checked.live, checked.slot
    return render_template(
        "challenges/_feedback.html",
        run_id=live.id,
        challenge_id=live.challenge.id,
        shown=shown_of(live, slot),
        kind=KIND_LABEL[slot.item.kind],
        control="checkbox" if slot.item.kind is Kind.MULTI else "radio",
        article=_article(slot),
        repeated=checked.repeated,
        over=live.state.over is not None,
    )


def shown_of(live: Live, slot: SlotRow) -> Shown:
    outcome = live.outcome(slot.put.number)
    word = "" if outcome is Outcome.OPEN else OUTCOME_WORDS[outcome]
    options = [_option(slot, letter, text) for letter, text in _texts(slot)]
    texts = dict(_texts(slot))
    key = [one.replace("|", " 或 ") for one in slot.key]
    void = "作废" if slot.item.is_void else ""
    return Shown(
        slot, outcome, word, options, "、".join(slot.chosen or ()) or "没有答",
        void or "、".join(key),
        "、".join(texts.get(one, one) for one in slot.chosen or ()) or "没有答",
        void or "、".join(texts.get(one, one) for one in key), _fixed(live, slot),
    )


def _fixed(live: Live, slot: SlotRow) -> str:
    """How the question was corrected and what that did here; nothing for most."""
    one, outcome = slot.item.correction, live.outcome(slot.put.number)
    if one is None:
        return ""
    day = one.at.astimezone(BEIJING)
    what = "这道题作废" if one.is_void else "答案改正"
    if outcome is Outcome.SPARED:
        then = "已另补一题，不再算"
    elif one.is_void:
        then = "按答对算"
    else:
        then = "按新答案算" + ("答对" if outcome is Outcome.RIGHT else "答错")
    return f"{day.month}月{day.day}日更正：{what}，{then}。原因：{one.reason}"


def _option(slot: SlotRow, letter: str, text: str) -> Option:
    chosen, right = letter in (slot.chosen or ()), letter in slot.key
    if slot.item.is_void:
        return Option(letter, text, chosen)
    missed = "应选" if slot.item.kind is Kind.MULTI else "正确"
    look = "right" if right else "wrong" if chosen else ""
    word = {"right": "正确" if chosen else missed, "wrong": "你选的"}.get(look, "")
    return Option(letter, text, chosen, look, word)


def _texts(slot: SlotRow) -> list[tuple[str, str]]:
    """The options as they stand on the screen."""
    return [
        (LETTERS[place], slot.item.options[LETTERS.index(original)])
        for place, original in enumerate(slot.order)
    ]


def _article(slot: SlotRow) -> challenge_views.Cited:
    """The article's words, read once a process and day."""
    item, at = slot.item, now()
    kept: dict[Any, challenge_views.Cited] = current_app.extensions.setdefault("cited", {})
    key = (item.law, item.article, at.date())
    if key not in kept:
        if len(kept) > KEPT_ARTICLES:
            kept.clear()
        with db.database().read() as session:
            kept[key] = challenge_views.cited(session, item.law, item.article, at)
    return kept[key]


def time_words(millis: int | None) -> str:
    """4 分 12 秒; tenths under a minute."""
    if millis is None:
        return "—"
    if millis < 60_000:
        return f"{millis / 1000:.1f} 秒"
    return f"{millis // 60_000} 分 {millis // 1000 % 60} 秒"
