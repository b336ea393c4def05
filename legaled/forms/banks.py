"""Shapes of what the bank pages send."""

from collections.abc import Sequence

from wtforms import SearchField, SelectField
from wtforms.fields.choices import SelectChoice

from legaled.domain.banks import KIND_LABEL
from legaled.forms.base import Form

ALL = SelectChoice("", "全部")
KINDS = [ALL, *(SelectChoice(kind.value, label) for kind, label in KIND_LABEL.items())]
STATES = [SelectChoice("active", "使用中"), SelectChoice("retired", "已停用"),
          SelectChoice("all", "全部")]


class FilterForm(Form):
    """The query of a bank's page; whatever is not understood filters nothing."""

    class Meta(Form.Meta):
        csrf = False

    q = SearchField("题干里有")
    kind = SelectField("题型", choices=KINDS, validate_choice=False)
    law = SelectField("法规", validate_choice=False)
    state = SelectField("状态", choices=STATES, default="active", validate_choice=False)

    def with_laws(self, laws: Sequence[str]) -> "FilterForm":
        self.law.choices = [ALL, *(SelectChoice(law, law) for law in laws)]
        return self
