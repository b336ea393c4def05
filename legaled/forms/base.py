"""What every form shares: Chinese sentences for the checks that WTForms makes itself."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms.meta import DefaultMeta
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        locales = ("zh",)

        def get_translations(self, form: Any) -> Any:
            """The sentences of WTForms in Chinese; Flask-WTF would ask Flask-Babel for them."""
            return DefaultMeta.get_translations(self, form)


def needed(words: str) -> Any:
    return DataRequired(f"请填写{words}")


def needed_number(words: str) -> Any:
    return InputRequired(f"请填写{words}")


def at_most(length: int) -> Any:
    return Length(max=length, message=f"最多 {length} 个字")


def between(low: int, high: int) -> Any:
    return NumberRange(low, high, f"应在 {low} 到 {high} 之间")
