"""The rules that one question of a shipped bank keeps by itself, without any text of law."""

import re
from collections.abc import Callable, Iterator

from legaled.domain.banks import Kind, QuestionDraft
from legaled.domain.content import (
    EASY,
    HARD,
    MIDDLE,
    OWN_SOURCE,
    Finding,
    about,
    key_options,
    shown,
    wrong_options,
)
from legaled.domain.text import squeeze

EXPLANATION = (40, 200)
STEM_MAX = 200
OPTION_MAX = 60
STANDS_OUT = 2  # times as long, or as short, as every other option ...
AND_BY = 6  # ... and by so many characters
_CATCH_ALL = re.compile(
    r"^(?:以上|上述|前面|前述)(?:[各所]?[选几三四项种说法内容情形者]{0,4})?(?:都|均|皆|全|没有|不)"
    r"|^(?:以上|上述)(?:全部|各项|所有|选项)|^(?:都|全|均|皆)不?(?:对|正确|是)$|没有正确"
    r"|^[A-H][、和与][A-H]")
_LETTER = re.compile(r"选项[A-H]|(?<![A-Za-z0-9])[A-H](?:[A-H、和]*[A-H])?(?:项|选项|[错对]|正确)")

Found = Iterator[tuple[str, str]]


def judge(bank: str, draft: QuestionDraft) -> list[Finding]:
    """What is wrong with the question, each fault once."""
    return [about(bank, draft, code, detail) for rule in RULES for code, detail in rule(draft)]


def _facts(draft: QuestionDraft) -> Found:
    if draft.source != OWN_SOURCE:
        yield "source", f"写的是“{shown(draft.source)}”："
    if draft.difficulty not in (EASY, MIDDLE, HARD):
        yield "difficulty", ""
    if not draft.law:
        yield "law_missing", ""


def _explanation(draft: QuestionDraft) -> Found:
    size = len(draft.explanation)
    if not EXPLANATION[0] <= size <= EXPLANATION[1]:
        yield "explanation_length", f"{size} 字："
    if found := _LETTER.search(draft.explanation):
        yield "explanation_names_option", f"“{found[0]}”："


def _lengths(draft: QuestionDraft) -> Found:
    if len(draft.stem) > STEM_MAX:
        yield "stem_too_long", f"{len(draft.stem)} 字："
    longest = max(draft.options, key=len, default="")
    if len(longest) > OPTION_MAX:
        yield "option_too_long", f"“{shown(longest)}”："


def _catch_all(draft: QuestionDraft) -> Found:
    for option in draft.options:
        if _CATCH_ALL.search(squeeze(option)):
            yield "catch_all_option", f"“{option}”："


def _stands_out(draft: QuestionDraft) -> Found:
    """A single key far longer or shorter than each of the others."""
    if draft.kind is not Kind.SINGLE:
        return
    key = len(key_options(draft)[0])
    others = [len(one) for one in wrong_options(draft)]
    long, short = max(others), min(others)
    too_long = key >= STANDS_OUT * long and key - long >= AND_BY
    too_short = key * STANDS_OUT <= short and short - key >= AND_BY
    if too_long or too_short:
        yield "key_stands_out", f"答案 {key} 字，别的 {short} 到 {long} 字："


RULES: tuple[Callable[[QuestionDraft], Found], ...] = (
    _facts, _explanation, _lengths, _catch_all, _stands_out)
