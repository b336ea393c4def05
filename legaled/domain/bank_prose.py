"""Question banks written as running text: text files, Markdown, Word.

Three steps: every line is named by its own look (`bank_prose_lines`), lines become questions and
lists of answers (`bank_prose_build`, `bank_prose_lists`), a question becomes a record
(`bank_prose_finish`). A text without questions gives none; nothing here judges answers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from legaled.domain.bank_problems import Problem, problem
from legaled.domain.bank_prose_build import build
from legaled.domain.bank_prose_finish import finish
from legaled.domain.bank_prose_keys import answer_head
from legaled.domain.bank_prose_lines import is_too_much, read_lines
from legaled.domain.bank_prose_parts import Question, Section, leftovers, match_lists
from legaled.domain.bank_record import Record


@dataclass(frozen=True)
class Prose:
    """What a text holds: its questions, each one's text as found by its row, and what is wrong
    with its answer lists."""

    records: Sequence[Record]
    blocks: Mapping[int, str]
    problems: Sequence[Problem]


def read_prose(lines: Iterable[tuple[int, str]]) -> Prose:
    """The questions of numbered lines; linear, and never raises whatever comes in."""
    named = read_lines(lines)
    if is_too_much(named):
        return Prose((), {}, [problem("too_many_rows")])
    sections, lists = build(named)
    del named  # a large file weighs most as its lines
    match_lists(sections, lists)
    records, blocks = list[Record](), dict[int, str]()
    for question, record in _kept(sections):
        records.append(record)
        text = "\n".join(question.raw).rstrip()
        blocks[question.row] = "\n".join(filter(None, (blocks.get(question.row), text)))
    if records:
        return Prose(records, blocks, leftovers(lists))
    return Prose((), {}, [_only_answers(lists[0].entries[0].row)] if lists else ())


def _only_answers(row: int) -> Problem:
    return replace(problem("no_rows", row), message=(
        "文件里只有答案，没有题目。请把题目和答案放在同一个文件里，答案可以集中写在最后。"))


def _kept(sections: Sequence[Section]) -> Iterator[tuple[Question, Record]]:
    """Numbered lines are questions where one of their run shows that it is one; a paragraph
    without a number must show it itself, or stand under a heading among its like.

    Takes the sections apart as it goes.
    """
    for section in sections:
        done = [(one, *finish(one)) for one in section.questions]
        section.questions.clear()
        shown = any(shows for _, _, shows in done)
        done = _without_kind(done) if _is_bare(section, [one for _, one, _ in done]) else done
        numbered = any(one.mark.number is not None for one, _, _ in done)
        for question, record, shows in done:
            in_run = numbered == (question.mark.number is not None)
            if shows or (in_run and record.cells.get("stem") and (
                    section.headed or (shown and numbered))):
                yield question, record


def _is_bare(section: Section, records: Sequence[Record]) -> bool:
    """Whether choice questions stand there with the text of the right option and nothing else."""
    answers = [one.cells.get("answer", "") for one in records]
    return (section.kind in ("单选", "多选", "选择") and any(answers)
            and not any("option_a" in one.cells for one in records)
            and not any(answer_head(answer)[0] for answer in answers))


def _without_kind(
    done: Sequence[tuple[Question, Record, bool]]
) -> list[tuple[Question, Record, bool]]:
    """What such a question is, its gap and its answer tell."""
    return [(question, Record(record.row, {**record.cells, "kind": ""}), shows)
            for question, record, shows in done]
