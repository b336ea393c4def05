"""The forms of the exam desk. Times are typed and shown in Beijing time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.exams import (
    COUNTS_LABEL,
    MOST_ATTEMPTS,
    MOST_MINUTES,
    MOST_POINTS,
    MOST_QUESTIONS,
    MOST_STUDY_MINUTES,
    PAPER_ORDER,
    SHOW_LABEL,
    Counts,
    ExamDraft,
    Show,
    draft_problems,
    plain_network,
)
from legaled.domain.times import BEIJING
from legaled.forms.base import Form, at_most, between, needed, needed_number

FIRST_YEAR, LAST_YEAR = 2000, 2100
WORDS: Mapping[str, str] = {
    "closes_before_opens": "结束时间要晚于开始时间，请改一改",
    "window_short": "考试时间段比作答时长还短，请把结束时间往后放，或缩短时长",
    "window_over": "这个时间段已经过去，请换一个以后的时间",
    "make_up_overlaps": "补考要在前面的场次全部结束之后开始，请往后放",
    "no_quota": "至少选一种题型，填上题数和每题分值",
    "line_over_total": "应大于 0，且不超过卷面总分 {total} 分",
    "lines_in_order": "优秀线不能低于及格线",
    "bad_network": "有一行不是网络地址。一行写一个，例如 192.168.1.0/24 或 10.0.0.8",
}


def choices_of(labels: Mapping[Any, str]) -> list[SelectChoice]:
    """The members of an enum by value, with their words."""
    return [SelectChoice(member.value, label) for member, label in labels.items()]


def whole(words: str, low: int, high: int, **more: Any) -> IntegerField:
    return IntegerField(words, [needed_number(words), between(low, high)], **more)


def in_our_time(_form: Form, field: Field) -> None:
    """Far from the ends of the calendar, where other clocks and later deadlines do not exist."""
    if not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")


def beijing_time(words: str) -> DateTimeLocalField:
    return DateTimeLocalField(words, [needed(words), in_our_time], format=["%Y-%m-%dT%H:%M"])


def instant(field: Field) -> datetime:
    """What was typed, as the instant it means."""
    typed: datetime = field.data
    return typed.replace(tzinfo=BEIJING).astimezone(UTC)


def typed(at: datetime) -> datetime:
    """An instant as it is typed: the clock on the wall in Beijing."""
    return at.astimezone(BEIJING).replace(tzinfo=None)


class Checkboxes(SelectMultipleField):  # type: ignore[misc]  # WTForms carries no types
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ReasonForm(Form):
    reason = TextAreaField("原因", [needed("原因"), at_most(400)])


class MakeUpForm(Form):
    opens = beijing_time("补考开始")
    closes = beijing_time("补考结束")

    def refuse(self, code: str) -> None:
        """Put the sentence of a code beside its field."""
        field = self.opens if code == "make_up_overlaps" else self.closes
        field.errors = [WORDS[code]]


@dataclass(frozen=True)
class QuotaRow:
    """One line of the small table: how many of a kind, worth how much."""

    kind: Kind
    label: str
    count: Field
    points: Field

    @property
    def errors(self) -> list[str]:
        return [*self.count.errors, *self.points.errors]


def _count(kind: Kind) -> IntegerField:
    return IntegerField(f"{KIND_LABEL[kind]}题数", [Optional(), between(0, MOST_QUESTIONS)])


def _points(kind: Kind) -> IntegerField:
    return IntegerField(f"{KIND_LABEL[kind]}每题分值", [Optional(), between(1, MOST_POINTS)])


class ExamForm(Form):
    """`quota_error` is what is wrong with the small table as a whole."""

    code = StringField("考试编号", [
        needed("考试编号"), at_most(40),
        Regexp(r"\s*[\w.-]+\s*$", message="只用字母、数字、汉字、点、横线和下划线，中间不留空格"),
    ])
    title = StringField("考试名称", [needed("考试名称"), at_most(100)])
    year = whole("考试年度", FIRST_YEAR, LAST_YEAR)
    opens = beijing_time("开始时间")
    closes = beijing_time("结束时间")
    minutes = whole("作答时长（分钟）", 1, MOST_MINUTES)
    attempts = whole("作答次数", 1, MOST_ATTEMPTS)
    counts = RadioField("成绩", choices=choices_of(COUNTS_LABEL))
    single_count, single_points = _count(Kind.SINGLE), _points(Kind.SINGLE)
    multi_count, multi_points = _count(Kind.MULTI), _points(Kind.MULTI)
    judge_count, judge_points = _count(Kind.JUDGE), _points(Kind.JUDGE)
    blank_count, blank_points = _count(Kind.BLANK), _points(Kind.BLANK)
    pass_line = whole("及格线（分）", 0, 10**6)
    excellent_line = whole("优秀线（分）", 0, 10**6)
    banks = Checkboxes("题库", coerce=int)
    practice_share = IntegerField("可练习的题最多占（%）", [Optional(), between(0, 100)])
    laws = Checkboxes("考前必学")
    required_minutes = IntegerField("考前学习时间（分钟）", [
        Optional(), between(0, MOST_STUDY_MINUTES)])
    required_plan = SelectField("考前完成的学习计划", coerce=int, default=0)
    password = StringField("考场口令", [at_most(64)])
    clear_password = BooleanField("取消已设的口令")
    networks = TextAreaField("限定网络", [at_most(2000)])
    after_submit = RadioField("交卷后", choices=choices_of(SHOW_LABEL))
    after_close = RadioField("考试结束后", choices=choices_of(SHOW_LABEL))

    def __init__(
        self, banks: Iterable[tuple[int, str]], laws: Iterable[str],
        plans: Iterable[tuple[int, str]] = (), **initial: Any
    ) -> None:
        super().__init__(**initial)
        self.banks.choices = [SelectChoice(bank, name) for bank, name in banks]
        self.laws.choices = [SelectChoice(law, law) for law in laws]
        self.required_plan.choices = [
            SelectChoice(0, "不要求"), *(SelectChoice(plan, title) for plan, title in plans)]
        self.quota_error = ""

    def quota_rows(self) -> Iterator[QuotaRow]:
        for kind in PAPER_ORDER:
            count, points = self[f"{kind.value}_count"], self[f"{kind.value}_points"]
            yield QuotaRow(kind, KIND_LABEL[kind], count, points)

    def validate_networks(self, field: Field) -> None:
        for line in _lines(field.data):
            try:
                plain_network(line)
            except ValueError as error:
                raise ValidationError(WORDS["bad_network"]) from error

    def validate(self, extra_validators: Any = None) -> bool:
        """Field by field first; only then is the whole looked at."""
        if not super().validate(extra_validators):
            return False
        lone = [row for row in self.quota_rows() if bool(row.count.data) != bool(row.points.data)]
        for row in lone:
            row.count.errors = [f"{row.label}：题数和每题分值要一起填，不用就都留空"]
        draft = self.draft(keep_password=True)
        problems = [] if lone else draft_problems(draft)
        for name, code in problems:
            self.refuse(name, code, total=draft.total_points)
        return not lone and not problems

    def refuse(self, name: str, code: str, **facts: object) -> None:
        """Put the sentence of a code beside its field."""
        sentence = WORDS[code].format(**facts)
        if name == "quotas":
            self.quota_error = sentence
        else:
            self[name].errors = [*self[name].errors, sentence]

    def _share(self) -> int:
        """Nothing typed is no limit."""
        typed_share: int | None = self.practice_share.data
        return 100 if typed_share is None else typed_share

    def draft(self, keep_password: bool) -> ExamDraft:
        """What was typed; an empty password field of an exam that has one changes nothing."""
        password = (self.password.data or "").strip()
        keep = keep_password and not password and not self.clear_password.data
        return ExamDraft(
            code=self.code.data.strip(), title=self.title.data.strip(), year=self.year.data,
            opens=instant(self.opens), closes=instant(self.closes), minutes=self.minutes.data,
            pass_line=self.pass_line.data, excellent_line=self.excellent_line.data,
            quotas={
                row.kind: (row.count.data, row.points.data or 0)
                for row in self.quota_rows() if row.count.data
            },
            bank_ids=tuple(self.banks.data), attempts=self.attempts.data,
            counts=Counts(self.counts.data), password=None if keep else password,
            networks=tuple(plain_network(line) for line in _lines(self.networks.data)),
            required_laws=tuple(self.laws.data), practice_share=self._share(),
            required_minutes=self.required_minutes.data or 0,
            required_plan_id=self.required_plan.data or None,
            after_submit=Show(self.after_submit.data),
            after_close=Show(self.after_close.data),
        )


def new_exam(today: date) -> dict[str, Any]:
    """What a new exam's form starts with."""
    return {
        "year": today.year, "minutes": 60, "attempts": 1, "counts": Counts.BEST.value,
        "pass_line": 60, "excellent_line": 90, "practice_share": 100,
        "after_submit": Show.SCORE.value, "after_close": Show.ALL.value,
    }


def quota_fields(quotas: Iterable[tuple[Kind, int, int]]) -> dict[str, int]:
    """The fields of the small table, filled in."""
    filled: dict[str, int] = {}
    for kind, count, points in quotas:
        filled |= {f"{kind.value}_count": count, f"{kind.value}_points": points}
    return filled


def _lines(text: str | None) -> Sequence[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
