"""Shapes of what the import desk's pages send."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PureWindowsPath
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, StringField
from wtforms.validators import ValidationError

from legaled.domain.bank_headers import FIELD_LABEL, FIELDS
from legaled.domain.banks import SUFFIXES
from legaled.domain.text import clean
from legaled.forms.base import Form, at_most, needed

NAME_MAX = 100
_CHOICE = re.compile(r"c[0-9]{1,9}")


class UploadForm(Form):
    file = FileField("题库文件", [FileRequired("请选择一个题库文件")],
                     render_kw={"accept": ",".join(f".{suffix}" for suffix in SUFFIXES)})
    bank = StringField("写入哪个题库", [needed("题库名"), at_most(NAME_MAX)],
                       render_kw={"list": "bank-names", "autocomplete": "off"})
    valid_only = BooleanField("有错的行不写入，其余的写入")
    accept_trailing = BooleanField("答案后面有多余文字时，只取前面的答案")
    practice = BooleanField("职工可以用这个题库练习")

    def validate_bank(self, field: Any) -> None:
        if any(char in "\n\r\0" for char in clean(field.data)):
            raise ValidationError("题库名不能换行")

    def filename(self) -> str:
        """The name without any folder, short enough for a list; its end is what counts."""
        name = PureWindowsPath(self.file.data.filename or "").name
        return "".join(char for char in name if char.isprintable())[-120:]

    def content(self) -> bytes:
        """The bytes, once; the server's temporary file is gone afterwards."""
        data: bytes = self.file.data.read()
        self.file.data.close()
        return data

    def options(self) -> dict[str, Any]:
        """What the person asked for, as the import desk keeps it."""
        return {
            "bank": clean(self.bank.data), "valid_only": self.valid_only.data,
            "accept_trailing": self.accept_trailing.data, "practice": self.practice.data,
        }


class ImportForm(Form):
    valid_only = BooleanField("有错的行不写入")


class EmptyForm(Form):
    """A button: nothing to fill in, the token only."""


COLUMN_CHOICES = (("", "不导入"), *((name, FIELD_LABEL[name]) for name in FIELDS))


def read_columns(
    sent: Mapping[str, str], headers: Sequence[str]
) -> tuple[dict[str, str], str | None]:
    """The field chosen for each header (`m0`, `m1` …), and what is wrong with the choice."""
    mapping = {header: sent.get(f"m{place}", "") for place, header in enumerate(headers) if header}
    chosen = [name for name in mapping.values() if name]
    if not set(chosen) <= set(FIELDS):
        return mapping, "有一列选的内容不认识，请重新选择"
    twice = next((name for name in chosen if chosen.count(name) > 1), None)
    if twice:
        return mapping, f"有两列都选了「{FIELD_LABEL[twice]}」，请只留一列"
    missing = [FIELD_LABEL[name] for name in ("stem", "answer") if name not in chosen]
    return mapping, f"请指明哪一列是{'、哪一列是'.join(missing)}" if missing else None


def read_choices(sent: Mapping[str, str]) -> tuple[list[int], list[int]]:
    """The rows whose conflict is decided for the file (`c57` is `file`), and for what is there."""
    rows = [(int(name[1:]), value) for name, value in sent.items() if _CHOICE.fullmatch(name)]
    return [row for row, value in rows if value == "file"], [
        row for row, value in rows if value != "file"]


def read_every(sent: Mapping[str, str]) -> bool | None:
    """One answer for all conflicts: True for the file; None when it was not asked for."""
    return {"file": True, "bank": False}.get(sent.get("every", ""))
