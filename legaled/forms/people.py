"""Forms about people and units; each ends in plain values or a draft."""

import json
from collections.abc import Sequence
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from legaled.domain.people import (
    CATEGORY_LABEL,
    NAME_MAX,
    NUMBER_MAX,
    POST_MAX,
    Category,
    PersonDraft,
    has_control,
)
from legaled.domain.permissions import ROLE_LABEL, Role
from legaled.forms.base import Form, at_most, needed

Options = Sequence[tuple[int, str]]
CATEGORIES = [SelectChoice(category.value, label) for category, label in CATEGORY_LABEL.items()]
ROLES = [SelectChoice(role.value, label) for role, label in ROLE_LABEL.items()]

SORTS = [SelectChoice("number", "按工号"), SelectChoice("name", "按姓名"),
         SelectChoice("unit", "按单位")]


def unit_choices(units: Options) -> list[SelectChoice]:
    return [SelectChoice(unit_id, path) for unit_id, path in units]


def stripped(text: str | None) -> str:
    return (text or "").strip()


def visible(_form: Any, field: Any) -> None:
    if has_control(field.data):
        raise ValidationError("有看不见的字符，请重新输入")


def words(label: str, limit: int, *more: Any) -> Any:
    return StringField(label, [*more, at_most(limit), visible], filters=[stripped])


def day(label: str) -> Any:
    return DateField(label, [Optional()], render_kw={"min": "1900-01-01", "max": "2999-12-31"})


class PersonForm(Form):
    number = words("工号", NUMBER_MAX, needed("工号"))
    name = words("姓名", NAME_MAX, needed("姓名"))
    unit_id = SelectField("单位和科室", coerce=int)
    post = words("职务（选填）", POST_MAX)
    is_leader = BooleanField("领导干部")
    category = SelectField("人员类别", choices=CATEGORIES)
    roles = SelectMultipleField(
        "角色", [DataRequired("请至少选一个角色")], choices=ROLES, widget=ListWidget(),
        option_widget=CheckboxInput(),
    )
    joined_on = day("到岗日期（选填）")
    left_on = day("离岗日期（选填）")

    @classmethod
    def to_add(cls, units: Options) -> "PersonForm":
        form = cls(category=Category.ESTABLISHED.value, roles=[Role.STAFF.value])
        form.unit_id.choices = unit_choices(units)
        return form

    @classmethod
    def to_edit(cls, units: Options, draft: PersonDraft) -> "PersonForm":
        form = cls(data={**vars(draft), "category": draft.category.value,
                         "roles": [role.value for role in draft.roles]})
        form.unit_id.choices = unit_choices(units)
        return form

    def draft(self) -> PersonDraft:
        return PersonDraft(
            self.number.data, self.name.data, self.unit_id.data, self.post.data,
            self.is_leader.data, Category(self.category.data),
            frozenset(Role(value) for value in self.roles.data),
            self.joined_on.data, self.left_on.data,
        )


class UnitForm(Form):
    parent_id = SelectField("上级", coerce=int)
    name = words("名称", 60, needed("名称"))
    code = words("编号（选填）", 40)

    @classmethod
    def under(cls, units: Options) -> "UnitForm":
        form = cls()
        form.parent_id.choices = [SelectChoice(0, "没有上级"), *unit_choices(units)]
        return form


class UnitNameForm(Form):
    name = words("名称", 60, needed("名称"))


class ImportForm(Form):
    file = FileField("人员名单", [FileRequired("请选择一个 CSV 或 XLSX 文件")])
    create_units = BooleanField("同时建立名单里没有的单位和科室")


class ConfirmForm(Form):
    """The checked rows, carried by the page itself so that the server keeps nothing."""

    rows = HiddenField(validators=[needed("检查结果")])
    create_units = HiddenField()


class PasswordsForm(Form):
    """The list that the page shows, sent back to become a file; the server keeps nothing."""

    lines = HiddenField(validators=[needed("名单")])

    def validate_lines(self, field: Any) -> None:
        try:
            self.passwords = [(str(a), str(b), str(c)) for a, b, c in json.loads(field.data)]
        except (ValueError, TypeError, RecursionError) as error:
            raise ValidationError("名单没有完整传回来") from error


class PeopleFilter(Form):
    """The list's address; whatever it cannot read does not narrow the list."""

    class Meta(Form.Meta):
        csrf = False

    q = words("工号或姓名", 60)
    unit = SelectField("单位")
    role = SelectField("角色", choices=[SelectChoice("", "全部角色"), *ROLES])
    category = SelectField("人员类别", choices=[SelectChoice("", "全部类别"), *CATEGORIES])
    sort = SelectField("排序", choices=SORTS)

    def offer(self, units: Options) -> None:
        choices = [SelectChoice(str(unit_id), path) for unit_id, path in units]
        self.unit.choices = [SelectChoice("", "全部单位"), *choices]
