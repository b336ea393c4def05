"""The demonstration's study year: a plan, three sessions with their people, and minutes read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.minutes import Reading
from legaled.domain.permissions import Actor
from legaled.domain.plans import Audience, ItemDraft, ItemKind, PlanDraft
from legaled.domain.sessions import (
    Invitation,
    LawPart,
    PaperMark,
    Presence,
    SessionDraft,
    SessionKind,
)
from legaled.domain.times import BEIJING
from legaled.files.guides import shipped
from legaled.models import Attendance, Unit
from legaled.services import (
    minutes,
    plan_items,
    plans,
    session_people,
    sessions,
    study,
)
from legaled.services.accounts import Hot

KEEPER = "D007"
READERS: Mapping[str, Sequence[str]] = {
    "D003": ("档案法", "宪法"), "D008": ("档案法", "法治宣传教育法"), "D013": ("档案法",),
    "D020": ("宪法", "保守国家秘密法"),
}
ITEMS = (("档案法", 5), ("档案法实施条例", 5), ("法治宣传教育法", 5), ("宪法", 5))
LATE, ON_LEAVE, AWAY = "D014", "D005", "D012"


def fill(session: Session, actors: Mapping[str, Actor], guides: Path, now: datetime) -> None:
    """What can be written beside the other people and exams of the demonstration."""
    _plan(session, actors, guides, now)
    _sessions(session, actors, now)
    for number, laws in READERS.items():
        for law in laws:
            study.mark_read(session, actors[number], law, now - timedelta(days=3))


def read(hot: Hot, actors: Mapping[str, Actor], guides: Path, now: datetime) -> None:
    """Each reader reads their guides, beat by beat: the day before yesterday at eight."""
    shelf = {guide.name: guide for guide in shipped(guides)}
    eight = now.astimezone(BEIJING).replace(hour=8, minute=0, second=0, microsecond=0)
    for number, laws in READERS.items():
        at = eight - timedelta(days=2)
        for law in laws:
            parts = {str(place): len(section.html)
                     for place, section in enumerate(shelf[law].sections, 1)}
            reading = Reading(int(actors[number].id or 0), f"guide:{law}", at, parts)
            for part in parts:
                for beat in range(5):
                    minutes.beat(hot, actors[number], reading, part, beat == 0, at)
                    at += timedelta(seconds=15)


def _plan(session: Session, actors: Mapping[str, Actor], guides: Path, now: datetime) -> None:
    year = now.astimezone(BEIJING).year
    root = session.scalars(sa.select(Unit.id).where(Unit.parent_id.is_(None))).one()
    draft = PlanDraft(
        year=year, title=f"{year}年度学法计划", programme="“九五”普法",
        audience=Audience.ALL, unit_ids=[root], starts=date(year, 1, 1), ends=date(year, 12, 31),
        minutes=15,
    )
    keeper = actors[KEEPER]
    plan_id = plans.create(session, keeper, draft, now - timedelta(days=30))
    titles = {guide.name: guide.title for guide in shipped(guides)}
    for law, needed in ITEMS:
        item = ItemDraft(ItemKind.GUIDE, f"《{titles[law]}》指南", needed, guide=law)
        plan_items.add(session, keeper, plan_id, item, now - timedelta(days=30), guides)
    plans.publish(session, keeper, plan_id, now - timedelta(days=30))


def _sessions(session: Session, actors: Mapping[str, Actor], now: datetime) -> None:
    keeper = actors[KEEPER]
    nine = now.astimezone(BEIJING).replace(hour=9, minute=0, second=0, microsecond=0)
    past = (
        (45, SessionKind.COLLECTIVE, "学习《法治宣传教育法》", "法治宣传教育法", "第三章"),
        (20, SessionKind.BEFORE_MEETING, "学习《档案法》归档与移交", "档案法", "第二章"),
    )
    for days, kind, title, law, part in past:
        made = _session(session, actors, kind, title, nine - timedelta(days=days), (law, part))
        _list(session, keeper, made, nine - timedelta(days=days, hours=-1))
        sessions.write_record(session, keeper, made, f"逐条学习{part}，结合本馆工作讨论。",
                              nine - timedelta(days=days - 1))
    _session(session, actors, SessionKind.LECTURE, "国家宪法日专题讲座",
             nine + timedelta(days=2), ("宪法", ""))


def _session(
    session: Session, actors: Mapping[str, Actor], kind: SessionKind, title: str,
    starts: datetime, about: tuple[str, str],
) -> int:
    keeper = actors[KEEPER]
    draft = SessionDraft(
        kind=kind, title=title, starts=starts, ends=starts + timedelta(hours=1, minutes=30),
        place="三楼会议室", host="林静", agenda="一、集体学习\n二、讨论交流",
        laws=(LawPart(*about),),
    )
    at = starts - timedelta(days=7)
    made = sessions.create(session, keeper, draft, at)
    units = tuple(session.scalars(sa.select(Unit.id).where(Unit.parent_id.is_(None))))
    session_people.invite(session, keeper, made, Invitation(units), at)
    return made


def _list(session: Session, keeper: Actor, session_id: int, at: datetime) -> None:
    """The paper list of a session that is over: most came."""
    said = {LATE: (Presence.LATE, ""), ON_LEAVE: (Presence.LEAVE, "病假"),
            AWAY: (Presence.ABSENT, "")}
    rows = session.execute(
        sa.select(Attendance.person_id, Attendance.number)
        .where(Attendance.session_id == session_id))
    marks = [
        PaperMark(person, *said.get(number, (Presence.PRESENT, "")), Presence.ABSENT, "")
        for person, number in rows
    ]
    session_people.mark(session, keeper, session_id, marks, at)
