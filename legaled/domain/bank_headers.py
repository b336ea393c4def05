"""The columns of a question bank: our fields, their names, and what other files call them."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from legaled.domain.banks import LETTERS
from legaled.domain.text import squeeze

OPTION_FIELDS = tuple(f"option_{letter.lower()}" for letter in LETTERS)
MORE_OPTIONS = "option_more"  # not a column of ours: whatever stands in a ninth option and beyond
FIELD_LABEL: Mapping[str, str] = MappingProxyType({
    "number": "题号", "kind": "题型", "stem": "题干",
    **{f"option_{letter.lower()}": f"选项{letter}" for letter in LETTERS},
    "answer": "答案", "explanation": "解析", "difficulty": "难度", "points": "分值",
    "topic": "知识点", "law": "法规", "article": "条款", "source": "来源",
})
FIELDS = tuple(FIELD_LABEL)
MAX_LENGTH: Mapping[str, int] = MappingProxyType({
    **dict.fromkeys(OPTION_FIELDS, 500), "stem": 2_000, "answer": 4_000, "explanation": 4_000,
    "number": 100, "difficulty": 20, "points": 20, "topic": 200, "law": 200, "article": 200,
    "source": 500,
})
HEADER_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "number": ("题号", "原题号", "编号", "序号", "id", "number"),
    "kind": ("题型", "类型", "题目类型", "试题类型", "type", "kind"),
    "stem": ("题干", "题目", "问题", "试题内容", "题目内容", "试题", "content", "question",
             "input", "stem"),
    **{f"option_{letter.lower()}": (
        f"选项{letter}", letter, f"{letter}选项", f"选项{numeral}", f"选项{place}",
        f"option{letter}", f"option_{letter}") for place, (letter, numeral)
       in enumerate(zip(LETTERS, "一二三四五六七八", strict=True), start=1)},
    "answer": ("答案", "正确答案", "正确选项", "标准答案", "参考答案", "answer", "output"),
    "explanation": ("解析", "试题解析", "答案解析", "提示", "explanation", "analysis"),
    "difficulty": ("难度", "难度系数", "difficulty"),
    "points": ("分值", "分数", "points", "score"),
    "topic": ("知识点", "章节", "标签", "topic"),
    "law": ("法规", "法规名称", "法律", "law"),
    "article": ("条款", "条款号", "法条", "article"),
    "source": ("来源", "出处", "依据", "source"),
})
# Squeezed header in lower case -> (field, how far down its list: 0 is our own word).
_HEADERS = {squeeze(word).lower(): (name, rank) for name, words in HEADER_SYNONYMS.items()
            for rank, word in enumerate(words)}
_BRACKETED = re.compile(r"\(.*\)$|^\*+|\*+$")
_EXTRA_OPTION = re.compile(r"^(?:选项([i-z]|九|十.?|9|1\d)|[i-z]选项|option_?[i-z]|[i-l])$")


def _header_word(header: str) -> str:
    return _BRACKETED.sub("", squeeze(header).lower())


def is_extra_option(header: str) -> bool:
    """Whether the column is a ninth option or beyond, for which we have no field."""
    return _EXTRA_OPTION.match(_header_word(header)) is not None


def map_headers(headers: Sequence[str]) -> dict[str, str]:
    """Header as found -> field. A field has one column: our own word wins, then the first."""
    best: dict[str, tuple[int, int]] = {}
    for place, header in enumerate(headers):
        found = _HEADERS.get(_header_word(header))
        if found is not None:
            best[found[0]] = min(best.get(found[0], (99, 0)), (found[1] > 0, place))
    places = {place: name for name, (_, place) in best.items()}
    return {headers[place]: places[place] for place in sorted(places)}
