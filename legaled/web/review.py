"""A review in words, and as the protocol's JSON."""

from datetime import datetime
from typing import Any

from legaled.domain.banks import Kind
from legaled.domain.exams import Show
from legaled.services.papers import Review, ReviewedSlot
from legaled.web.pages import isotime, moment
from legaled.web.paper import kind_words


def as_json(seen: Review | None) -> dict[str, Any]:
    """What may be seen now; a running attempt shows nothing but that it runs."""
    if seen is None:
        return {"closed": False}
    body: dict[str, Any] = {
        "attempt": seen.attempt_id,
        "exam": seen.exam_code,
        "closed": True,
        "closed_at": isotime(seen.submitted or seen.deadline),
        "submitted": seen.submitted is not None,
    }
    if seen.score is not None:
        body |= {"score": seen.score, "total": seen.total, "pass_line": seen.pass_line,
                 "passed": seen.passed}
    if seen.slots is not None:
        body["slots"] = [
            {
                "slot": slot.number,
                "answer": list(slot.chosen),
                "right": list(slot.right),
                "earned": slot.earned,
                "points": slot.points,
                "explanation": slot.explanation,
                "law": slot.law,
                "article": slot.article,
            }
            for slot in seen.slots
        ]
    return body


def as_page(seen: Review, now: datetime) -> dict[str, Any]:
    """The finished values of attempts/review.html."""
    return {
        "title": seen.title,
        "closed_words": _closed_words(seen),
        "score": seen.score,
        "total": seen.total,
        "pass_line": seen.pass_line,
        "passed": seen.passed,
        "excellent": seen.score is not None and seen.score >= seen.excellent_line,
        "number_words": f"第 {seen.number} 次作答",
        "counts_words": counts_words(seen.attempts, seen.best_counts),
        "can_retry": not seen.exam_closed and seen.number < seen.attempts,
        "exam_id": seen.exam_id,
        "attempt_id": seen.attempt_id,
        "wrong": sum(slot.earned < slot.points for slot in seen.slots or ()),
        "later_words": _later_words(seen),
        "questions": [_question(slot) for slot in seen.slots or ()],
    }


def counts_words(attempts: int, best: bool) -> str:
    if attempts == 1:
        return "只能考 1 次。"
    return f"可考 {attempts} 次，{'取最高分' if best else '取第 1 次的分数'}；一次性通过看第 1 次。"


def _closed_words(seen: Review) -> str:
    if seen.cancelled:
        return "这场考试已经取消，作答不计入任何统计。"
    if seen.voided:
        return "这次作答经批准作废，不计入任何统计。"
    if seen.submitted is None:
        return f"时间到，系统已在 {moment(seen.deadline)} 自动收卷。"
    return f"{moment(seen.submitted)} 交卷。"


def _later_words(seen: Review) -> str:
    if seen.cancelled or seen.voided or seen.slots is not None:
        return ""
    if seen.exam_closed or seen.after_close is Show.NOTHING:
        return "这场考试不公布每题的答案。" if seen.score is not None else "成绩由办公室统一公布。"
    what = "每题的正确答案和解析" if seen.after_close is Show.ALL else "成绩"
    return f"考试全部结束后（{moment(seen.closes)}）可以在这里看到{what}。"


def _question(slot: ReviewedSlot) -> dict[str, Any]:
    blank = slot.kind is Kind.BLANK
    return {
        "number": slot.number,
        "kind_words": kind_words(slot.kind, slot.points),
        "stem": slot.stem,
        "options": [
            {"letter": letter, "text": text, "chosen": letter in slot.chosen,
             "right": letter in slot.right}
            for letter, text in slot.options
        ],
        "given": "；".join(slot.chosen) if blank else "、".join(slot.chosen),
        "right_words": "；".join(gap.replace("|", " 或 ") for gap in slot.right)
        if blank
        else "、".join(slot.right),
        "earned": slot.earned,
        "points": slot.points,
        "explanation": slot.explanation,
        "law": slot.law,
        "article": slot.article,
    }
