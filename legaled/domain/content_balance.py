"""What a bank must be as a whole: enough of each sort, and no pattern that gives keys away."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from legaled.domain.banks import KIND_LABEL, Kind, QuestionDraft
from legaled.domain.content import (
    HARD,
    Bank,
    Finding,
    key_options,
    whole,
    wrong_options,
)

LETTERS = "ABCD"
ENOUGH = 12  # a share of fewer questions says nothing
_CASE = re.compile(
    "[某甲乙丙丁戊]|一[家名位所座]|[本我]馆|馆里|有人|同志|同事|这份|这批|库房|库区|展板|查档"
    "|[小老][王李张赵陈周刘吴孙郑林何高马]|[区县市镇乡]档案[馆局室]|(?:^|。)档案[馆室局]|公司"
    "|[你她他](?!人|们|事|国|类|项|方)")
RIGHT_LONGER = 130  # per cent


@dataclass(frozen=True)
class Facts:
    """The figures of one bank; lengths are (sum of characters, number of options).

    `longest` is how many singles somebody hits who always takes the longest option, and draws
    lots among equals.
    """

    kinds: Mapping[Kind, int]
    difficulties: Mapping[str, int]
    questions: int
    cases: int
    judge_true: int
    letters: Mapping[str, int]
    longest: Fraction
    only_longest: int
    only_shortest: int
    all_right: int
    right_length: tuple[int, int]
    wrong_length: tuple[int, int]

    def as_json(self) -> dict[str, object]:
        return {
            "questions": self.questions,
            "kinds": {kind.value: self.kinds.get(kind, 0) for kind in Kind},
            "difficulties": dict(self.difficulties), "cases": self.cases,
            "judge_true": self.judge_true, "letters": dict(self.letters),
            "key_longest": round(float(self.longest), 1),
            "key_only_longest": self.only_longest,
            "key_only_shortest": self.only_shortest, "multi_all_right": self.all_right,
        }


def facts(questions: Sequence[QuestionDraft]) -> Facts:
    """The figures that the table shows and the rules judge."""
    singles = [one for one in questions if one.kind is Kind.SINGLE]
    multis = [one for one in questions if one.kind is Kind.MULTI]
    sizes = [(len(key_options(one)[0]), [len(text) for text in wrong_options(one)])
             for one in singles]
    letters = Counter(one.key[0] for one in singles)
    return Facts(
        Counter(one.kind for one in questions), Counter(one.difficulty for one in questions),
        len(questions), sum(is_case(one) for one in questions),
        sum(one.key == ("A",) for one in questions if one.kind is Kind.JUDGE),
        {letter: letters[letter] for letter in LETTERS},
        sum((Fraction(1, 1 + others.count(key)) for key, others in sizes if key >= max(others)),
            Fraction()),
        sum(key > max(others) for key, others in sizes),
        sum(key < min(others) for key, others in sizes),
        sum(len(one.key) == len(one.options) for one in multis),
        _lengths([text for one in multis for text in key_options(one)]),
        _lengths([text for one in multis for text in wrong_options(one)]))


def is_case(draft: QuestionDraft) -> bool:
    """Whether the question tells of somebody: an estimate by words."""
    return _CASE.search(draft.stem) is not None


def judge(bank: Bank) -> list[Finding]:
    """What is wrong with the bank as a whole."""
    found = facts(bank.questions)
    wanted = bank.demand.questions
    faults = [] if found.questions >= wanted else [
        whole(bank.name, "too_few_questions", f"{found.questions} 题，应有 {wanted} 题：")]
    return faults + [
        whole(bank.name, code,
              f"{words}{float(part):.4g} / {of}（{float(part * 100 / of):.0f}%）：")
        for code, words, part, of, low, high in _shares(found)
        if of >= ENOUGH and not low * of <= part * 100 <= high * of
    ] + _longer(bank.name, found)


def _shares(found: Facts) -> Iterator[tuple[str, str, int | Fraction, int, int, int]]:
    """(code, words, part, whole, least and most in per cent)."""
    singles, multis = found.kinds.get(Kind.SINGLE, 0), found.kinds.get(Kind.MULTI, 0)
    judges = found.kinds.get(Kind.JUDGE, 0)
    yield "too_few_hard", "", found.difficulties.get(HARD, 0), found.questions, 20, 100
    yield "too_few_cases", "约 ", found.cases, found.questions, 25, 100
    yield "multi_share", "", multis, found.questions, 25, 45
    yield "judge_balance", "", found.judge_true, judges, 40, 60
    for letter, count in found.letters.items():
        yield "key_letters", f"{letter} ", count, singles, 15, 35
    yield "key_longest", "", found.longest, singles, 0, 40
    yield "key_only_longest", "", found.only_longest, singles, 0, 35
    yield "key_only_shortest", "", found.only_shortest, singles, 0, 35
    yield "multi_all_right", "", found.all_right, multis, 0, 20


def _longer(name: str, found: Facts) -> list[Finding]:
    """Right options of multiple choice that are longer than the wrong ones on the average."""
    (right, rights), (wrong, wrongs) = found.right_length, found.wrong_length
    if wrongs < ENOUGH or 100 * right * wrongs <= RIGHT_LONGER * wrong * rights:
        return []
    return [whole(name, "multi_right_longer",
                  f"平均 {right / rights:.1f} 字，错误的 {wrong / wrongs:.1f} 字：")]


def _lengths(texts: Sequence[str]) -> tuple[int, int]:
    return sum(map(len, texts)), len(texts)


def kinds_line(found: Facts) -> tuple[str, ...]:
    """The number of each kind that banks ship, in the order of KIND_LABEL."""
    return tuple(str(found.kinds.get(kind, 0)) for kind in KIND_LABEL if kind is not Kind.ESSAY)
