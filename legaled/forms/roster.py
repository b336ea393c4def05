"""The forms of the roster desk."""

from datetime import date
from typing import Any

from wtforms import DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from legaled.domain.rates import ABSENCE_LABEL, EXEMPTION_LABEL, Exemption
from legaled.forms.base import Form, at_most, between, needed, needed_number
from legaled.forms.exams import choices_of


class ChangeForm(Form):
    reason = TextAreaField("原因", [needed("原因"), at_most(400)])


class ExemptForm(Form):
    category = SelectField("免考类别", choices=choices_of(EXEMPTION_LABEL))
    approver = StringField("批准人", [needed("批准人"), at_most(60)])
    approved_on = DateField("批准日期", [needed("批准日期")])
    reason = TextAreaField("说明", [at_most(400)])

    def __init__(self, today: date, *sent: Any, **more: Any) -> None:
        super().__init__(*sent, approved_on=today, **more)
        self.today = today

    def validate_approved_on(self, field: DateField) -> None:
        if field.data > self.today:
            raise ValidationError("批准日期不能晚于今天")

    def validate_reason(self, field: TextAreaField) -> None:
        if self.category.data == Exemption.OTHER.value and not (field.data or "").strip():
            raise ValidationError("类别选「其他」时，请写明原因")


class AbsenceForm(Form):
    absence = RadioField(
        "缺考原因", choices=choices_of(ABSENCE_LABEL), validators=[needed("缺考原因")]
    )
    note = TextAreaField("说明", [at_most(400)])


class ExtendForm(Form):
    minutes = IntegerField("延长（分钟）", [needed_number("分钟数"), between(1, 600)])
