"""Shapes of what the pages of practice send."""

from wtforms import BooleanField, SearchField, SelectField
from wtforms.validators import Optional

from legaled.forms.base import Form, at_most


class MistakeSearchForm(Form):
    """All of it stands in the address; what it does not know finds everything."""

    q = SearchField("题干或条款", [Optional(), at_most(100)])
    bank = SelectField("法规", validate_choice=False)
    due = BooleanField("只看今天该复习的")
