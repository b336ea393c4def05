"""A question against the articles it cites: does the text say what the key says?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from legaled.domain.banks import CHOICES, Kind, QuestionDraft
from legaled.domain.content import Finding, about, key_options
from legaled.domain.content_numbers import Figure, figure_set, figures, number, numbers
from legaled.domain.content_texts import PREAMBLE, Law, Texts, cited
from legaled.domain.law_links import OWN
from legaled.domain.law_names import law_key
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.text import squeeze

_SOMEBODY = re.compile("岁的|岁[^以，。至到]*[人员生工民]$")
_GAP = re.compile(r"_{2,}")
_QUOTED = re.compile(r"[“「『]([^”」』]{2,12})[”」』]|\*\*([^*]{2,12})\*\*")
NEARER = 2  # so many other articles are nearer to the question ...
FAR = 0.5  # ... and the nearest is twice as near: the citation is doubtful
# Names that only one body bears: a key may not name one that the article does not speak of.
# A short form counts as said when its long form is; a body that the whole law never names is
# only somebody in the story.
BODIES: tuple[tuple[str, ...], ...] = (
    ("全国人民代表大会常务委员会", "全国人大常委会"), ("全国人民代表大会", "全国人大"),
    ("国务院",), ("中央军事委员会", "中央军委"), ("国家主席", "中华人民共和国主席"),
    ("国家监察委员会",), ("最高人民法院",), ("最高人民检察院",),
    ("中央国家安全领导机构",), ("中央保密工作领导机构",),
    ("国家保密行政管理部门",), ("保密行政管理部门",), ("国家档案主管部门",), ("档案主管部门",),
    ("国家安全机关",), ("公安机关",), ("监察机关",), ("司法行政部门",), ("审计机关",),
    ("电信主管部门",), ("海关",), ("县级以上地方各级人民政府",), ("民族自治地方",),
)
_KNOWN_BODIES = re.compile("|".join(sorted(
    (re.escape(name) for names in BODIES for name in names), key=len, reverse=True)))


@dataclass(frozen=True)
class _Case:
    """A question with the text it rests on."""

    draft: QuestionDraft
    law: Law
    numbers: tuple[ArticleNumber, ...]
    said: str

    @property
    def figures(self) -> frozenset[Figure]:
        return said_figures(self.said)


Found = Iterator[tuple[str, str]]


def judge(bank: str, draft: QuestionDraft, texts: Texts) -> list[Finding]:
    """What the question says that its articles do not; nothing when it names no law."""
    if not draft.law:
        return []
    law = texts.find(draft.law)
    if law is None:
        return [about(bank, draft, "law_without_text", f"“{draft.law}”：")]
    numbers, preamble = cited(draft.article), PREAMBLE in draft.article
    if not numbers and not preamble:
        return [about(bank, draft, "article_missing")]
    lost = [one.words for one in numbers if one not in law.articles]
    if lost or (preamble and not law.preamble):
        words = "、".join(lost) or PREAMBLE
        return [about(bank, draft, "article_unknown", f"{draft.law}{words}：")]
    case = _Case(draft, law, numbers, law.said(numbers, preamble=preamble))
    found = [one for rule in RULES for one in rule(case)]
    found += _explanation_articles(case, texts)
    return [about(bank, draft, code, detail) for code, detail in found]


def said_figures(said: str) -> frozenset[Figure]:
    """The figures of an article; where it speaks of 工作日, its days are these too."""
    found = figure_set(said)
    if "工作日" not in said:
        return found
    return found | {Figure(one.value, "工作日") for one in found if one.unit == "日"}


def _key_figures(case: _Case) -> Found:
    """Figures of the key; of a true statement only its limits, the rest may be a story.

    The age of somebody (十七周岁的学生) is a story too.
    """
    draft, said = case.draft, case.figures
    if draft.kind in CHOICES:
        told = said | figure_set(draft.stem)
        wrong = [one.words for text in key_options(draft) if not _SOMEBODY.search(text)
                 for one in figures(text) if one.figure not in told]
    elif draft.kind is Kind.JUDGE and draft.key == ("A",):
        wrong = [one.words for one in figures(draft.stem)
                 if one.bound and one.figure not in said]
    else:
        wrong = []
    if wrong:
        yield "figure_not_in_article", f"“{'、'.join(wrong)}”："


def _terms(case: _Case) -> Found:
    """Names of bodies and quoted words in the key."""
    draft = case.draft
    texts = key_options(draft) if draft.kind in CHOICES else ()
    known = case.said + (squeeze(draft.stem) if draft.kind in CHOICES else "")
    for text in map(squeeze, texts):
        quoted = ["".join(one) for one in _QUOTED.findall(text)]
        bodies = [one for one in _KNOWN_BODIES.findall(text)
                  if not _is_said(one, known) and _is_said(one, case.law.whole)]
        lost = [one for one in quoted if squeeze(one) not in known] + bodies
        if lost:
            yield "term_not_in_article", f"“{'、'.join(lost)}”："


def _is_said(name: str, known: str) -> bool:
    names = next(names for names in BODIES if name in names)
    return any(one in known for one in names)


def _gaps(case: _Case) -> Found:
    """For each gap at least one alternative stands in the article, figures by their value."""
    draft = case.draft
    if draft.kind is not Kind.BLANK:
        return
    behind = _GAP.split(squeeze(draft.stem))[1:]
    for place, key in enumerate(draft.key):
        after = behind[place][:3] if place < len(behind) else ""
        if not any(_fills(one, after, case) for one in key.split("|")):
            yield "gap_not_in_article", f"“{key}”："


def _fills(text: str, after: str, case: _Case) -> bool:
    plain = squeeze(text)
    value = number(plain)
    if value is None:
        told = figure_set(plain)
        return plain in case.said or (bool(told) and told <= case.figures)
    with_unit = [one.figure for one in figures(plain + after)]
    if with_unit and with_unit[0].value == value:
        return with_unit[0] in case.figures
    return value in numbers(case.said)


def _citation(case: _Case) -> Found:
    """Whether the question speaks of another article than those it cites."""
    draft = case.draft
    if not case.numbers or PREAMBLE in draft.article:
        return
    keys = key_options(draft) if draft.kind in CHOICES else draft.key
    text = f"{draft.stem}。{'。'.join(keys)}。{draft.explanation}"
    near = case.law.likeness(text)
    order = sorted(near, key=lambda one: (-near[one], one))
    mine = min(order.index(one) for one in case.numbers)
    if mine >= NEARER and near[order[mine]] <= FAR * near[order[0]]:
        yield "other_article", f"引的是{draft.article}，最像的是{order[0].words}："


def _explanation_articles(case: _Case, texts: Texts) -> Found:
    """The articles that the explanation names exist, and one of them is cited."""
    own, unknown = set(), []
    for name, article in texts.mentions(case.draft.explanation):
        law = case.law if name == OWN or law_key(name) == law_key(case.draft.law) \
            else texts.find(name)
        if law is case.law:
            own.add(article)
        if law is not None and article not in law.articles:
            unknown.append(article.words)
    if unknown:
        yield "explanation_article", f"{'、'.join(unknown)}："
    elif own and case.numbers and not own & set(case.numbers):
        yield "explanation_article", f"{'、'.join(one.words for one in sorted(own))}："


def _explanation_figures(case: _Case) -> Found:
    """Limits that the explanation names stand in the article or in the question."""
    draft = case.draft
    told = case.figures | figure_set("\n".join([draft.stem, *draft.options, *draft.key]))
    wrong = [one.words for one in figures(draft.explanation)
             if one.bound and one.figure not in told]
    if wrong:
        yield "explanation_figure", f"“{'、'.join(wrong)}”："


RULES: tuple[Callable[[_Case], Found], ...] = (
    _key_figures, _terms, _gaps, _citation, _explanation_figures)
