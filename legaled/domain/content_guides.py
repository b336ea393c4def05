"""A study guide against the laws it is about."""

import re
from collections.abc import Iterable, Iterator, Sequence

from legaled.domain.content import Demand, Finding, whole
from legaled.domain.content_articles import said_figures
from legaled.domain.content_numbers import figures
from legaled.domain.content_texts import Law, Texts
from legaled.domain.law_lines import Level
from legaled.domain.law_links import OWN
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.text import squeeze

MINUTES = 15
CASES = 3
NUMBERS, CHANGES, PLACES = "要记住的数字", "变化|修正", "场景|案例"
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_CASE = re.compile(r"^\s*(?:[-*]\s+)?(?:\*\*|#{3,6}\s|\d+[.、]|(?:场景|案例)\S)")


def judge(demand: Demand, text: str, minutes: int, texts: Texts | None) -> list[Finding]:
    """What is wrong with the guide; its articles only when there are texts."""
    found = list(_parts(demand.name, text))
    if minutes > MINUTES:
        found.append(whole(demand.name, "guide_too_long", f"约 {minutes} 分钟："))
    if texts is not None:
        found += _against(demand, text, texts)
    return found


def _parts(name: str, text: str) -> Iterator[Finding]:
    sections = dict(_sections(text))
    for words, pattern in (("数字表", NUMBERS), ("变化", CHANGES), ("场景", PLACES)):
        if not any(re.search(pattern, heading) for heading in sections):
            yield whole(name, "guide_part_missing", f"{words}：")
    if not any("| --- |" in body or "|---|" in body.replace(" ", "")
               for heading, body in sections.items() if re.search(NUMBERS, heading)):
        yield whole(name, "guide_part_missing", f"“{NUMBERS}”的表：")
    cases = sum(bool(_CASE.match(line)) for heading, body in sections.items()
                if re.search(PLACES, heading) for line in body.split("\n"))
    if cases < CASES:
        yield whole(name, "guide_part_missing", f"{CASES} 个场景，现有 {cases} 个：")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """(heading, what follows) for each `##`."""
    for part in re.split(r"(?m)^##(?!#)\s*", text)[1:]:
        heading, _, body = part.partition("\n")
        yield heading.strip(), body


def _against(demand: Demand, text: str, texts: Texts) -> Iterator[Finding]:
    own = [law for name in demand.laws if (law := texts.find(name))]
    if not own:
        yield whole(demand.name, "guide_law_unknown", f"“{'、'.join(demand.laws)}”：")
        return
    yield from _chapters(demand.name, text, own)
    heading = ""
    for number, line in enumerate(_named(demand, text).split("\n"), start=1):
        found = _HEADING.match(line)
        heading = found[2] if found and len(found[1]) == 2 else heading
        known, wrong = _line(demand.name, number, line, own, texts)
        yield from wrong
        tells = not re.search(f"{CHANGES}|{PLACES}", heading)
        if known and tells:
            dates = "" if heading else " ".join(law.history for law in own)
            yield from _figures(demand.name, number, line, known, dates)


def _named(demand: Demand, text: str) -> str:
    """The text with the law's own name for each short one."""
    for short, name in demand.aliases.items():
        text = re.sub(rf"{short}(?=第[零〇一二三四五六七八九十百\d]+条)", f"《{name}》", text)
    return text


def _line(
    name: str, number: int, line: str, own: Sequence[Law], texts: Texts
) -> tuple[list[tuple[Law, ArticleNumber]], list[Finding]]:
    """The articles that a line names, and those that there are not.

    An article without a name of a law may be of any law of the guide.
    """
    known: list[tuple[Law, ArticleNumber]] = []
    wrong: list[Finding] = []
    for written, article in texts.mentions(line):
        law = texts.find(written) if written != OWN else None
        laws = own if written == OWN else [law] if law else []
        having = [(one, article) for one in laws if article in one.articles]
        known += having
        if not laws:
            wrong.append(whole(name, "guide_law_unknown", f"第 {number} 行《{written}》：", number))
        elif not having:
            wrong.append(whole(name, "guide_article_missing",
                               f"第 {number} 行{written and f'《{written}》'}{article.words}：",
                               number))
    return known, wrong


def _figures(
    name: str, number: int, line: str, known: Iterable[tuple[Law, ArticleNumber]], dates: str
) -> Iterator[Finding]:
    """Figures of a line that its articles do not name; before the first chapter only dates.

    What stands behind the last citation of a sentence rests on none.
    """
    told = said_figures("\n".join([dates, *(law.articles[one] for law, one in known)]))
    rests = line if line.lstrip().startswith("|") else line[:line.rfind("条")]
    wrong = [one.words for one in figures(rests) if one.figure not in told
             and (not dates or one.figure.unit in "年月日")]
    if wrong:
        yield whole(name, "guide_figure", f"第 {number} 行“{'、'.join(wrong)}”：", number)


def _chapters(name: str, text: str, own: Sequence[Law]) -> Iterator[Finding]:
    """A guide to one law has a heading for each chapter."""
    if len(own) != 1:
        return
    headings = {squeeze(heading) for heading, _ in _sections(text)}
    for one in own[0].text.headings:
        if one.level is Level.CHAPTER and not any(
                squeeze(one.title) in heading for heading in headings):
            yield whole(name, "guide_part_missing", f"“{one.title}”一章：")
