"""The numbers that Word writes in front of paragraphs and that are not in their text."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

# One element of somebody's XML: lxml has no types of its own.
Element = Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CN = "零一二三四五六七八九"
_BANKERS = "零壹贰叁肆伍陆柒捌玖"


def _chinese(number: int, digits: str = _CN, units: str = "十百千") -> str:
    """27 -> 二十七, 105 -> 一百零五; larger than 9,999 as digits."""
    if not 0 < number < 10_000:
        return str(number)
    text, zero = "", False
    for place in range(3, -1, -1):
        digit = number // 10 ** place % 10
        if digit:
            text += ("零" if zero and text else "") + digits[digit] + (
                units[place - 1] if place else "")
        zero = digit == 0
    return text.removeprefix("一") if 10 <= number < 20 and digits is _CN else text


def _roman(number: int) -> str:
    text = ""
    for value, mark in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
                        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        text += mark * (number // value)
        number %= value
    return text


def _letters(number: int) -> str:
    """A … Z, AA, BB: Word doubles the letter."""
    return chr(65 + (number - 1) % 26) * min((number - 1) // 26 + 1, 20)


def _row(marks: str) -> Callable[[int], str]:
    return lambda number: marks[number - 1] if 0 < number <= len(marks) else str(number)


def _series(first: int, last: int) -> Callable[[int], str]:
    return _row("".join(map(chr, range(first, last + 1))))


def _digits(number: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))


_FORMATS: Mapping[str, Callable[[int], str]] = MappingProxyType({
    "decimalZero": lambda number: f"{number:02}",
    "upperLetter": _letters, "lowerLetter": lambda number: _letters(number).lower(),
    "upperRoman": lambda number: _roman(number % 4000),
    "lowerRoman": lambda number: _roman(number % 4000).lower(),
    "chineseCounting": _chinese, "chineseCountingThousand": _chinese,
    "taiwaneseCounting": _chinese, "taiwaneseCountingThousand": _chinese,
    "japaneseCounting": _chinese, "koreanCounting": _chinese,
    "chineseLegalSimplified": lambda number: _chinese(number, _BANKERS, "拾佰仟"),
    "ideographLegalTraditional": lambda number: _chinese(number, _BANKERS, "拾佰仟"),
    "ideographDigital": _digits, "japaneseDigitalTenThousand": _digits,
    "taiwaneseDigital": _digits,
    "decimalEnclosedCircle": _series(0x2460, 0x2473),
    "decimalEnclosedCircleChinese": _series(0x2460, 0x2473),
    "decimalEnclosedParen": _series(0x2474, 0x2487),
    "decimalEnclosedFullstop": _series(0x2488, 0x249B),
    "ideographEnclosedCircle": _row("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉"),
    "ideographTraditional": _row("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _row("子丑寅卯辰巳午未申酉戌亥"),
    "bullet": lambda number: "", "none": lambda number: "",
})


@dataclass(frozen=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None  # 0: never; k: when a level above k moves on
    glued: bool = False  # nothing between the number and the text
    plain: bool = False  # all its numbers as digits
    style: str = ""


@dataclass
class _Count:
    """How far one list is, by level."""

    values: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Numbers of the paragraphs of one document, asked for in their order."""

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._nums: dict[str, tuple[str, dict[int, _Level], dict[int, int]]] = {}
        self._counts: dict[str, _Count] = {}
        self._begun = set[tuple[str, int]]()
        self._styles = _style_numbers(styles)
        if numbering is not None:
            self._read(numbering)

    def _read(self, numbering: Element) -> None:
        links, bases = dict[str, str](), dict[str, str]()
        for one in numbering.iterchildren(W + "abstractNum"):
            key = one.get(W + "abstractNumId", "")
            self._abstract[key] = dict(map(_level, one.iterchildren(W + "lvl")))
            links[key] = _value(one, "numStyleLink")
            bases[_value(one, "styleLink")] = key
        for key, style in links.items():
            if style and style in bases and not self._abstract[key]:
                self._abstract[key] = self._abstract[bases[style]]
        for one in numbering.iterchildren(W + "num"):
            levels, starts = dict[int, _Level](), dict[int, int]()
            for override in one.iterchildren(W + "lvlOverride"):
                place = _number(override.get(W + "ilvl"), 0)
                levels.update(map(_level, override.iterchildren(W + "lvl")))
                if start := _value(override, "startOverride"):
                    starts[place] = _number(start, 1)
            self._nums[one.get(W + "numId", "")] = (_value(one, "abstractNumId"), levels, starts)

    def prefix(self, paragraph: Element) -> str:
        """What Word shows in front of the paragraph, with a space behind where it shows one."""
        key, place = self._of(paragraph)
        if key not in self._nums:
            return ""
        abstract, own, starts = self._nums[key]
        levels = {**self._abstract.get(abstract, {}), **own}
        level = levels.get(place)
        if level is None or not 0 <= place <= 8:
            return ""
        values = self._counts.setdefault(abstract, _Count()).values
        self._step(values, levels, place, key, starts)
        text = level.text
        for upper in range(place + 1):
            if f"%{upper + 1}" in text:
                text = text.replace(f"%{upper + 1}", _shown(levels.get(upper, _Level()),
                                                            values.get(upper), level.plain))
        if level.format == "bullet" or not text.strip():
            return ""
        return text if level.glued else text + " "

    def _step(self, values: dict[int, int], levels: Mapping[int, _Level], place: int, key: str,
              starts: Mapping[int, int]) -> None:
        level = levels[place]
        first = (key, place) not in self._begun
        self._begun.add((key, place))
        if first and place in starts:
            values[place] = starts[place]
        elif place in values:
            values[place] += 1
        else:
            values[place] = starts.get(place, level.start)
        for upper in range(place):
            values.setdefault(upper, levels.get(upper, _Level()).start)
        for lower in [one for one in values if one > place]:
            restart = levels.get(lower, _Level()).restart
            if restart is None or (restart and place < restart):
                del values[lower]

    def _of(self, paragraph: Element) -> tuple[str, int]:
        """Which list and which level: its own word first, then its style's."""
        properties = paragraph.find(W + "pPr")
        if properties is None:
            return self._styles.get("", ("", 0))
        style = _value(properties, "pStyle")
        inherited = self._styles.get(style, ("", 0))
        own = properties.find(W + "numPr")
        if own is None:
            return self._level_of_style(inherited, style)
        key = _value(own, "numId") or inherited[0]
        level = _value(own, "ilvl")
        return key, _number(level, inherited[1]) if level else inherited[1]

    def _level_of_style(self, inherited: tuple[str, int], style: str) -> tuple[str, int]:
        """A level that names the style is the style's level."""
        abstract, own, _ = self._nums.get(inherited[0], ("", {}, {}))
        for place, level in {**self._abstract.get(abstract, {}), **own}.items():
            if style and level.style == style:
                return inherited[0], place
        return inherited


def _level(one: Element) -> tuple[int, _Level]:
    restart = _value(one, "lvlRestart")
    legal = one.find(W + "isLgl")
    return _number(one.get(W + "ilvl"), 0), _Level(
        _number(_value(one, "start") or "1", 1), _value(one, "numFmt") or "decimal",
        _value(one, "lvlText")[:100], _number(restart, 0) if restart else None,
        _value(one, "suff") == "nothing",
        legal is not None and legal.get(W + "val", "1") not in ("0", "false"),
        _value(one, "pStyle"))


def _shown(level: _Level, number: int | None, plain: bool) -> str:
    number = level.start if number is None else number
    if plain or number < 1:
        return str(number)
    return _FORMATS.get(level.format, str)(number)


def _style_numbers(styles: Element | None) -> dict[str, tuple[str, int]]:
    """Style -> (list, level), also from the styles that it is based on."""
    own, base = dict[str, tuple[str, str]](), dict[str, str]()
    for one in _all(styles, "style"):
        name = one.get(W + "styleId", "")
        properties = one.find(W + "pPr")
        numbers = properties.find(W + "numPr") if properties is not None else None
        own[name] = ((_value(numbers, "numId"), _value(numbers, "ilvl"))
                     if numbers is not None else ("", ""))
        base[name] = _value(one, "basedOn")
    found = dict[str, tuple[str, int]]()
    for name in own:
        at, number, level = name, "", ""
        for _ in range(20):
            mine = own.get(at, ("", ""))
            number, level = number or mine[0], level or mine[1]
            at = base.get(at, "")
        if number:
            found[name] = (number, _number(level or "0", 0))
    return found


def _all(parent: Element | None, name: str) -> Iterable[Element]:
    return () if parent is None else parent.iterchildren(W + name)


def _value(parent: Element, name: str) -> str:
    child = parent.find(W + name)
    return str(child.get(W + "val", "")) if child is not None else ""


def _number(text: str | None, otherwise: int) -> int:
    try:
        return max(0, min(int(text or ""), 30_000))
    except ValueError:
        return otherwise
