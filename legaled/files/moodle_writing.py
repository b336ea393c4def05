"""Questions as Moodle XML, written as Moodle itself exports them, so that it takes them in.

What Moodle fills in itself (empty feedback, penalty) is left out: a bank of 20,000 questions is
then small enough to come back. Our fields that Moodle has no place for are tags (`法规:档案法`).
Reading the file again (`legaled.files.moodle`) gives the same questions.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from legaled.domain.banks import CHOICES, LETTERS, Kind, QuestionDraft
from legaled.files.moodle_text import escape_star, gap_answers, to_cloze, to_html

TAGS: Mapping[str, str] = MappingProxyType({
    "法规": "law", "条款": "article", "难度": "difficulty", "知识点": "topic", "来源": "source"})
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
TAIL = "</quiz>\n"
NAME_LENGTH = 40
_SPECIAL = re.compile(r"[&<>\"']")
_LINE = re.compile("[\x0b\x0c]")
IMPOSSIBLE = re.compile("[\x00-\x08\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def xml_text(text: str) -> str:
    """Text for an element, in CDATA where it needs it. What XML cannot hold becomes U+FFFD."""
    text = IMPOSSIBLE.sub("\ufffd", _LINE.sub("\n", text))
    if _SPECIAL.search(text):
        return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
    return text


def write_moodle(drafts: Iterable[QuestionDraft]) -> bytes:
    """A Moodle XML file with these questions: reading it again gives the same drafts."""
    return "".join([HEAD, *map(_question, drafts), TAIL]).encode()


def _question(draft: QuestionDraft) -> str:
    kind, stem, rest = _KINDS[draft.kind](draft)
    grade = "" if draft.points is None else f"<defaultgrade>{draft.points:f}</defaultgrade>\n"
    return "".join([
        f'<question type="{kind}">\n', f"<name>{_text(_name(draft.stem))}</name>\n",
        _field("questiontext", stem), _field("generalfeedback", to_html(draft.explanation)), grade,
        f"<idnumber>{xml_text(draft.number or draft.foreign_number)}</idnumber>\n",
        rest, _tags(draft), "</question>\n"])


def _name(stem: str) -> str:
    """Moodle lists questions by a name; the beginning of the stem serves."""
    line = " ".join(stem.split())
    return line if len(line) <= NAME_LENGTH else line[:NAME_LENGTH] + "…"


def _text(text: str) -> str:
    return f"<text>{xml_text(text)}</text>"


def _field(name: str, text: str) -> str:
    return f'<{name} format="html">{_text(text)}</{name}>\n'


def _answer(fraction: str, text: str, form: str) -> str:
    return f'<answer fraction="{fraction}" format="{form}">{_text(text)}</answer>\n'


def _tags(draft: QuestionDraft) -> str:
    tags = [f"{label}:{value}" for label, name in TAGS.items() if (value := getattr(draft, name))]
    return "".join(["<tags>\n", *(f"<tag>{_text(tag)}</tag>\n" for tag in tags), "</tags>\n"]
                   if tags else [])


# ---- what each kind has ----

Parts = tuple[str, str, str]  # Moodle's type, the question text as HTML, what follows


def _choice(draft: QuestionDraft) -> Parts:
    """Wrong options of a 多选 cost everything, or ticking all would be right in Moodle."""
    single = draft.kind is Kind.SINGLE
    right = f"{100 / len(draft.key):.5f}".rstrip("0").rstrip(".")
    answers = (
        _answer(right if letter in draft.key else "0" if single else "-100", to_html(text), "html")
        for letter, text in zip(LETTERS, draft.options, strict=False))
    return "multichoice", to_html(draft.stem), "".join([
        f"<single>{str(single).lower()}</single>\n<shuffleanswers>true</shuffleanswers>\n"
        "<answernumbering>none</answernumbering>\n", *answers])


def _judge(draft: QuestionDraft) -> Parts:
    true = draft.key == ("A",)
    return "truefalse", to_html(draft.stem), "".join(
        _answer("100" if (word == "true") is true else "0", word, "moodle_auto_format")
        for word in ("true", "false"))


def _blank(draft: QuestionDraft) -> Parts:
    if len(draft.key) > 1:
        return "cloze", to_cloze(draft.stem, draft.key), ""
    answers = (_answer("100", escape_star(one), "moodle_auto_format")
               for part in draft.key for one in gap_answers(part))
    return "shortanswer", to_html(draft.stem), "".join(["<usecase>0</usecase>\n", *answers])


def _essay(draft: QuestionDraft) -> Parts:
    return "essay", to_html(draft.stem), "".join([
        "<responseformat>editor</responseformat>\n<responserequired>1</responserequired>\n"
        "<responsefieldlines>10</responsefieldlines>\n<attachments>0</attachments>\n"
        "<attachmentsrequired>0</attachmentsrequired>\n",
        _field("graderinfo", to_html(draft.answer_text)), _field("responsetemplate", "")])


_KINDS: Mapping[Kind, Callable[[QuestionDraft], Parts]] = MappingProxyType({
    **dict.fromkeys(CHOICES, _choice), Kind.JUDGE: _judge, Kind.BLANK: _blank, Kind.ESSAY: _essay})
