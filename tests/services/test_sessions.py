"""Sessions on both databases: lists, signing, the paper list, photographs, races."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM
from legaled.domain.sessions import (
    BEHIND,
    FIGURE_LABEL,
    Figures,
    Invitation,
    LawPart,
    PaperMark,
    Presence,
    SessionKind,
    SignedBy,
    figures,
)
from legaled.files.photos import Photo
from legaled.models import Attendance, AuditEvent, Law, LawAlias, StudySession
from legaled.services import (
    session_people,
    session_photos,
    session_signing,
    session_views,
    sessions,
)
from legaled.services.session_signing import Missed, Signed
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW
from tests.sessions_world import digits, draft, meeting, qr

SECOND = timedelta(seconds=1)


@pytest.fixture
def made(session):
    return factories.world(session)


@pytest.fixture
def here(session, made):
    return meeting(session, made)


def row_of(session, session_id, who):
    return session.scalars(sa.select(Attendance).where(
        Attendance.session_id == session_id, Attendance.person_id == who.id)).one()


def audits(session, action):
    return session.scalars(sa.select(AuditEvent).where(AuditEvent.action == action)
                           .order_by(AuditEvent.id)).all()


def paper(who, to, leave="", was=Presence.ABSENT, was_leave=""):
    return PaperMark(who.id, to, leave, was, was_leave)


# ---- arranging ----

def test_staff_cannot_reach_what_arranges_sessions(session, made, here):
    staff = made["s1"]
    for call in (
        lambda: sessions.create(session, staff, draft(), NOW),
        lambda: sessions.cancel(session, staff, here, "x", NOW),
        lambda: session_views.list_sessions(session, staff, NOW),
        lambda: session_views.session_view(session, staff, here, NOW),
        lambda: session_views.people_page(session, staff, here, NOW),
        lambda: session_people.mark(session, staff, here, [], NOW),
        lambda: session_signing.screen(session, staff, here, NOW),
        lambda: session_photos.add_photos(session, staff, here, [], NOW),
        lambda: session_views.session_view(session, made["trainer"], 10**12, NOW),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_who_is_invited_is_frozen_with_the_unit_of_the_day(session, made):
    room = factories.unit(session, "一科", session.get_one(factories.Unit, made.unit_id))
    inside = factories.person(session, "k1", room, is_leader=True)
    factories.person(session, "k2", room, category=Category.CONTRACT)
    factories.person(session, "gone", room, left_on=date(2026, 11, 23))
    factories.person(session, "later", room, joined_on=date(2026, 11, 24))
    found = meeting(session, made, invite=False)
    both = frozenset({Category.ESTABLISHED, Category.CONTRACT})
    leaders = Invitation((made.unit_id,), both, leaders_only=True)
    assert session_people.invite(session, SYSTEM, found, leaders, NOW).added == 1
    below = session_people.invite(session, SYSTEM, found, Invitation((room.id,), both), NOW)
    assert (below.fit, below.added) == (2, 1)
    inside.unit_id = made.unit_id
    session.flush()
    row = row_of(session, found, inside)
    assert (row.unit_path, row.unit_codes) == ("示例区档案馆/一科", "U-示例区档案馆/U-一科")
    assert session_people.invite(session, SYSTEM, found, Invitation((10**6,)), NOW).fit == 0


def test_adding_and_removing_one_is_noted(session, made, here):
    extra = factories.person(session, "x9", session.get_one(factories.Unit, made.unit_id),
                             category=Category.REHIRED, name="赵返聘")
    off = session_people.off_list_people(session, made["trainer"], here, "返聘", NOW)
    assert [one.number for one in off] == ["x9"]
    assert session_people.add(session, made["trainer"], here, extra.id, NOW) == "赵返聘"
    assert session_people.off_list_people(session, made["trainer"], here, "x9", NOW) == ()
    session_people.remove(session, made["trainer"], here, extra.id, NOW)
    assert session.scalar(sa.select(sa.func.count()).select_from(Attendance)) == 6
    assert [one.detail for one in (*audits(session, "session.add"),
                                   *audits(session, "session.remove"))] == ["赵返聘", "赵返聘"]
    with pytest.raises(NotFoundError):
        session_people.remove(session, made["trainer"], here, extra.id, NOW)


def test_nobody_is_on_a_list_twice(session, made, here):
    with pytest.raises(ConflictError, match="on_session_list"), session.begin_nested():
        session_people.add(session, made["trainer"], here, made["s1"].id, NOW)


def test_a_cancelled_session_is_left_alone(session, made, here):
    with pytest.raises(InvalidError, match="reason_needed"):
        sessions.cancel(session, made["office"], here, "  ", NOW)
    sessions.cancel(session, made["office"], here, "停电", NOW)
    for call in (
        lambda: sessions.edit(session, made["office"], here, draft(), NOW),
        lambda: sessions.cancel(session, made["office"], here, "又", NOW),
        lambda: session_people.mark(session, made["office"], here, [], NOW),
    ):
        with pytest.raises(ConflictError, match="session_cancelled"):
            call()
    with pytest.raises(ConflictError, match="session_cancelled_sign"):
        session_signing.sign(session, made["s1"], here, "d", NOW)
    assert session_signing.my_sessions(session, made["s1"], NOW) == ()
    assert len(session_signing.my_year(session, made["s1"], 2026, NOW)) == 1


def test_the_list_is_filtered_counted_and_paged(session, made):
    for place in range(23):
        meeting(session, made, invite=False, title=f"第 {place} 次", kind=SessionKind.LECTURE,
                starts=NOW - DAY * place, ends=NOW - DAY * place + HOUR, laws=())
    old = meeting(session, made, title="宪法%日", starts=datetime(2025, 12, 31, 15, 59, tzinfo=UTC),
                  ends=datetime(2025, 12, 31, 17, tzinfo=UTC), laws=(LawPart("宪法", "总纲"),))

    def look(**values):
        return session_views.list_sessions(session, made["office"], NOW, **values)

    assert (look().page.total, look().page.pages, len(look().lines)) == (24, 2, 20)
    assert look().years == (2026, 2025)
    assert [one.id for one in look(year=2025).lines] == [old]  # 23:59 in Beijing
    assert look(kind=SessionKind.LECTURE).page.total == 23
    assert [one.id for one in look(query="宪法").lines] == [old]
    assert [one.id for one in look(query="%").lines] == [old]
    assert look(year=10**9).page.total == 24


def test_the_queries_of_a_list_do_not_grow(session, made, count_queries):
    counts = []
    for _ in range(2):
        for _ in range(4):
            meeting(session, made)
        session.flush()
        count_queries.clear()
        session_views.list_sessions(session, made["office"], NOW)
        counts.append(len(count_queries))
    assert counts[0] == counts[1] <= 6


def test_laws_of_a_year_are_named_once(session, made):
    law = Law(name="中华人民共和国档案法", key="档案法", created=NOW)
    session.add(law)
    session.flush()
    session.add(LawAlias(law_id=law.id, name="档案法律", key="档案法律"))
    for days, laws in (
        (3, (LawPart("档案法", "第一章"), LawPart("宪法", ""))),
        (2, (LawPart("《中华人民共和国档案法》（2020年修订）", "第二章"),)),
        (1, (LawPart("档案法律", "第一章"), LawPart("中华人民共和国宪法", "总纲"))),
    ):
        at = NOW - days * DAY
        meeting(session, made, invite=False, starts=at, ends=at + HOUR, laws=laws)
    meeting(session, made, invite=False, laws=(LawPart("还没学的法"),))
    off = meeting(session, made, invite=False, laws=(LawPart("取消的法"),),
                  starts=NOW - DAY, ends=NOW - DAY + HOUR)
    sessions.cancel(session, SYSTEM, off, "x", NOW)
    found = sessions.laws_studied(session, 2026, NOW)
    assert [(one.law, one.parts, one.sessions, one.first) for one in found] == [
        ("中华人民共和国档案法", ("第一章", "第二章"), 3, date(2026, 11, 20)),
        ("宪法", ("总纲",), 2, date(2026, 11, 20)),
    ]
    assert len(sessions.laws_studied(session, 2026)) == 3
    assert sessions.laws_studied(session, 2025) == ()


# ---- signing ----

def test_signing_in_once(session, made, here):
    done = session_signing.sign(session, made["s1"], here, "d1", NOW - 5 * MINUTE)
    assert done == Signed(NOW - 5 * MINUTE, late=False, again=False)
    again = session_signing.sign(session, made["s1"], here, "d2", NOW + MINUTE)
    assert again == Signed(NOW - 5 * MINUTE, late=False, again=True)
    row = row_of(session, here, made["s1"])
    assert (row.device, row.signed_by) == ("d1", SignedBy.QR)


def test_who_signs_after_the_minutes_is_late(session, made, here):
    edge = NOW - 5 * MINUTE
    assert not session_signing.sign(session, made["s1"], here, "1", edge).late
    assert session_signing.sign(session, made["s2"], here, "2", edge + SECOND).late
    assert session_views.figures_of(session, [here])[here] == Figures(6, 2, 1, 0)
    sessions.edit(session, made["trainer"], here, draft(late_after=20), NOW)
    assert session_views.figures_of(session, [here])[here].late == 0


def test_signing_has_its_hours(session, made, here):
    for at, code in ((NOW - 41 * MINUTE, "signing_not_open"), (NOW + 2 * HOUR, "signing_over")):
        with pytest.raises(ConflictError, match=code):
            session_signing.sign(session, made["s1"], here, "d", at)
        with pytest.raises(ConflictError, match=code):
            session_signing.sign_by_digits(session, made["s1"], here, "000000", "d", at)
    assert row_of(session, here, made["s1"]).misses == 0
    session_signing.sign(session, made["s1"], here, "d", NOW - 40 * MINUTE)


def test_who_is_not_on_the_list_is_refused_and_nothing_is_told(session, made, here):
    other = factories.actor(factories.person(
        session, "z", session.get_one(factories.Unit, made.unit_id)))
    right = digits(session, here)
    for number in (here, here + 5, 10**12):
        with pytest.raises(NotFoundError, match="not_invited"):
            session_signing.sign_by_digits(session, other, number, right, "d", NOW)
        with pytest.raises(NotFoundError, match="not_invited"):
            session_signing.my_session(session, other, number, NOW)


def test_one_device_signs_one_person_a_session(session, made, here):
    session_signing.sign(session, made["s1"], here, "d", NOW)
    with pytest.raises(ConflictError, match="device_used"):
        session_signing.sign(session, made["s2"], here, "d", NOW)
    with pytest.raises(ConflictError, match="device_used"):
        session_signing.sign_by_digits(
            session, made["s2"], here, digits(session, here), "d", NOW)
    other = meeting(session, made, title="另一次")
    assert not session_signing.sign(session, made["s2"], other, "d", NOW).again


def test_a_replayed_code_is_no_longer_on_the_screen(session, made, here):
    code, other = qr(session, here), meeting(session, made)
    assert session_signing.was_on_screen(session, here, code, NOW)
    assert session_signing.was_on_screen(session, here, code, NOW + 59 * SECOND)
    for session_id, at in ((here, NOW + 61 * SECOND), (here, NOW + DAY), (here, NOW - DAY),
                           (other, NOW), (10**12, NOW)):
        assert not session_signing.was_on_screen(session, session_id, code, at), (session_id, at)


def test_guessing_is_counted_and_ends_in_a_wait(session, made, here):
    right = digits(session, here)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for place in range(5):
        at = NOW + place * SECOND
        found = session_signing.sign_by_digits(session, made["s1"], here, wrong, "d", at)
        assert found == Missed(NOW + 4 * SECOND + 10 * MINUTE if place == 4 else None)
    now_right = digits(session, here, NOW + MINUTE)
    held = session_signing.sign_by_digits(
        session, made["s1"], here, now_right, "d", NOW + MINUTE)
    assert isinstance(held, Missed)
    assert row_of(session, here, made["s1"]).misses == 5
    free = session_signing.sign_by_digits(session, made["s2"], here, now_right, "e", NOW + MINUTE)
    assert isinstance(free, Signed)  # nobody else waits
    later = NOW + 11 * MINUTE
    done = session_signing.sign_by_digits(
        session, made["s1"], here, digits(session, here, later), "d", later)
    assert isinstance(done, Signed)
    assert row_of(session, here, made["s1"]).signed_by is SignedBy.CODE


def test_scanning_does_not_wait_for_guesses(session, made, here):
    row = row_of(session, here, made["s1"])
    row.misses, row.missed = 5, NOW
    session.flush()
    assert not session_signing.sign(session, made["s1"], here, "d", NOW).again


# ---- the paper list ----

def test_only_what_changed_is_written_and_noted(session, made, here):
    trainer = made["trainer"]
    marks = [paper(made["s1"], Presence.LATE), paper(made["s2"], Presence.LEAVE, "出差"),
             paper(made["s3"], Presence.ABSENT)]
    assert session_people.mark(session, trainer, here, marks, NOW).changed == 2
    late, away = row_of(session, here, made["s1"]), row_of(session, here, made["s2"])
    assert (late.late, late.signed_by, late.recorder_id) == (True, SignedBy.PAPER, trainer.id)
    assert (away.leave, away.signed) == ("出差", None)
    assert row_of(session, here, made["s3"]).recorded is None
    assert [one.detail for one in audits(session, "session.attend")] == [
        "人员s1：缺席 → 迟到（纸质名单 11-23 12:00）", "人员s2：缺席 → 请假（出差）"]


def test_a_sign_in_meanwhile_is_not_overwritten(session, made, here):
    session_signing.sign(session, made["s1"], here, "d", NOW - 6 * MINUTE)
    session_people.mark(session, made["trainer"], here, [paper(made["s2"], Presence.LATE)], NOW)
    done = session_people.mark(session, made["trainer"], here, [
        paper(made["s1"], Presence.LEAVE, "病假"), paper(made["s2"], Presence.LEAVE, "病假"),
    ], NOW)
    assert (done.changed, done.kept) == (0, ("人员s1", "人员s2"))
    assert row_of(session, here, made["s1"]).signed == NOW - 6 * MINUTE
    still = [paper(made["s1"], Presence.ABSENT, was=Presence.PRESENT)]
    assert session_people.mark(session, made["trainer"], here, still, NOW).kept == ("人员s1",)


def test_a_correction_keeps_why_and_what_was(session, made, here):
    session_signing.sign(session, made["s1"], here, "d", NOW)
    session_people.correct(session, made["trainer"], here, made["s1"].id,
                           (Presence.PRESENT, ""), "钟快了", NOW)
    row = row_of(session, here, made["s1"])
    assert (row.late, row.signed, row.signed_by) == (False, NOW, SignedBy.QR)
    session_people.correct(session, made["trainer"], here, made["s1"].id,
                           (Presence.ABSENT, ""), "签到后离开", NOW)
    row = row_of(session, here, made["s1"])
    assert (row.signed, row.signed_by, row.device, row.late) == (None, None, None, None)
    assert [one.detail for one in audits(session, "session.attend")][1] == (
        "人员s1：到会（扫码 11-23 12:00） → 缺席。签到后离开")
    with pytest.raises(InvalidError, match="reason_needed"):
        session_people.correct(session, made["trainer"], here, made["s1"].id,
                               (Presence.ABSENT, ""), " ", NOW)


def test_before_it_begins_only_a_leave_is_written(session, made):
    soon = meeting(session, made, starts=NOW + HOUR, ends=NOW + 2 * HOUR)
    trainer = made["trainer"]
    with pytest.raises(ConflictError, match="session_not_begun"):
        session_people.mark(session, trainer, soon, [paper(made["s1"], Presence.PRESENT)], NOW)
    leave = [paper(made["s1"], Presence.LEAVE, "休假")]
    assert session_people.mark(session, trainer, soon, leave, NOW).changed == 1
    with pytest.raises(ConflictError, match="attendance_there"):
        session_people.remove(session, trainer, soon, made["s1"].id, NOW)
    done = session_signing.sign(session, made["s1"], soon, "d", NOW + HOUR)
    assert not done.again  # came after all
    assert row_of(session, soon, made["s1"]).leave == ""


def test_figures_are_the_lists(session, made, here):
    session_signing.sign(session, made["s1"], here, "1", NOW - 6 * MINUTE)
    session_signing.sign(session, made["s2"], here, "2", NOW)
    session_people.mark(session, made["office"], here, [
        paper(made["s3"], Presence.LEAVE, "病假"), paper(made["trainer"], Presence.PRESENT),
    ], NOW)
    view, rows = session_views.sheet(session, made["office"], here, NOW)
    found = view.line.figures
    assert found == figures(row.presence for row in rows) == Figures(6, 3, 1, 1)
    assert (found.absent, found.rate) == (2, "50.00%")
    for name in FIGURE_LABEL:
        page = session_views.people_page(session, made["office"], here, NOW, figure=name)
        names = {row.name for row in rows if row.presence in BEHIND[name]}
        assert ({row.name for row in page.rows}, page.page.total) == (names, found[name]), name
    unit = session_views.people_page(session, made["office"], here, NOW, unit="U-示例区")
    assert unit.page.total == 0  # a beginning of a code is no unit


def test_the_table_keeps_its_own_rules(session, made, here):
    row = row_of(session, here, made["s1"])
    for values in ({"signed": NOW}, {"signed": NOW, "signed_by": SignedBy.QR, "leave": "x"}):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(sa.update(Attendance).where(Attendance.id == row.id).values(values))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(sa.update(StudySession).values(late_from=NOW + DAY))


# ---- one's own ----

def test_my_sessions_are_those_i_am_invited_to(session, made, here):
    later = meeting(session, made, starts=NOW + DAY, ends=NOW + DAY + HOUR, title="明天")
    meeting(session, made, invite=False, title="与我无关")
    meeting(session, made, starts=NOW - DAY, ends=NOW - DAY + HOUR, title="过去了")
    mine = session_signing.my_sessions(session, made["s1"], NOW)
    assert [(one.id, one.can_sign) for one in mine] == [(here, True), (later, False)]
    session_signing.sign(session, made["s1"], here, "d", NOW)
    assert not session_signing.my_sessions(session, made["s1"], NOW)[0].can_sign
    assert len(session_signing.my_year(session, made["s1"], 2026, NOW)) == 3
    assert session_signing.my_years(session, made["s1"]) == (2026,)
    assert session_signing.my_years(session, SYSTEM) == ()


# ---- photographs ----

def photo(name="a"):
    return Photo(b"jpg", b"j", name * 64, NOW, 10, 10)


def test_a_picture_is_kept_once_and_seen_by_those_who_may(session, made, here):
    done = session_photos.add_photos(
        session, made["trainer"], here, [photo("a"), photo("a"), photo("b")], NOW)
    assert (done.new, done.there) == (2, (1,))
    assert session_photos.add_photos(session, SYSTEM, here, [photo("b")], NOW).there == (0,)
    first = session_photos.photos_of(session, here)[0]
    other = factories.actor(factories.person(
        session, "z", session.get_one(factories.Unit, made.unit_id)))
    assert session_photos.photo_for(session, made["s1"], here, first.id).digest == "a" * 64
    assert session_photos.photo_for(session, made["trainer"], here, first.id)
    for who, session_id, photo_id in (
        (other, here, first.id), (made["s1"], here + 1, first.id), (made["s1"], here, 99),
    ):
        with pytest.raises(NotFoundError):
            session_photos.photo_for(session, who, session_id, photo_id)


def test_a_file_goes_with_the_last_session_that_shows_it(session, made, here):
    other = meeting(session, made)
    for one in (here, other):
        session_photos.add_photos(session, SYSTEM, one, [photo()], NOW)
    first, second = (session_photos.photos_of(session, one)[0].id for one in (here, other))
    assert session_photos.remove_photo(session, SYSTEM, here, first, NOW) is None
    assert session_photos.remove_photo(session, SYSTEM, other, second, NOW) == "a" * 64
    assert len(audits(session, "session.photo.remove")) == 2


# ---- races ----

def together(*calls):
    found = [None] * len(calls)

    def run(place, call):
        try:
            found[place] = call()
        except Exception as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def test_two_people_at_once_on_one_device(database):
    with database.write() as session:
        made = factories.world(session)
        here = meeting(session, made)
    barrier = threading.Barrier(2)

    def go(number):
        barrier.wait(10)
        with database.write() as session:
            return session_signing.sign(session, made[number], here, "one-phone", NOW)

    found = together(lambda: go("s1"), lambda: go("s2"))
    assert sorted(type(one).__name__ for one in found) == ["ConflictError", "Signed"]
    with database.read() as session:
        signed = session.scalars(sa.select(Attendance).where(Attendance.signed.is_not(None))).all()
        assert len(signed) == 1


def test_one_person_at_once_from_two_phones(database):
    with database.write() as session:
        made = factories.world(session)
        here = meeting(session, made)
    barrier = threading.Barrier(2)

    def go(device):
        barrier.wait(10)
        with database.write() as session:
            return session_signing.sign(session, made["s1"], here, device, NOW)

    found = together(lambda: go("a"), lambda: go("b"))
    assert sorted(one.again for one in found) == [False, True]


def test_a_guess_at_once_is_counted_each_time(database):
    with database.write() as session:
        made = factories.world(session)
        here = meeting(session, made)
        wrong = f"{(int(digits(session, here)) + 1) % 10**6:06d}"

    def go():
        with database.write() as session:
            return session_signing.sign_by_digits(session, made["s1"], here, wrong, "d", NOW)

    together(*[go] * 8)
    with database.read() as session:
        assert row_of(session, here, made["s1"]).misses == 5

