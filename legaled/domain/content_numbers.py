"""Figures as a text names them: 三十日, 30日, 五万元, 50000元, 百分之三 and 3%."""

import re
from fractions import Fraction
from typing import NamedTuple

from legaled.domain.law_numbers import from_chinese
from legaled.domain.text import squeeze

_N = r"(?:\d+(?:\.\d+)?|[零〇一二三四五六七八九十百千两]+)(?:万(?:[一二三四五六七八九]千)?|亿)?"
_UNIT = r"个?工作日|个月|分钟|小时|周年|周岁|周|年|月|日|天|元|倍|岁|届|次|人|名|位"
_SAME = {"天": "日", "个工作日": "工作日", "岁": "周岁", "周年": "年", "名": "人", "位": "人"}
_FIGURE = re.compile(
    rf"(?P<whole>{_N})分之(?P<part>{_N})|(?P<percent>{_N})%"
    rf"|(?P<many>{_N})(?={_UNIT}|(?:[至到~—-]|或者?){_N}(?P<later>{_UNIT}))(?P<unit>{_UNIT})?")
_WORDS = frozenset({  # 一 that counts nothing
    (Fraction(1), unit) for unit in ("届", "次", "人", "周")})
_THRESHOLD = re.compile(
    r"(?:不得?少于|不低于|不得?超过|至少|最多|起码|满|达到|提前)[^，。；]{0,2}$")
_BOUND = re.compile(r"(?:以上|以下|以内|以外|内|之内|前|期满)")


class Figure(NamedTuple):
    """`unit` is 分之 for a share; two figures are equal when they mean the same."""

    value: Fraction
    unit: str


class Found(NamedTuple):
    figure: Figure
    words: str
    bound: bool  # 三十日内, 两人以上: a limit, not a fact of a case


def figures(text: str) -> list[Found]:
    """Every figure with a unit, in order; ordinals (第三次) and 一人 are none."""
    plain = squeeze(text)
    found = (_figure(plain, match) for match in _FIGURE.finditer(plain))
    return [one for one in found if one and one.figure not in _WORDS]


def figure_set(text: str) -> frozenset[Figure]:
    return frozenset(one.figure for one in figures(text))


def number(text: str) -> Fraction | None:
    """What a text that is nothing but a number says: 三十, 30, 二〇二四, 五万."""
    plain = squeeze(text)
    if plain[:1] in ("万", "亿") or not re.fullmatch(_N, plain):
        return None
    head, ten_thousands, tail = plain.partition("万")
    head, hundred_millions, _ = head.partition("亿")
    value = _small(head)
    if value is None:
        return None
    value *= 10_000 if ten_thousands else 100_000_000 if hundred_millions else 1
    return value + (_small(tail) or 0)


def numbers(text: str) -> frozenset[Fraction]:
    """Every number of a text, whatever it counts."""
    found = (number(one) for one in re.findall(_N, squeeze(text)))
    return frozenset(one for one in found if one is not None)


def _small(text: str) -> Fraction | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return Fraction(text)
    value = from_chinese(text)
    return None if value is None else Fraction(value)


def _figure(plain: str, match: re.Match[str]) -> Found | None:
    start, end = match.span()
    if match["whole"]:
        figure = _share(match["whole"], match["part"])
    elif match["percent"]:
        figure = _share("百", match["percent"])
    else:
        unit = match["unit"] or match["later"]
        value = number(match["many"])
        figure = None if value is None else Figure(value, _SAME.get(unit, unit))
    if figure is None or plain[max(0, start - 1):start] in ("第", "统", "之"):
        return None
    bound = bool(_THRESHOLD.search(plain[:start]) or _BOUND.match(plain[end:]))
    return Found(figure, match[0], bound)


def _share(whole: str, part: str) -> Figure | None:
    over, under = number(part), number(whole)
    return Figure(over / under, "分之") if over is not None and under else None
