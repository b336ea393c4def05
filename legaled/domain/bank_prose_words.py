"""The words by which question banks written as running text are put in order."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from legaled.domain.bank_prose_keys import bare_letters, key_items
from legaled.domain.banks import Kind

GAP = re.compile(r"_{2,}|[（(][ \t\xa0\u3000]{0,40}[)）]")
_KINDS: Mapping[str, str] = MappingProxyType({
    "单选": "单选题 单项选择题 单项选择 单选择题 单选 单项",
    "多选": "不定项选择题 不定项选择 不定项 多选题 多项选择题 多项选择 多选择题 多选 多项",
    "判断": "判断题 判断正误题 判断正误 判断对错题 判断对错 判断改错题 判断 是非题 正误题 对错题",
    "填空": "填空题 填空",
    "简答": "简答题 简答 问答题 问答 论述题 论述 名词解释题 名词解释 案例分析题 案例分析 案例题 "
            "材料分析题 材料分析 材料题 分析题 辨析题 计算题 综合分析题 综合题 主观题 "
            "实务题 应用题 写作题",
    "选择": "选择题",
    "": "客观题",
})
KIND_OF: Mapping[str, str] = MappingProxyType(
    {word: kind for kind, words in _KINDS.items() for word in words.split()})
KIND_VALUE: Mapping[str, Kind] = MappingProxyType({
    "单选": Kind.SINGLE, "多选": Kind.MULTI, "判断": Kind.JUDGE, "填空": Kind.BLANK,
    "简答": Kind.ESSAY})
CLOSED = ("单选", "多选", "选择", "判断")  # an answer of theirs is one line
OPEN = ("填空", "简答")


def _longest_first(words: str) -> str:
    return "|".join(sorted(words.split(), key=len, reverse=True))


_KIND = _longest_first(" ".join(KIND_OF))
LABELS: Mapping[str, str] = MappingProxyType({
    "answer": "正确答案 参考答案 标准答案 试题答案 题目答案 本题答案 正确选项 答案要点 参考要点 "
              "答题要点 查看答案 点击查看答案 显示答案 答案 答 answer Answer ANSWER",
    "solution": "解答 解",
    "mine": "我的答案 你的答案 您的答案 学生答案 考生答案 用户答案 提交答案 我的作答 我的选择 作答 "
            "得分 本题得分 我的得分 答题状态 作答结果 答题结果 正确率 是否正确 批语",
    "explanation": "答案解析 试题解析 题目解析 参考解析 详细解析 名师解析 专家解析 解析 解题思路 "
                   "分析 点评 提示 评分标准 评分要点 explanation Explanation",
    "difficulty": "难度系数 难易程度 难易度 试题难度 题目难度 难度等级 难度",
    "topic": "所属知识点 知识点 考查点 考察点 考核点 考点 所属章节 章节 标签 知识模块",
    "law": "法规名称 所属法规 法律法规 法规 法律名称",
    "article": "条款号 条款 法条",
    "source": "法律依据 政策依据 法规依据 题目来源 试题来源 来源 出处 依据",
    "points": "本题分值 题目分值 试题分值 分值 分数",
    "number": "题号 试题编号 题目编号 原题号 编号",
    "kind": "题目类型 试题类型 题型 类型",
    "stem": "试题内容 题目内容 题目 题干 试题",
    "ask": "问题 问",
    "options": "选项内容 备选答案 备选项 候选项 选项",
})
FIELD_OF: Mapping[str, str] = MappingProxyType(
    {word: name for name, words in LABELS.items() for word in words.split()})
_LABEL = _longest_first(" ".join(LABELS.values()))
# `【答案】B`, `[答案] B`; `答案：B`, `（答案：B）`, `答案是：B`
LABEL_AT = re.compile(
    rf"(?:[【\[〔]\s{{0,9}}({_LABEL})\s{{0,9}}[】\]〕]\s{{0,9}}[:：]?"
    rf"|[【\[〔（(]?\s{{0,9}}({_LABEL})\s{{0,9}}[】\]〕）)]?\s{{0,9}}[是为]?\s{{0,9}}[:：])")
_SURE = _longest_first("正确答案 我的答案 参考答案 标准答案 答案解析 试题解析 答案 解析 得分 难度 "
                       "知识点 考点 难易程度")
_ANY = _longest_first(" ".join(LABELS[name] for name in (
    "answer", "mine", "solution", "explanation", "difficulty", "topic", "law", "article", "source",
    "points")))
# the same in the middle of a line: some words at any place, others only behind a mark
LABEL_INSIDE = re.compile(
    rf"[【\[〔]\s{{0,9}}(?:{_ANY})\s{{0,9}}[】\]〕]|[【\[〔（(]?(?:{_SURE})[】\]〕）)]?[:：]"
    rf"|(?<=[\s;；。，,）)】\]])(?:{_ANY})[:：]")
BARE_ANSWER = re.compile(
    r"(?:正确|参考|标准)?答案\s{0,9}[是为选]?\s{0,9}"
    r"((?:[A-Ha-hＡ-Ｈ][\s、,，]{0,3}){1,8}|对|错|正确|错误|[√×✓✗✔✘])\s{0,9}[。.]?$")

_CN = "一二三四五六七八九十百"
_ORDINAL = (rf"(?:第\s?[{_CN}\d]{{1,4}}\s?(?:部分|大题|题型|单元|类|篇)"
            rf"|[（(]?([{_CN}]{{1,3}})[）)]?|[（(]?(\d{{1,2}})[）)]?|[IVXⅠ-Ⅻ]{{1,4}})")
_HEAD = re.compile(
    rf"(?:{_ORDINAL}\s{{0,9}}[、.．:：,，]?\s{{0,9}})?[【\[〔（(<《]?\s{{0,3}}({_KIND})"
    r"(?:部分)?(?:参考)?(答案)?(?:\s{0,3}[】\]）)〕>》])?(.{0,300})$")
_NAMED_HEAD = re.compile(
    rf"(?:{_ORDINAL}\s{{0,9}}[、.．]?\s{{0,9}})?[^\s，。？?：:；;、（(]{{1,20}}?({_KIND})(?<=题)"
    r"()(\s{0,3}(?:[（(].{0,200}[）)])?[:：]?)$")
_BRACKETS = (r"(?:[（(【\[](?:[^（(【\[）)】\]]|[（(【\[][^（(【\[）)】\]]{0,100}[）)】\]]){0,250}"
             r"[）)】\]]\s{0,3}){1,4}")
_REMARK = re.compile(rf"\s{{0,9}}[:：]?\s{{0,9}}{_BRACKETS}[。.:：]?$|\s{{0,9}}[:：。]?$")
# a heading goes on with what to do and what it is worth
_COUNTED = re.compile(
    r"每\s?小?[题空道]|各小?题|共\s?\d{1,3}\s?[道个]?小?[题分]|\d\s?[道个]?小?题|\d\s?分|小题")
_TOLD = re.compile(
    r"本大?题|满分|不得分|(?:正确|备选|几个)答案|正确(?:的)?选项|选项中|横线|括号|正误|对错"
    r"|[打画填写涂选]\s?[“\"‘']?[√×✓✗ABTF对错]|判断(?:下列|以下|下面)|(?:下列|以下|下面).{1,9}判断")
_ASKING = re.compile(r"[？?]|(?:是|有|为|包括|属于)\s{0,3}[:：]?$")
_IN_GAP = re.compile(r"[（(]\s{0,40}[)）]\s?[内里中上]")
_OPENED = re.compile(rf"[^【\[〔（(<《]{{0,12}}(?:[（(].{{1,3}}[）)][^【\[〔（(<《]{{0,5}})?"
                     rf"[【\[〔（(<《]\s{{0,3}}(?:{_KIND})([^【\[〔（(<《】\]）)〕>》]{{0,200}})"
                     r"[】\]）)〕>》](.{0,300})$")
_WORTH = re.compile(r"[,，;；、/\s]{0,3}(?:本题)?\s?\d{1,3}(?:\.\d{1,2})?\s?分\s{0,3}$")
_PER_QUESTION = re.compile(r"每\s?小?[题空]\s?(\d{1,3}(?:\.\d)?)\s?分")
KIND_MARK = re.compile(
    rf"[【\[（(〔<《]\s{{0,3}}({_KIND})\s{{0,3}}(?:[,，;；、/\s]{{0,3}}(?:每题|本题|共)?\s?"
    r"(\d{1,3}(?:\.\d{1,2})?)\s{0,3}分)?\s{0,3}[】\]）)〕>》]\s{0,9}[、.．:：]?"
    rf"|({_KIND})(?<=题)[:：]")
KIND_BEHIND = re.compile(rf"[（(【\[]\s{{0,3}}({_KIND})\s{{0,3}}[）)】\]]\s{{0,9}}[。.:：*]?$")
POINTS_MARK = re.compile(
    r"[（(【\[]\s{0,3}(?:本题|共|满分)?\s?(\d{1,3}(?:\.\d{1,2})?)\s?分\s{0,3}[）)】\]]")
CHAPTER = re.compile(
    rf"第\s?[{_CN}零〇\d]{{1,5}}\s?(?:章|单元|节|讲|编|篇|模块|专题|课)(?:[\s:：、.].{{0,40}}|"
    r"[^，。？?！!；;]{0,30})$")
KEY_HEAD = re.compile(
    r"[【\[（(《]?(?:附[件录]?\s{0,3}\d{0,2}\s{0,3}[:：]?\s{0,3})?[^，。；？?:：]{0,30}?"
    r"(?:答案|答案[及与和]?(?:详细)?(?:解析|部分|汇总|一览表?|表|要点|速查|分析|评分标准|评分参考))\s{0,3}"
    r"[】\]）)》]?\s{0,3}[:：]?[-—─=~·*]{0,20}$")
TITLE = re.compile(r"[^，。？?！!；;：:]{0,60}(?:题库|试题|试卷|练习题?|测试题?|竞赛题?|考试题?|"
                   r"题目|复习题|题集|测验|考试)(?:[（(].{0,30}[）)])?$")
_CN_DIGITS = {char: place for place, char in enumerate("零一二三四五六七八九十")}


def ordinal(text: str | None) -> int | None:
    """`二` -> 2, `十二` -> 12, `3` -> 3; None for nothing."""
    if not text:
        return None
    if text.isdecimal():
        return int(text)
    tens, _, ones = text.rpartition("十")
    if "十" not in text:
        return _CN_DIGITS.get(text)
    return (_CN_DIGITS.get(tens, 1) if tens else 1) * 10 + (_CN_DIGITS.get(ones, 0) if ones else 0)


_HINT = re.compile("题|选|判断|填空|论述|简答|问答|不定项|名词解释|分析|单项|多项")


class Heading:
    """`二、多选题（每题2分）`: the kind, what each question is worth, and what stands behind."""

    __slots__ = ("behind", "kind", "ordinal", "points")

    def __init__(self, kind: str, place: int | None, points: str, behind: str) -> None:
        self.kind, self.ordinal, self.points, self.behind = kind, place, points, behind


def kind_heading(text: str) -> Heading | None:
    """The heading of a section, if the whole line is one; `behind` is what may be a list."""
    if len(text) > 400 or not _HINT.search(text, 0, 60):
        return None
    found = _HEAD.match(text)
    if found is None or _is_tag(text) or not (
            _is_remark(found[5]) or found[4] or _starts_list(found[5])):
        found = _NAMED_HEAD.match(text)
    if found is None:
        return None
    points = _PER_QUESTION.search(found[5])
    return Heading(KIND_OF[found[3]], ordinal(found[1] or found[2]), points[1] if points else "",
                   found[5])


def _is_tag(text: str) -> bool:
    """`1. (判断题, 5分)题干`: a bracket that closes before the stem is the question's own."""
    found = _OPENED.match(text)
    if found is None:
        return False
    behind = found[2].lstrip(":：.、　 ")
    if not behind:
        return text[0].isdecimal() and _WORTH.match(found[1]) is not None
    return not (_REMARK.match(behind) or _starts_list(behind) or (
        _COUNTED.search(behind, 0, 12) and _is_told(behind)))


def _is_remark(rest: str) -> bool:
    if GAP.search(_IN_GAP.sub("括号", rest)):
        return False
    return _REMARK.match(rest) is not None or (
        rest[:1] in tuple(" ,，:：。）)】]—-　本共每请") and _is_told(rest))


def _is_told(rest: str) -> bool:
    """Whether it says how many questions come, what each is worth, or how to answer them."""
    return not _ASKING.search(rest) and bool(_COUNTED.search(rest) or _TOLD.search(rest))


def _starts_list(rest: str) -> bool:
    """`一、单选题 1.B 2.C`, `一、单选题：1-5 ABCDA`, `二、判断题：√×√`."""
    behind = rest.lstrip(":：　 ")
    return bool(key_items(behind) or bare_letters(behind))
