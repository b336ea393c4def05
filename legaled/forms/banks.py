"""Shapes of what the bank pages send."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SearchField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from legaled.domain.bank_headers import FIELD_LABEL, OPTION_FIELDS
from legaled.domain.bank_problems import Problem
from legaled.domain.bank_record import Record
from legaled.domain.bank_rows import judge_record
from legaled.domain.banks import KIND_LABEL, LETTERS, Kind, QuestionDraft
from legaled.forms.base import Form, at_most, needed

ALL = SelectChoice("", "全部")
KINDS = [ALL, *(SelectChoice(kind.value, label) for kind, label in KIND_LABEL.items())]
STATES = [SelectChoice("active", "使用中"), SelectChoice("waiting", "待审"),
          SelectChoice("retired", "已停用"), SelectChoice("all", "全部")]
SORTS = [SelectChoice("", "题号"), SelectChoice("new", "最近改过的在前"),
         SelectChoice("hard", "考得最差的在前")]
# what a row of a file is told, in words for a form
WORDS: Mapping[str, str] = MappingProxyType({
    "missing_stem": "请填写题干",
    "missing_answer": "请填写答案",
    "too_few_options": "选择题至少要有两个选项，请补上",
    "field_too_long": "字数太多，请删短",
    "points_not_understood": "分值不是数字。请写成 2 或 1.5，或者留空",
})
# said of a file's cell, of no interest where somebody types
NO_MATTER = frozenset({"stem_edge_space"})


class FilterForm(Form):
    """The query of a bank's page; whatever is not understood filters nothing."""

    class Meta(Form.Meta):
        csrf = False

    q = SearchField("题干、选项、解析或题号")
    kind = SelectField("题型", choices=KINDS, validate_choice=False)
    law = SelectField("法规", validate_choice=False)
    article = StringField("条款")
    difficulty = SelectField("难度", validate_choice=False)
    topic = StringField("知识点")
    state = SelectField("状态", choices=STATES, default="active", validate_choice=False)
    sort = SelectField("排序", choices=SORTS, validate_choice=False)

    def with_choices(self, laws: Sequence[str], difficulties: Sequence[str]) -> "FilterForm":
        for field, found in ((self.law, laws), (self.difficulty, difficulties)):
            asked = [field.data] if field.data and field.data not in found else []
            field.choices = [ALL, *(SelectChoice(one, one) for one in (*found, *asked))]
        return self

    def search(self) -> dict[str, str]:
        """What was asked for, by the names that the service knows."""
        return {
            "query": self.q.data or "", "kind": self.kind.data or "", "law": self.law.data or "",
            "article": self.article.data or "", "difficulty": self.difficulty.data or "",
            "topic": self.topic.data or "", "state": self.state.data or "active",
            "sort": self.sort.data or "",
        }

    @property
    def is_filtered(self) -> bool:
        return any(value for name, value in self.search().items()
                   if name not in ("state", "sort")) or self.state.data not in (None, "active")


class SettingsForm(Form):
    name = StringField("题库名", [needed("题库名"), at_most(100)])
    practice = BooleanField("开放练习：职工可以用这个题库练习，能看到答案")
    review = BooleanField("改过和导入的题要另一位培训员审过才能进考试")


class EmptyForm(Form):
    """Only the token that says the page is ours."""


class ReturnForm(Form):
    version = HiddenField()
    note = TextAreaField("退回的原因", [needed("退回的原因"), at_most(400)])


def _text(label: str, rows: int) -> TextAreaField:
    return TextAreaField(label, render_kw={"rows": rows})


class QuestionForm(Form):
    """A question as it is typed, judged as a row of a file is.

    `draft` and `warnings` are there after a successful `validate`.
    """

    base = IntegerField(validators=[InputRequired()], default=0)
    kind = SelectField(
        "题型", choices=[SelectChoice(kind.value, label) for kind, label in KIND_LABEL.items()])
    stem = _text("题干", 4)
    option_a, option_b = _text("选项A", 1), _text("选项B", 1)
    option_c, option_d = _text("选项C", 1), _text("选项D", 1)
    option_e, option_f = _text("选项E", 1), _text("选项F", 1)
    option_g, option_h = _text("选项G", 1), _text("选项H", 1)
    answer = _text("答案", 2)
    explanation = _text("解析", 4)
    difficulty = StringField("难度")
    points = StringField("分值")
    topic = StringField("知识点")
    law = StringField("法规")
    article = StringField("条款")
    source = StringField("来源")

    def __init__(
        self, articles: Callable[[str], int | None] | None = None, **initial: Any
    ) -> None:
        super().__init__(**initial)
        self._articles = articles
        self.draft: QuestionDraft | None = None
        self.warnings: list[str] = []
        for option in self.options():
            option.render_kw = {"rows": min(1 + len(option.data or "") // 20, 4)}

    def options(self) -> Iterator[Any]:
        return (self[name] for name in OPTION_FIELDS)

    def validate(self, extra_validators: Any = None) -> bool:
        """The form's own checks first; then the question as a whole."""
        if not super().validate(extra_validators):
            return False
        cells = {name: self[name].data or "" for name in FIELD_LABEL if name in self}
        cells["kind"] = KIND_LABEL[Kind(self.kind.data)]
        draft, errors, warnings = judge_record(
            Record(0, cells), articles=self._articles,
            headers={name: name for name in FIELD_LABEL})
        lost = [one for one in warnings if one.code in WORDS]  # a file would drop what was typed
        for one in (*errors, *lost):
            self._refuse(one)
        self.warnings = [self._said(one) for one in warnings
                         if one not in lost and one.code not in NO_MATTER]
        self.draft = draft
        return not errors and not lost

    def _refuse(self, one: Problem) -> None:
        field = self[one.column] if one.column and one.column in self else self.stem
        field.errors = [*field.errors, WORDS.get(one.code, one.message)]

    @staticmethod
    def _said(one: Problem) -> str:
        label = FIELD_LABEL.get(one.column or "", "")
        return f"{label}：{one.message}" if label else one.message


def question_fields(draft: QuestionDraft, version: int) -> dict[str, Any]:
    """The fields of a stored question, filled in; reading them again gives the same question."""
    judge = draft.kind is Kind.JUDGE
    answer = "；".join(draft.key) if draft.kind is Kind.BLANK else "".join(draft.key)
    if judge and draft.key:
        answer = draft.options[LETTERS.index(draft.key[0])]
    options = () if judge else draft.options
    return {
        "base": version, "kind": draft.kind.value, "stem": draft.stem,
        **dict(zip(OPTION_FIELDS, options, strict=False)),
        "answer": draft.answer_text or answer, "explanation": draft.explanation,
        "difficulty": draft.difficulty,
        "points": "" if draft.points is None else format(draft.points, "f"),
        "topic": draft.topic, "law": draft.law, "article": draft.article, "source": draft.source,
    }


def picked_ids(ticked: Sequence[str]) -> list[int]:
    """The questions that were ticked in a list; what is no number names none."""
    return [int(one) for one in ticked if one.isdecimal() and len(one) < 11]


def picked_versions(ticked: Sequence[str]) -> list[tuple[int, int]]:
    """As `picked_ids`, of questions with the version that was looked at: `12-3`."""
    pairs = [picked_ids(one.split("-")) for one in ticked]
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]
