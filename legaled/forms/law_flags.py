"""The shape of 仍然正确: which places were looked at, and an optional note."""

from collections.abc import Iterable

from wtforms import StringField

from legaled.forms.base import Form, at_most

NOTE_MAX = 500
LARGEST = 2**31 - 1


class SettleForm(Form):
    note = StringField("备注（可不填）", [at_most(NOTE_MAX)], render_kw={"autocomplete": "off"})


def picked_flags(sent: Iterable[str]) -> list[int]:
    """The numbers among what was sent; anything else is left out."""
    return [int(one) for one in sent
            if one.isascii() and one.isdecimal() and len(one) < 11 and int(one) <= LARGEST]
