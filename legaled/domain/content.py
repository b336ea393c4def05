"""What the banks and guides that ship must hold, and what may be wrong with them.

docs/content.md tells the rules to people; the rules themselves are in the content_* modules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from legaled.domain.banks import LETTERS, QuestionDraft

OWN_SOURCE = "自编"
EASY, MIDDLE, HARD = "易", "中", "难"
STEM_SHOWN = 40


@dataclass(frozen=True)
class Demand:
    """What one bank must reach. `aliases` are names its guide uses for a law."""

    name: str
    questions: int
    laws: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)


_PROCEDURE = "档案行政处罚程序规定"
DEMANDS = (
    Demand("宪法", 250, ("宪法",)),
    Demand("档案法", 150, ("档案法",)),
    Demand("档案法实施条例", 120, ("档案法实施条例",)),
    Demand("档案行政处罚程序", 150, (_PROCEDURE, "行政处罚法"),
           {"令20": _PROCEDURE, "国家档案局令第20号": _PROCEDURE}),
    Demand("法治宣传教育法", 80, ("法治宣传教育法",)),
    Demand("保守国家秘密法", 80, ("保守国家秘密法",)),
    Demand("国家安全法", 60, ("国家安全法",)),
)
TOTAL = 900

# of a bank, of a guide, of the whole: no exception can be made for them
WHOLE: Mapping[str, str] = MappingProxyType({
    "bank_missing": "没有这个题库。请补上 bank.csv。",
    "guide_missing": "没有学习材料。请补上 guide.md。",
    "too_few_questions": "题数不够。请补题。",
    "too_few_in_all": "各库合计的题数不够。请补题。",
    "too_few_hard": "难题少于五分之一。请补难题，或重新评定难度。",
    "too_few_cases": "小案例少于四分之一（要求约三分之一）。请把一些背诵题改成案例。",
    "multi_share": "多选题的比例应在 25% 到 45% 之间。请增减多选题。",
    "judge_balance": "判断题里“对”应占 40% 到 60%。请把一些题改成相反的说法。",
    "key_letters": "单选题每个字母作答案应占 15% 到 35%。请调换选项的顺序。",
    "key_longest": "单选题总选最长的（一样长的随便选）能对 40% 以上。请改选项的长短。",
    "key_only_longest": "单选题只有答案最长的超过 35%，凭长短就能猜。请改选项的长短。",
    "key_only_shortest": "单选题只有答案最短的超过 35%，凭长短就能猜。请改选项的长短。",
    "multi_all_right": "多选题全对的超过 20%。请加上错误的选项。",
    "multi_right_longer": "多选题里正确选项比错误选项平均长出三成以上。请改选项的长短。",
    "guide_too_long": "学习材料一刻钟读不完。请删短。",
    "guide_part_missing": "学习材料缺少这一部分。请补上。",
    "guide_article_missing": "学习材料引了不存在的条款。请对照原文。",
    "guide_law_unknown": "学习材料引了这部法的条款，但没有它的原文可核对。请补原文，或不引条款。",
    "guide_figure": "学习材料这一行的数字不在它所引的条款里。请对照原文。",
    "exceptions_unreadable": "例外清单看不懂。请写成 CSV，三列：题干、代码、理由。",
    "exception_unknown": "例外清单里的这一行不对应任何一道题或代码。请改正或删去。",
    "exception_without_reason": "例外没有写理由。请写明为什么可以这样。",
    "exception_unused": "这个例外已经用不上了。请从清单里删去。",
    "too_many_exceptions": "例外超过题数的 2%。请改题。",
})
# of one question
OF_QUESTION: Mapping[str, str] = MappingProxyType({
    "source": f"来源不是“{OWN_SOURCE}”。",
    "difficulty": f"难度应写 {EASY}、{MIDDLE} 或 {HARD}。",
    "explanation_length": "解析应有 40 到 200 个字。",
    "explanation_names_option": "解析里用字母指选项；选项会打乱，请改用选项的文字。",
    "law_missing": "没有写法规。",
    "article_missing": "没有写条款，或看不出是哪一条。",
    "stem_too_long": "题干超过 200 个字。请删短。",
    "option_too_long": "选项超过 60 个字。请删短。",
    "catch_all_option": "选项是“以上都对”一类。请换成具体的说法。",
    "key_stands_out": "答案和别的选项长短悬殊，一眼可见。请改得相近。",
    "law_without_text": "原文文件夹里没有这部法规，无法核对。请补上原文，或改正法规名称。",
    "article_unknown": "原文里没有这一条（或没有序言）。请核对条款。",
    "figure_not_in_article": "答案里的数字不在所引的条款里。请对照原文，或补引条款。",
    "term_not_in_article": "答案里的名称不在所引的条款里。请对照原文，或补引条款。",
    "gap_not_in_article": "填空的答案不在所引的条款里。请对照原文。",
    "other_article": "题目和另一条像得多。请核对条款。",
    "explanation_article": "解析提到的条款原文里没有，或都不是所引的条款。请核对。",
    "explanation_figure": "解析里的数字不在所引的条款里，也不在题里。请对照原文。",
    "same_again": "和另一道题几乎一样。请改掉或删去一道。",
    "asks_the_same": "和另一道题问的是同一点，答案也相同。请改掉或删去一道。",
    "gives_away": "答案写在另一道题的题干里。请改其中一道。",
})


@dataclass(frozen=True)
class Finding:
    """One fault. `row` is the line of bank.csv; `reason` is why it is accepted, if it is."""

    bank: str
    row: int | None
    code: str
    message: str
    value: str = ""
    stem: str = ""
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        found: dict[str, object] = {"bank": self.bank, "row": self.row, "code": self.code,
                                    "value": self.value, "message": self.message}
        return {**found, "reason": self.reason} if self.reason else found


@dataclass(frozen=True)
class Bank:
    """The questions of one folder, as `bank check` would import them."""

    name: str
    questions: Sequence[QuestionDraft]

    @property
    def demand(self) -> Demand:
        return demand_of(self.name)


def demand_of(name: str) -> Demand:
    """What the bank of that folder must reach; of any other folder, nothing but its own law."""
    known = {one.name: one for one in DEMANDS}
    return known.get(name, Demand(name, 0, (name,)))


def whole(bank: str, code: str, detail: str = "", row: int | None = None) -> Finding:
    """A finding about a bank, its guide or its exceptions."""
    return Finding(bank, row, code, detail + WHOLE[code])


def about(bank: str, draft: QuestionDraft, code: str, detail: str = "", value: str = "") -> Finding:
    """A finding about a question."""
    return Finding(bank, draft.row, code, detail + OF_QUESTION[code],
                   value or shown(draft.stem), draft.stem)


def shown(text: str) -> str:
    return text if len(text) <= STEM_SHOWN else text[:STEM_SHOWN] + "…"


def key_options(draft: QuestionDraft) -> tuple[str, ...]:
    """The texts of the right options of a choice question, in their order."""
    return tuple(draft.options[LETTERS.index(letter)] for letter in draft.key)


def wrong_options(draft: QuestionDraft) -> tuple[str, ...]:
    return tuple(text for letter, text in zip(LETTERS, draft.options, strict=False)
                 if letter not in draft.key)


def missing(names: Iterable[str]) -> list[Finding]:
    """The banks that the year of study needs and that are not there."""
    have = set(names)
    return [whole(one.name, "bank_missing") for one in DEMANDS if one.name not in have]


def total(banks: Sequence[Bank]) -> list[Finding]:
    count = sum(len(bank.questions) for bank in banks)
    return [] if count >= TOTAL else [
        whole("合计", "too_few_in_all", f"{count} 题，应有 {TOTAL} 题：")]

