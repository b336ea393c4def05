"""The forms of the challenge desk. Every rule is a field; what does not fit stands beside it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from wtforms import (
    DateTimeLocalField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.challenge_drafts import ChallengeDraft, draft_problems
from legaled.domain.challenges import (
    ACROSS_LABEL,
    END_LABEL,
    LAST_TIE_LABEL,
    RANGES,
    TIE_LABEL,
    Across,
    End,
    LastTie,
    Rules,
    Stage,
    Tie,
)
from legaled.domain.exams import MOST_QUESTIONS, PAPER_ORDER
from legaled.domain.people import CATEGORY_LABEL, Category
from legaled.domain.times import BEIJING
from legaled.forms.base import Form, at_most, between, needed
from legaled.forms.exams import (
    FIRST_YEAR,
    LAST_YEAR,
    Checkboxes,
    beijing_time,
    choices_of,
    in_our_time,
    instant,
    typed,
    whole,
)

NUMBERS = tuple(RANGES)
_AT = r"(\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2})"
_STAGE = re.compile(rf"(.*?)\s*{_AT}\s*(?:至|到|-|~)\s*{_AT}")
STAGE_WORDS = "有一行不是阶段。一行写一个，例如：第一周 2026-11-20 08:00 至 2026-11-27 08:00"


def _number(name: str) -> IntegerField:
    least, most, label = RANGES[name]
    return IntegerField(label, [InputRequired(f"请填写{label}"), between(least, most)])


def _count(kind: Kind) -> IntegerField:
    return IntegerField(f"{KIND_LABEL[kind]}题数", [Optional(), between(0, MOST_QUESTIONS)])


class ChallengeForm(Form):
    """`quota_error` is what is wrong with the numbers by kind as a whole."""

    title = StringField("名称", [needed("名称"), at_most(100)])
    year = whole("年度", FIRST_YEAR, LAST_YEAR)
    starts = beijing_time("开始时间")
    ends = beijing_time("结束时间")
    frozen_from = DateTimeLocalField(
        "封榜时间", [Optional(), in_our_time], format=["%Y-%m-%dT%H:%M"]
    )
    stages = TextAreaField("阶段", [at_most(2000)])
    banks = Checkboxes("题库", coerce=int)
    end = RadioField("一轮怎么结束", choices=choices_of(END_LABEL))
    across = RadioField("个人成绩", choices=choices_of(ACROSS_LABEL))
    tie = RadioField("得分相同", choices=choices_of(TIE_LABEL))
    last_tie = RadioField("还相同", choices=choices_of(LAST_TIE_LABEL))
    single_count, multi_count = _count(Kind.SINGLE), _count(Kind.MULTI)
    judge_count, blank_count = _count(Kind.JUDGE), _count(Kind.BLANK)
    questions = _number("questions")
    lives, spares, seconds = _number("lives"), _number("spares"), _number("seconds")
    grace, minutes = _number("grace"), _number("minutes")
    runs_a_day, counted_a_day = _number("runs_a_day"), _number("counted_a_day")
    runs_in_all, points = _number("runs_in_all"), _number("points")
    combo, combo_every = _number("combo"), _number("combo_every")
    last_points, levels, gate = _number("last_points"), _number("levels"), _number("gate")
    min_members, fast_millis = _number("min_members"), _number("fast_millis")

    def __init__(self, banks: Iterable[tuple[int, str]], **initial: Any) -> None:
        super().__init__(**initial)
        self.banks.choices = [SelectChoice(bank, name) for bank, name in banks]
        self.quota_error = ""

    def quota_fields(self) -> Iterator[tuple[Kind, Field]]:
        for kind in PAPER_ORDER:
            yield kind, self[f"{kind.value}_count"]

    def validate_stages(self, field: Field) -> None:
        try:
            _stages(field.data)
        except ValueError as error:
            raise ValidationError(STAGE_WORDS) from error

    def validate(self, extra_validators: Any = None) -> bool:
        """Field by field first; only then what fits together."""
        if not super().validate(extra_validators):
            return False
        problems = draft_problems(self.draft(""))
        for problem in problems:
            if problem.field == "quotas":
                self.quota_error = problem.words
            else:
                field = self[problem.field]
                field.errors = [*field.errors, problem.words]
        return not problems

    def rules(self) -> Rules:
        return Rules(
            **{name: self[name].data for name in NUMBERS},
            quotas={kind: field.data for kind, field in self.quota_fields() if field.data},
            end=End(self.end.data), across=Across(self.across.data), tie=Tie(self.tie.data),
            last_tie=LastTie(self.last_tie.data), stages=_stages(self.stages.data),
        )

    def draft(self, preset: str) -> ChallengeDraft:
        return ChallengeDraft(
            self.title.data.strip(), self.year.data, preset, self.rules(), instant(self.starts),
            instant(self.ends), instant(self.frozen_from) if self.frozen_from.data else None,
            tuple(self.banks.data),
        )


class PublishForm(Form):
    """Who may play: everybody of these categories in the subtree of a unit."""

    categories = Checkboxes("人员类别", choices=choices_of(CATEGORY_LABEL))
    unit = SelectField("单位", validate_choice=True)

    def __init__(self, units: Iterable[tuple[str, str]], **initial: Any) -> None:
        super().__init__(**initial)
        self.unit.choices = [SelectChoice("", "全部单位"), *(
            SelectChoice(code, name) for code, name in units
        )]

    def validate_categories(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("至少选一类人员")

    def chosen(self) -> list[Category]:
        return [Category(value) for value in self.categories.data]


class ExtendForm(Form):
    ends = beijing_time("新的结束时间")
    reason = TextAreaField("原因", [needed("原因"), at_most(400)])


class FreezeForm(Form):
    at = DateTimeLocalField("封榜时间", [Optional(), in_our_time], format=["%Y-%m-%dT%H:%M"])


def rule_fields(rules: Rules) -> dict[str, Any]:
    """The fields of a form filled in with rules."""
    return {
        **{name: getattr(rules, name) for name in NUMBERS},
        **{f"{kind.value}_count": count for kind, count in rules.quotas.items()},
        "end": rules.end.value, "across": rules.across.value, "tie": rules.tie.value,
        "last_tie": rules.last_tie.value, "stages": "\n".join(map(_stage_line, rules.stages)),
    }


def draft_fields(
    title: str, year: int, starts: datetime, ends: datetime, frozen_from: datetime | None
) -> Mapping[str, Any]:
    return {
        "title": title, "year": year, "starts": typed(starts), "ends": typed(ends),
        "frozen_from": typed(frozen_from) if frozen_from else None,
    }


def _stage_line(one: Stage) -> str:
    return f"{one.title} {typed(one.starts):%Y-%m-%d %H:%M} 至 {typed(one.ends):%Y-%m-%d %H:%M}"


def _stages(text: str | None) -> tuple[Stage, ...]:
    """Raises ValueError."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return tuple(map(_stage, lines))


def _stage(line: str) -> Stage:
    match = _STAGE.fullmatch(line)
    if match is None:
        raise ValueError(line)
    starts, ends = (
        datetime.strptime(at.replace("T", " "), "%Y-%m-%d %H:%M")
        .replace(tzinfo=BEIJING).astimezone(UTC)
        for at in match.groups()[1:]
    )
    if not (FIRST_YEAR <= starts.year <= LAST_YEAR and FIRST_YEAR <= ends.year <= LAST_YEAR):
        raise ValueError(line)
    return Stage(match[1].strip()[:40], starts, ends)
