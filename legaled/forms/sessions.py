"""The forms of the study sessions. Times are typed and shown in Beijing time."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import Any

import wtforms
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    MultipleFileField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from legaled.domain.people import CATEGORY_LABEL, Category
from legaled.domain.sessions import (
    LATE_MAX,
    LAWS_MAX,
    PRESENCE_LABEL,
    SESSION_KIND_LABEL,
    Invitation,
    LawPart,
    PaperMark,
    Presence,
    SessionDraft,
    SessionKind,
    draft_problem,
)
from legaled.domain.sign_codes import DIGITS
from legaled.forms.base import Form, at_most, needed
from legaled.forms.exams import Checkboxes, beijing_time, choices_of, instant, whole

PHOTOS_AT_ONCE = 20
LEAVE_MAX = 200
WORDS: Mapping[str, str] = {
    "session_ends_before": "结束时间要晚于开始时间，请改一改",
    "session_too_long": "一次学法最长 31 天，请改结束时间",
    "late_after_end": "迟到的时间点晚于结束时间，请把分钟数改小",
}


class LawRow(wtforms.Form):  # type: ignore[misc]  # WTForms carries no types
    law = StringField("法规", [at_most(200)])
    part = StringField("哪一部分", [at_most(200)])

    def named(self) -> LawPart:
        return LawPart((self.law.data or "").strip(), (self.part.data or "").strip())


class SessionForm(Form):
    kind = RadioField("形式", choices=choices_of(SESSION_KIND_LABEL),
                      default=SessionKind.COLLECTIVE.value)
    title = StringField("主题", [needed("主题"), at_most(200)])
    starts = beijing_time("开始时间")
    ends = beijing_time("结束时间")
    late_after = whole("开始几分钟后算迟到", 0, LATE_MAX, default=5)
    place = StringField("地点", [at_most(200)])
    host = StringField("主持人", [at_most(60)])
    laws = FieldList(FormField(LawRow), min_entries=4, max_entries=LAWS_MAX)
    agenda = TextAreaField("议程", [at_most(4000)], render_kw={"rows": 5})

    def validate(self, extra_validators: Any = None) -> bool:
        """Field by field first; only then is the whole looked at."""
        if not super().validate(extra_validators):
            return False
        problem = draft_problem(self.draft())
        if problem is not None:
            name, code = problem
            self[name].errors = [WORDS[code]]
        return problem is None

    def draft(self) -> SessionDraft:
        return SessionDraft(
            kind=SessionKind(self.kind.data), title=self.title.data.strip(),
            starts=instant(self.starts), ends=instant(self.ends),
            place=(self.place.data or "").strip(), host=(self.host.data or "").strip(),
            agenda=(self.agenda.data or "").strip(), late_after=self.late_after.data,
            laws=tuple(row.form.named() for row in self.laws if row.form.named().law),
        )


class InviteForm(Form):
    units = Checkboxes("单位和科室", coerce=int)
    categories = Checkboxes("人员类别", choices=choices_of(CATEGORY_LABEL),
                            default=[Category.ESTABLISHED.value])
    leaders_only = BooleanField("只列领导干部")

    def __init__(self, units: Iterable[tuple[int, str]], *sent: Any, **initial: Any) -> None:
        super().__init__(*sent, **initial)
        self.units.choices = [SelectChoice(one, name.replace("/", " / ")) for one, name in units]

    def validate_units(self, field: Any) -> None:
        if not field.data:
            raise ValidationError("请至少选一个单位")

    def validate_categories(self, field: Any) -> None:
        if not field.data:
            raise ValidationError("请至少选一类人员")

    def invitation(self) -> Invitation:
        return Invitation(tuple(self.units.data), frozenset(map(Category, self.categories.data)),
                          self.leaders_only.data)


class RecordForm(Form):
    record = TextAreaField("会议记录", [at_most(20_000)])


class CaptionForm(Form):
    caption = StringField("说明", [at_most(200)])


class PhotosForm(Form):
    files = MultipleFileField(
        "照片", render_kw={"accept": "image/jpeg,image/png,image/webp"})

    def validate_files(self, field: Any) -> None:
        chosen = self._chosen()
        if not chosen:
            raise ValidationError("请选择照片")
        if len(chosen) > PHOTOS_AT_ONCE:
            raise ValidationError(f"一次最多 {PHOTOS_AT_ONCE} 张")

    def contents(self) -> list[tuple[str, bytes]]:
        """(name, bytes) of each file, once; the server's temporary files are gone afterwards."""
        found = []
        for one in self._chosen():
            found.append((PureWindowsPath(one.filename).name[:60], one.read()))
            one.close()
        return found

    def _chosen(self) -> list[Any]:
        return [one for one in self.files.data or [] if getattr(one, "filename", "")]


def _plain_digits(typed: str | None) -> str:
    """１２３ ４５６ as it is meant."""
    return "".join(unicodedata.normalize("NFKC", typed or "").split())


class CodeForm(Form):
    digits = StringField("6 位签到码", filters=[_plain_digits], render_kw={
        "inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "12"})

    def validate_digits(self, field: Any) -> None:
        if len(field.data) != DIGITS or not (field.data.isascii() and field.data.isdecimal()):
            raise ValidationError("请填大屏幕上的 6 位数字")


class CorrectForm(Form):
    presence = RadioField("改为", choices=choices_of(PRESENCE_LABEL))
    leave = StringField("请假事由", [at_most(LEAVE_MAX)])
    reason = StringField("更正原因", [needed("更正原因"), at_most(400)])

    def validate_leave(self, field: Any) -> None:
        if self.presence.data == Presence.LEAVE.value and not (field.data or "").strip():
            raise ValidationError("请写请假事由")

    def to(self) -> tuple[Presence, str]:
        found = Presence(self.presence.data)
        return found, (self.leave.data or "").strip() if found is Presence.LEAVE else ""


@dataclass
class PaperList:
    """The rows sent, by person, and what is wrong with some of them."""

    rows: dict[int, PaperMark] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: Mapping[str, str], people: Iterable[int]) -> "PaperList":
        """Rows of these people only; a row that was not sent whole is left out."""
        found, known = cls(), {one.value: one for one in Presence}
        for person in people:
            now, was = (known.get(sent.get(f"{name}-{person}", "")) for name in ("to", "was"))
            if now is None or was is None:
                continue
            leave = sent.get(f"leave-{person}", "").strip() if now is Presence.LEAVE else ""
            row = PaperMark(person, now, leave, was, sent.get(f"had-{person}", ""))
            found.rows[person] = row
            if now is Presence.LEAVE and not leave:
                found.errors[person] = "请写请假事由"
            elif len(leave) > LEAVE_MAX:
                found.errors[person] = f"最多 {LEAVE_MAX} 个字"
        return found
