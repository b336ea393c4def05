"""The forms of study plans: the plan, its items, and amendments after publication."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import PureWindowsPath
from typing import Any

from flask_wtf.file import FileField
from wtforms import (
    DateField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from legaled.domain.law_numbers import read_article
from legaled.domain.plans import (
    AUDIENCE_LABEL,
    FIRST_YEAR,
    LAST_YEAR,
    MOST_MINUTES,
    Audience,
    ItemDraft,
    ItemKind,
    PlanDraft,
    url_ok,
)
from legaled.domain.rates import EXEMPTION_LABEL, Exemption
from legaled.forms.base import Form, at_most, between, needed, needed_number
from legaled.forms.exams import Checkboxes, choices_of, in_our_time, whole
from legaled.forms.people import words

ALL, OWN = "all", "own"


def _day(label: str) -> DateField:
    return DateField(label, [needed(label), in_our_time])


def _minutes(label: str = "要求学习（分钟）") -> IntegerField:
    return IntegerField(label, [needed_number("分钟数，不要求时填 0"), between(0, MOST_MINUTES)],
                        default=0)


class PlanForm(Form):
    title = words("计划名称", 100, needed("计划名称"))
    programme = words("普法规划（选填）", 40)
    year = whole("年度", FIRST_YEAR, LAST_YEAR)
    starts = _day("开始日期")
    ends = _day("结束日期")
    minutes = _minutes("学习总时间（分钟）")
    audience = RadioField("谁要学", choices=choices_of(AUDIENCE_LABEL))
    units = Checkboxes("哪些单位", coerce=int)

    def __init__(self, units: Iterable[tuple[int, str]], **initial: Any) -> None:
        super().__init__(**initial)
        self.units.choices = [SelectChoice(one, path) for one, path in units]

    def validate_ends(self, field: Field) -> None:
        if isinstance(self.starts.data, date) and field.data < self.starts.data:
            raise ValidationError("结束日期不能早于开始日期，请改一改")

    def draft(self) -> PlanDraft:
        return PlanDraft(
            self.year.data, self.title.data, self.programme.data, Audience(self.audience.data),
            tuple(self.units.data), self.starts.data, self.ends.data, self.minutes.data,
        )


def new_plan(today: date) -> dict[str, Any]:
    """What a new plan's form starts with: this year, from today to its last day."""
    return {
        "year": today.year, "title": f"{today.year} 年度学法计划", "starts": today,
        "ends": date(today.year, 12, 31), "minutes": 0, "audience": Audience.ALL.value,
    }


class LawItemForm(Form):
    """`parts` are (first, last, words) of the chapters."""

    part = RadioField("学哪些")
    first = words("从第几条", 40)
    last = words("到第几条", 40)
    minutes = _minutes()

    def __init__(self, parts: Sequence[tuple[str, str, str]], **initial: Any) -> None:
        super().__init__(**initial)
        self._parts = parts
        self.part.choices = [
            SelectChoice(ALL, "整部"),
            *(SelectChoice(str(at), one[2]) for at, one in enumerate(parts)),
            SelectChoice(OWN, "自己定起止条文"),
        ]

    def validate_first(self, field: Field) -> None:
        if self.part.data == OWN and read_article(field.data) is None:
            raise ValidationError("请写条号，例如 第十条、10、12之一")

    validate_last = validate_first

    def draft(self, law_id: int, name: str) -> ItemDraft:
        title, first, last = name, "", ""
        if self.part.data == OWN:
            ends = read_article(self.first.data), read_article(self.last.data)
            first, last = (one.anchor if one else "" for one in ends)
        elif self.part.data != ALL:
            first, last, label = self._parts[int(self.part.data)]
            title = f"{name} {label.partition('，')[0]}"
        return ItemDraft(ItemKind.LAW, title[:200], self.minutes.data, law_id=law_id,
                         first=first, last=last)


class GuideItemForm(Form):
    guide = SelectField("学习指南")
    minutes = _minutes()

    def __init__(self, guides: Iterable[tuple[str, str]], **initial: Any) -> None:
        super().__init__(**initial)
        self.titles = dict(guides)
        self.guide.choices = [SelectChoice(name, title) for name, title in self.titles.items()]

    def draft(self) -> ItemDraft:
        title = f"《{self.titles[self.guide.data]}》学习指南"
        return ItemDraft(ItemKind.GUIDE, title[:200], self.minutes.data, guide=self.guide.data)


class FileItemForm(Form):
    """A new file, or one that is there (`material` is not 0)."""

    file = FileField("选择文件", render_kw={
        "accept": ".pdf,.doc,.docx,.ppt,.pptx,.xls,.xlsx"})
    material = SelectField("或用已有的材料", coerce=int, default=0)
    title = words("名称（选填）", 200)
    minutes = _minutes()

    def __init__(self, materials: Iterable[tuple[int, str]], **initial: Any) -> None:
        super().__init__(**initial)
        self.material.choices = [
            SelectChoice(0, "上传新文件"), *(SelectChoice(*one) for one in materials)]

    def validate_file(self, field: Field) -> None:
        if not self.material.data and not getattr(field.data, "filename", ""):
            raise ValidationError("请选择一个文件")

    def content(self) -> tuple[str, bytes]:
        """(name, bytes) of the file sent."""
        sent = self.file.data
        name = PureWindowsPath(sent.filename).name
        data = sent.read()
        sent.close()
        return "".join(char for char in name if char.isprintable())[-120:] or "材料", data

    def name_of(self, filename: str) -> str:
        """The title typed, else the file's name without its ending."""
        return self.title.data or filename.rpartition(".")[0] or filename

    def draft(self, material_id: int, title: str) -> ItemDraft:
        return ItemDraft(ItemKind.FILE, title[:200], self.minutes.data, material_id=material_id)


class LinkItemForm(Form):
    title = words("名称", 200, needed("名称"))
    url = words("网址", 500, needed("网址"))

    def validate_url(self, field: Field) -> None:
        if not url_ok(field.data):
            raise ValidationError("网址要以 http:// 或 https:// 开头，请核对")

    def draft(self) -> ItemDraft:
        return ItemDraft(ItemKind.LINK, self.title.data, url=self.url.data)


class ItemMinutesForm(Form):
    minutes = _minutes("分钟")


class ExtendPlanForm(Form):
    ends = _day("新的结束日期")
    reason = TextAreaField("原因", [needed("原因"), at_most(400)])


class PlanExemptForm(Form):
    category = SelectField("免学类别", choices=choices_of(EXEMPTION_LABEL))
    reason = TextAreaField("说明", [at_most(400)])

    def validate_reason(self, field: Field) -> None:
        if self.category.data == Exemption.OTHER.value and not (field.data or "").strip():
            raise ValidationError("类别选「其他」时，请写明原因")
