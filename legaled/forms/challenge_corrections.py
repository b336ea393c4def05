"""The form by which a question of a challenge is corrected."""

from collections.abc import Sequence
from typing import Any

from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from legaled.domain.bank_headers import FIELD_LABEL, OPTION_FIELDS
from legaled.domain.bank_record import Record
from legaled.domain.bank_rows import judge_record
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.forms.base import Form, at_most, needed

VOID, KEY = "void", "key"


class CorrectionForm(Form):
    """`key` is there after a successful `validate`: empty for a question that is void."""

    how = RadioField("怎样更正", choices=[
        SelectChoice(VOID, "作废：出示过的都按答对算"), SelectChoice(KEY, "改答案：按新答案重新判"),
    ])
    answer = StringField("改正后的答案", [at_most(500)])
    reason = TextAreaField("原因", [needed("原因"), at_most(400)])

    def __init__(self, kind: Kind, stem: str, options: Sequence[str], gaps: int) -> None:
        super().__init__()
        self._cells = {"kind": KIND_LABEL[kind], "stem": stem}
        if kind is not Kind.JUDGE:
            self._cells |= dict(zip(OPTION_FIELDS, options, strict=False))
        self._gaps = gaps
        self.key: tuple[str, ...] = ()

    def validate(self, extra_validators: Any = None) -> bool:
        """The answer is read as one in a bank file, over the options as published."""
        good: bool = super().validate(extra_validators)
        if self.how.data not in (VOID, KEY):
            self.how.errors = ["请选怎样更正"]
        if self.how.data != KEY or self.answer.errors:
            return good
        if not (self.answer.data or "").strip():
            return self._refuse("请填改正后的答案")
        cells = self._cells | {"answer": self.answer.data or ""}
        draft, errors, _ = judge_record(
            Record(0, cells), headers={name: name for name in FIELD_LABEL})
        if draft is None:
            return self._refuse(errors[0].message)
        if self._gaps and len(draft.key) != self._gaps:
            return self._refuse(f"这道题有 {self._gaps} 个空，请一空一个，用分号隔开")
        self.key = draft.key
        return good

    def _refuse(self, words: str) -> bool:
        self.answer.errors = [*self.answer.errors, words]
        return False
