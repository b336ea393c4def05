"""Shapes of what the pages of the law library send."""

from pathlib import PureWindowsPath
from typing import Any

from wtforms import BooleanField, DateField, MultipleFileField, SearchField, StringField
from wtforms.validators import Optional, ValidationError

from legaled.forms.base import Form, at_most, needed

FILES_MAX = 30
NAME_MAX = 100


class LawUploadForm(Form):
    files = MultipleFileField("法规原文", render_kw={"accept": ".md,.txt,.docx"})

    def validate_files(self, field: Any) -> None:
        chosen = self._chosen()
        if not chosen:
            raise ValidationError("请选择法规原文")
        if len(chosen) > FILES_MAX:
            raise ValidationError(f"一次最多 {FILES_MAX} 个文件")

    def contents(self) -> list[tuple[str, bytes]]:
        """(name, bytes) of each file, once; the server's temporary files are gone afterwards."""
        found = []
        for one in self._chosen():
            found.append((_name(one.filename), one.read()))
            one.close()
        return found

    def _chosen(self) -> list[Any]:
        return [one for one in self.files.data or [] if getattr(one, "filename", "")]


class LawConfirmForm(Form):
    effective = DateField("施行日期", [Optional()])
    checked = BooleanField("上面的问题已对照官方文本看过，仍要收入")


class AliasForm(Form):
    name = StringField("其他名称", [needed("名称"), at_most(NAME_MAX)],
                       render_kw={"autocomplete": "off"})


class LawSearchForm(Form):
    """The query of the search page; whatever is not understood finds nothing."""

    class Meta(Form.Meta):
        csrf = False

    q = SearchField("在法规里查找")


def _name(filename: str) -> str:
    """Without any folder, short, and with nothing that cannot be printed."""
    name = PureWindowsPath(filename or "").name
    return "".join(char for char in name if char.isprintable())[-120:] or "法规"
