"""The columns of a question bank: our fields, their names, and what other files call them."""

import re
from collections import Counter
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
_OPTION_WORDS = ("选项{x}", "{x}", "{x}选项", "选项{han}", "选项{n}", "option{x}", "option_{x}",
                 "答案{x}", "{x}项", "备选{x}", "备选项{x}", "备选答案{x}", "选项内容{x}",
                 "选项{x}内容", "选择{x}", "option{n}", "option_{n}", "choice{x}", "choice{n}",
                 "item{n}")
HEADER_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "number": ("题号", "原题号", "编号", "序号", "试题编号", "题目编号", "试题序号", "题目序号",
               "id", "number", "no"),
    "kind": ("题型", "类型", "题目类型", "试题类型", "试题题型", "题目题型", "题类", "题型名称",
             "题目类别", "试题类别", "type", "kind", "questiontype"),
    "stem": ("题干", "题目", "问题", "试题内容", "题目内容", "试题", "试题题干", "试题题目",
             "题目题干", "题干内容", "题目描述", "试题描述", "问题描述", "问题内容",
             "试题名称", "题目名称", "试题标题", "题目标题", "考题", "题面", "标题", "内容",
             "content", "question", "input", "stem", "title"),
    **{f"option_{letter.lower()}": tuple(
        word.format(x=letter, n=place, han=numeral) for word in _OPTION_WORDS)
       + (("选项", "备选项", "备选答案", "候选项", "选项内容", "全部选项", "options", "choices")
          if letter == "A" else ()) for place, (letter, numeral)
       in enumerate(zip(LETTERS, "一二三四五六七八", strict=True), start=1)},
    "answer": ("答案", "正确答案", "正确选项", "标准答案", "参考答案", "试题答案", "题目答案",
               "答案内容", "答案选项", "正确答案选项", "标答", "answer", "output", "correct",
               "correctanswer", "correct_answer", "rightanswer"),
    "explanation": ("解析", "试题解析", "答案解析", "题目解析", "解析说明", "答案说明", "详解",
                    "答案详解", "试题详解", "解答", "解释", "提示", "explanation", "analysis"),
    "difficulty": ("难度", "难度系数", "难易度", "难易程度", "难度等级", "试题难度", "题目难度",
                   "difficulty", "level"),
    "points": ("分值", "分数", "试题分值", "题目分值", "每题分值", "points", "score"),
    "topic": ("知识点", "章节", "标签", "考点", "所属章节", "所属知识点", "章节名称", "知识点名称",
              "分类", "试题分类", "题目分类", "所属分类", "类别", "topic", "category", "chapter",
              "tag", "tags"),
    "law": ("法规", "法规名称", "法律", "所属法规", "所属法律", "相关法规", "法律法规", "法律名称",
            "法律法规名称", "law"),
    "article": ("条款", "条款号", "法条", "条文", "条号", "所属条款", "相关条款", "法律条款",
                "法规条款", "对应条款", "article"),
    "source": ("来源", "出处", "依据", "法律依据", "试题来源", "题目来源", "答案依据", "命题依据",
               "出题依据", "source", "reference"),
})
# Words that mean other things in other files: a trainer should look at the guess.
_DOUBTFUL = frozenset((
    "标题", "内容", "content", "input", "title", "output", "答案选项", "答案内容", "依据", "提示",
    "解答", "标签", "分类", "类别", "类型", "level", "correct", "选项", "备选项", "备选答案",
    "候选项", "选项内容", "全部选项", "options", "choices"))
# Squeezed header in lower case -> (field, how far down its list: 0 is our own word).
_HEADERS = {squeeze(word).lower(): (name, rank) for name, words in HEADER_SYNONYMS.items()
            for rank, word in enumerate(words)}
_MARKS = "*#:.、_`"
_NOTE = re.compile(r"(?<=[^(\[【<{])[(\[【<{][^()\[\]【】]{0,60}[)\]】>}]$")
_EXTRA_OPTION = re.compile(r"^(?:选项([i-z]|九|十.?|9|1\d)|[i-z]选项|option_?[i-z]|[i-l])$")


def _header_word(header: str) -> str:
    """`选 项A*（必填）` -> `选项a`, `(A)` and `A.` -> `a`."""
    word = squeeze(header[:200]).lower().strip(_MARKS)
    word = _NOTE.sub("", word).strip(_MARKS)
    return word[1:-1] if word[:1] in "([【" and word[-1:] in ")]】" else word


def is_extra_option(header: str) -> bool:
    """Whether the column is a ninth option or beyond, for which we have no field."""
    return _EXTRA_OPTION.match(_header_word(header)) is not None


def map_headers(headers: Sequence[str]) -> dict[str, str]:
    """Header as found -> field. A field has one column: our own word wins, then the first."""
    return {headers[place]: name for place, name in _places(headers).items()}


def doubtful_headers(headers: Sequence[str]) -> tuple[str, ...]:
    """Those mapped headers whose meaning is a guess: a word of two meanings, or one of rivals."""
    words = [_header_word(header) for header in headers]
    count = Counter(_HEADERS[word][0] for word in words if word in _HEADERS)
    return tuple(headers[place] for place, name in _places(headers).items()
                 if words[place] in _DOUBTFUL
                 or (count[name] > 1 and _HEADERS[words[place]][1] > 0))


def _places(headers: Sequence[str]) -> dict[int, str]:
    best: dict[str, tuple[int, int]] = {}
    for place, header in enumerate(headers):
        found = _HEADERS.get(_header_word(header))
        if found is not None:
            best[found[0]] = min(best.get(found[0], (99, 0)), (found[1] > 0, place))
    places = {place: name for name, (_, place) in best.items()}
    spare = [place for place, header in enumerate(headers) if _header_word(header) == "答案选项"]
    if spare and "option_a" not in best and spare[0] not in places:
        places[spare[0]] = "option_a"  # the answer has a column of its own
    return dict(sorted(places.items()))
