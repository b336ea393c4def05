"""What stands before and around the articles of a law: its title and its dates."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from legaled.domain.law_numbers import from_chinese

TITLE_MAX = 90
_ENDS = ("法", "典", "宪法", "条例", "规定", "办法", "细则", "规则", "决定", "解释", "准则", "章程",
         "规程", "规范", "标准", "纲要", "方案", "意见", "制度", "公约", "通则",
         "规划", "要求", "通知")
_SECOND_HALVES = frozenset({"实施条例", "实施办法", "实施细则", "暂行条例", "程序规定"})
_TITLE_NOTE = re.compile(r"[（(\[〔【][^（()）]{0,60}[)）\]〕】]$")
_OF_A_PART = re.compile(r"(?<=..)第[一二三四五六七八九十]{1,3}分?[编章].*$")
_ORDER = re.compile(r"令$|公告$|^第.{1,8}号$|令第.{1,8}号$|〔\d{4}〕|\[\d{4}\]")
_Y = r"(\d{4}|[一二][一二三四五六七八九零〇○0]{3})"
_D = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"
_DATE = re.compile(rf"{_Y}年{_D}月{_D}日|(\d{{4}})[-./](\d{{1,2}})[-./](\d{{1,2}})(?!\d)")
_MADE = re.compile(r"通过|公布|发布|颁布|修订|修正|修改|批准|制定|签署|印发")
_IN_FORCE = re.compile(r"^[，,]?起?(?:正式|开始)?(?:施行|实施|生效|执行)|^起")
_SAME_DAY = re.compile(
    r"自(?:公布|发布|颁布|印发|通过)之?日起(?:正式|开始)?(?:施行|实施|生效|执行)")
_AMENDMENTS = re.compile(
    r"[附：:（(]{0,3}[《〈]?[^《〈，。；]{0,30}修正案[》〉]?(?:[（(][^（()）]{0,40}[)）])*(?:全文)?$")
_DECISION = re.compile(r"关于(?:修改|修订|修正|废止).{0,80}的(?:决定|决议)(?:[（(].{0,40}[)）])?$")
_CHANGES = re.compile(
    r"(?:将|在|对|把)?[《〈]?[^，。：]{0,24}第[^，。：]{1,12}[条款项章].{0,400}?"
    r"(?:修改为|修改为：|增加|删去|删除|改为|修正为|修订为)", re.DOTALL)


@dataclass(frozen=True)
class Dates:
    """`promulgated`: when this text was passed or last amended, as far as its head says."""

    promulgated: date | None = None
    effective: date | None = None


def is_title(text: str) -> bool:
    """Whether a line by itself can be the name of a law."""
    plain = _TITLE_NOTE.sub("", text.strip("《》"))
    if not 2 <= len(plain) <= TITLE_MAX or any(char in "。；，：、" for char in plain):
        return False
    return plain.endswith(_ENDS) or is_amendments(plain)


def is_amendments(text: str) -> bool:
    """The title of a list of amendments, 中华人民共和国宪法修正案 for one."""
    return _AMENDMENTS.fullmatch(text) is not None


def is_decision(text: str) -> bool:
    return _DECISION.search(text) is not None


def is_change(text: str) -> bool:
    """An article that says how to change another: 宪法第十一条增加规定…"""
    return _CHANGES.match(text) is not None


def is_history(text: str) -> bool:
    """A line of the head that tells when the law was passed."""
    return _DATE.search(text[:200]) is not None and _MADE.search(text) is not None


def find_title(lines: Sequence[tuple[str, int]]) -> str:
    """The title among the lines of the head, each with its Markdown level."""
    for text, marked in lines:
        if marked == 1 and text:
            return _OF_A_PART.sub("", text)
    found = [place for place, (text, _) in enumerate(lines) if is_title(text)]
    ordered = any(_ORDER.search(text) for text, _ in lines[: found[0] if found else 6])
    if found:
        place = found[-1] if ordered else found[0]
        return _with_first_half(lines, place)
    plain = [text for text, _ in lines if text and len(text) <= TITLE_MAX
             and not is_history(text) and text[0] not in "（(" and not text.endswith("。")]
    return plain[0] if plain else ""


def _with_first_half(lines: Sequence[tuple[str, int]], place: int) -> str:
    """A title that was broken into two lines."""
    title, after = lines[place][0], lines[place + 1][0] if place + 1 < len(lines) else ""
    before = lines[place - 1][0] if place else ""
    if before == "中华人民共和国":
        title = before + title
    return title + after if after in _SECOND_HALVES else title


def read_dates(head: str, articles: Iterable[str]) -> Dates:
    """From the lines of the head, and from the last article that says 自…起施行."""
    promulgated, said = _head_dates(head)
    return Dates(promulgated, _from_articles(articles, promulgated) or said
                 or (promulgated if _SAME_DAY.search(head) else None))


def _head_dates(head: str) -> tuple[date | None, date | None]:
    """The last date on which the text was made, and the date from which the head says it holds."""
    found = list(_DATE.finditer(head))
    made, since = list[date](), list[date]()
    starts = [one.start() for one in found[1:]] + [len(head)]
    for one, end in zip(found, starts, strict=False):
        day, tail = _day(one), head[one.end():min(end, one.end() + 200)]
        if day is None:
            continue
        if _IN_FORCE.match(tail):
            since.append(day)
        elif _MADE.search(tail):
            made.append(day)
            if re.search(r"公布(?:施行|实施)|发布施行", tail):
                since.append(day)
    return max(made, default=None), max(since, default=None)


def made_word(history: Iterable[str], day: date | None) -> str:
    """What happened on that day as the head says it: 修订, 修正, 通过; 公布 when it does not."""
    text = " ".join(history)
    for found in _DATE.finditer(text):
        if day is not None and _day(found) == day:
            following = _DATE.search(text, found.end())
            end = following.start() if following else len(text)
            said: list[str] = _MADE.findall(text[found.end():end])
            made = [word for word in said if word not in {"修改", "制定", "批准"}]
            if made:
                return made[-1]
    return "公布"


def _from_articles(articles: Iterable[str], promulgated: date | None) -> date | None:
    """What the law says of itself; an article that names other laws' dates does not count."""
    for text in articles:
        if _SAME_DAY.search(text):
            return promulgated
        for found in _DATE.finditer(text):
            before = text[max(0, found.start() - 24):found.start()]
            after = text[found.end():found.end() + 20]
            its_own = before.endswith(("自", "从", "于")) and "》" not in _sentence(before)
            if its_own and _IN_FORCE.match(after):
                return _day(found)
    return None


def _sentence(text: str) -> str:
    """What follows the last full stop."""
    return re.split("[。；]", text)[-1]


def _day(found: re.Match[str]) -> date | None:
    parts = [part for part in found.groups() if part]
    numbers = [from_chinese(part) for part in parts]
    try:
        return date(*(number or 0 for number in numbers))
    except (TypeError, ValueError):
        return None
