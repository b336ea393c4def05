"""Units, accounts, lists and imports of people."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from legaled.domain.people import Category, PersonDraft
from legaled.domain.permissions import SYSTEM, Actor, Role
from legaled.files.people import PersonRow
from legaled.models import AuditEvent, Model, Person, SignIn, Unit
from legaled.services import accounts, people
from legaled.services.people import PeopleFile, PeopleQuery, PeopleRefusedError, UnitPath
from tests import factories
from tests.factories import NOW

ADMIN = frozenset({Role.ACCOUNTS})


@pytest.fixture
def root(session: Session) -> int:
    return people.add_unit(session, SYSTEM, None, "示例区", None, NOW)


@pytest.fixture
def archive(session: Session, root: int) -> int:
    return people.add_unit(session, SYSTEM, root, "示例区档案馆", None, NOW)


@pytest.fixture
def office(session: Session, archive: int) -> int:
    return people.add_unit(session, SYSTEM, archive, "办公室", "BGS", NOW)


def draft(unit_id: int, number: str = "1", **values: Any) -> PersonDraft:
    return PersonDraft(number, values.pop("name", "张三"), unit_id, **values)


def row(
    number: str = "1", name: str = "张三", unit: str = "示例区档案馆", **values: Any
) -> PersonRow:
    return PersonRow(values.pop("row", int(number) + 1), number, name, unit, **values)


def bring(session: Session, *rows: PersonRow, **values: Any) -> people.PeopleImport:
    return people.import_people(session, SYSTEM, rows, NOW, **values)


def codes(problems: Sequence[Any]) -> list[tuple[int | None, str | None, str]]:
    return [(one.row, one.column, one.code) for one in problems]


def me(session: Session, unit_id: int, roles: frozenset[Role] = ADMIN) -> Actor:
    made = people.add_person(session, SYSTEM, draft(unit_id, "99", roles=roles), NOW)
    return factories.actor(session.get_one(Person, made.id))


# ---- units ----

def test_paths_and_codes(session: Session, root: int, archive: int, office: int) -> None:
    assert people.unit_paths(session) == {
        root: UnitPath("U001", "示例区"),
        archive: UnitPath("U001/U002", "示例区/示例区档案馆"),
        office: UnitPath("U001/U002/BGS", "示例区/示例区档案馆/办公室"),
    }


def test_paths_take_one_query_whatever_the_size(
    session: Session, root: int, count_queries: list[str]
) -> None:
    for size in (3, 30):
        for number in range(size):
            people.add_unit(session, SYSTEM, root, f"{size}-{number}", None, NOW)
        session.flush()
        count_queries.clear()
        people.unit_paths(session)
        assert len(count_queries) == 1
        count_queries.clear()
        people.unit_tree(session)
        assert len(count_queries) == 2


def test_tree_counts_own_and_below_without_those_who_left(
    session: Session, root: int, archive: int, office: int
) -> None:
    today = date(2026, 11, 23)
    for number, (where, left) in enumerate([
        (archive, None), (office, None), (office, today), (office, today + timedelta(1)),
    ]):
        people.add_person(session, SYSTEM, draft(where, str(number), left_on=left), NOW)
    top, = people.unit_tree(session, today)
    below, = top.children
    assert (top.name, top.people, top.total) == ("示例区", 0, 3)
    assert (below.people, below.total, below.children[0].people) == (1, 3, 2)
    assert people.unit_tree(session)[0].total == 4


def test_the_tree_keeps_the_order_of_making(session: Session, root: int) -> None:
    for name in ("丙", "甲", "乙"):
        people.add_unit(session, SYSTEM, root, name, None, NOW)
    assert [unit.name for unit in people.unit_tree(session)[0].children] == ["丙", "甲", "乙"]


def test_generated_codes_follow_the_highest(session: Session, root: int) -> None:
    people.add_unit(session, SYSTEM, root, "甲", "U041", NOW)
    people.add_unit(session, SYSTEM, root, "乙", None, NOW)
    assert set(session.scalars(sa.select(Unit.code))) == {"U001", "U041", "U042"}


@pytest.mark.parametrize(("name", "code", "error", "word"), [
    ("示例区档案馆", None, ConflictError, "unit_name_taken"),
    ("新馆", "u002", ConflictError, "unit_code_taken"),
    ("新馆", "A/B", InvalidError, "unit_code_bad"),
    ("新馆", "x" * 41, InvalidError, "unit_code_bad"),
    ("", None, InvalidError, "unit_name_bad"),
    (" 馆", None, InvalidError, "unit_name_bad"),
    ("馆/室", None, InvalidError, "unit_name_bad"),
    ("馆\n室", None, InvalidError, "unit_name_bad"),
    ("馆" * 61, None, InvalidError, "unit_name_bad"),
])
def test_bad_units(
    session: Session, root: int, archive: int, name: str, code: str | None, error: type[Exception],
    word: str,
) -> None:
    with pytest.raises(error) as caught:
        people.add_unit(session, SYSTEM, root, name, code, NOW)
    assert caught.value.code == word  # type: ignore[attr-defined]
    assert session.scalar(sa.select(sa.func.count(Unit.id))) == 2


def test_roots_have_different_names_too(session: Session, root: int) -> None:
    with pytest.raises(ConflictError):
        people.add_unit(session, SYSTEM, None, "示例区", None, NOW)


def test_six_levels_fit_the_roster_and_no_more(session: Session) -> None:
    parent = None
    for level in range(6):
        parent = people.add_unit(session, SYSTEM, parent, f"{level}" * 60, "c" * 39 + str(level),
                                 NOW)
    path = people.unit_paths(session)[parent or 0]
    assert len(path.names) <= 400
    assert len(path.codes) <= 400
    with pytest.raises(InvalidError, match="unit_too_deep"):
        people.add_unit(session, SYSTEM, parent, "再下一级", None, NOW)


def test_renaming_keeps_the_code(session: Session, root: int, archive: int) -> None:
    people.rename_unit(session, SYSTEM, archive, "新区档案馆", NOW)
    assert people.unit_paths(session)[archive] == UnitPath("U001/U002", "示例区/新区档案馆")
    people.rename_unit(session, SYSTEM, archive, "新区档案馆", NOW)
    with pytest.raises(NotFoundError):
        people.rename_unit(session, SYSTEM, 999, "无", NOW)
    other = people.add_unit(session, SYSTEM, root, "别的", None, NOW)
    with pytest.raises(ConflictError):
        people.rename_unit(session, SYSTEM, other, "新区档案馆", NOW)


# ---- accounts ----

def test_a_new_account_signs_in_with_its_one_time_password(session: Session, archive: int) -> None:
    made = people.add_person(session, SYSTEM, draft(archive), NOW)
    known = accounts.credentials(session, "1")
    assert known is not None
    assert accounts.verify(known, made.password)
    assert session.get_one(Person, made.id).must_change_password


@pytest.mark.parametrize(("values", "word"), [
    ({"number": ""}, "person_words_bad"),
    ({"number": " 7"}, "person_words_bad"),
    ({"number": "7" * 41}, "person_words_bad"),
    ({"name": "张\u200b三"}, "person_words_bad"),
    ({"post": "长" * 61}, "person_words_bad"),
    ({"roles": frozenset()}, "roles_missing"),
    ({"joined_on": date(2026, 1, 2), "left_on": date(2026, 1, 1)}, "left_before_joined"),
    ({"unit_id": 999}, "unit_unknown"),
    ({"number": "99"}, "number_taken"),
])
def test_bad_accounts(session: Session, archive: int, values: dict[str, Any], word: str) -> None:
    me(session, archive)
    other = people.add_person(session, SYSTEM, draft(archive, "5"), NOW)
    bad = draft(**{"unit_id": archive, **values})
    for attempt in (
        lambda: people.add_person(session, SYSTEM, bad, NOW),
        lambda: people.edit_person(session, SYSTEM, other.id, bad, NOW),
    ):
        with pytest.raises((InvalidError, ConflictError), match=word):
            attempt()
    assert people.find_person(session, SYSTEM, other.id, NOW).draft == draft(archive, "5")


def test_editing_changes_everything_but_the_password(
    session: Session, archive: int, office: int
) -> None:
    made = people.add_person(session, SYSTEM, draft(archive), NOW)
    new = draft(office, "2", name="李四", post="主任", is_leader=True, category=Category.REHIRED,
                roles=frozenset({Role.TRAINER}), joined_on=date(2026, 1, 1),
                left_on=date(2027, 1, 1))
    people.edit_person(session, SYSTEM, made.id, new, NOW)
    assert people.find_person(session, SYSTEM, made.id, NOW).draft == new
    assert accounts.verify(accounts.credentials(session, "2"), made.password)


def test_a_leaver_is_signed_out_from_that_day_on(session: Session, archive: int) -> None:
    made = people.add_person(session, SYSTEM, draft(archive), NOW)
    accounts.open_sign_in(session, made.id, "t", NOW)
    tomorrow = draft(archive, left_on=date(2026, 11, 24))
    people.edit_person(session, SYSTEM, made.id, tomorrow, NOW)
    assert session.scalar(sa.select(SignIn.ended)) is None
    people.edit_person(session, SYSTEM, made.id, draft(archive, left_on=date(2026, 11, 23)), NOW)
    session.expire_all()
    assert session.scalar(sa.select(SignIn.ended)) == NOW
    known = accounts.credentials(session, "1")
    assert accounts.try_sign_in(session, known, True, NOW).person_id is None


def test_administrators_cannot_shut_themselves_out(session: Session, archive: int) -> None:
    admin = me(session, archive)
    mine = draft(archive, "99", roles=ADMIN)
    for bad, word in (
        (draft(archive, "99"), "own_admin_role"),
        (draft(archive, "99", roles=ADMIN, left_on=date(2027, 1, 1)), "own_account_end"),
    ):
        with pytest.raises(ForbiddenError, match=word):
            people.edit_person(session, admin, admin.id or 0, bad, NOW)
    people.edit_person(session, admin, admin.id or 0, mine, NOW)
    assert people.find_person(session, admin, admin.id or 0, NOW).is_self
    people.edit_person(session, SYSTEM, admin.id or 0, draft(archive, "99"), NOW)


def test_resetting_unlocks_and_signs_out(session: Session, archive: int) -> None:
    made = people.add_person(session, SYSTEM, draft(archive), NOW)
    accounts.open_sign_in(session, made.id, "t", NOW)
    session.get_one(Person, made.id).locked_until = NOW + timedelta(minutes=5)
    session.flush()
    assert people.find_person(session, SYSTEM, made.id, NOW).locked_until is not None
    fresh = people.reset_password(session, SYSTEM, made.id, NOW)
    session.flush()
    session.expire_all()
    assert fresh.password != made.password
    assert people.find_person(session, SYSTEM, made.id, NOW).locked_until is None
    assert session.scalar(sa.select(SignIn.ended)) == NOW
    with pytest.raises(NotFoundError):
        people.reset_password(session, SYSTEM, 999, NOW)


def test_who_did_what_is_kept_and_no_password_with_it(session: Session, archive: int) -> None:
    admin = me(session, archive)
    made = people.add_person(session, admin, draft(archive), NOW)
    again = people.reset_password(session, admin, made.id, NOW)
    done = bring(session, row("3"))
    session.flush()
    kept = session.execute(sa.select(AuditEvent.action, AuditEvent.subject, AuditEvent.detail)
                           .order_by(AuditEvent.id)).all()
    assert [one.action for one in kept][-3:] == [
        "person.add", "person.reset_password", "people.import"]
    for password in (made.password, again.password, done.passwords[0][2]):
        assert password not in str(kept)


# ---- the first administrator ----

def test_the_first_administrator(session: Session) -> None:
    password = people.ensure_admin(session, "admin", NOW)
    assert password is not None
    assert accounts.verify(accounts.credentials(session, "admin"), password)
    assert [unit.name for unit in people.unit_tree(session)] == ["本单位"]
    admin = session.scalars(sa.select(Person)).one()
    assert (admin.roles, admin.category) == (ADMIN, Category.CONTRACT)
    assert people.ensure_admin(session, "another", NOW) is None


def test_an_administrator_goes_into_the_first_root(session: Session, archive: int) -> None:
    people.ensure_admin(session, "admin", NOW)
    found = people.list_people(session, PeopleQuery(), NOW)
    assert [one.unit for one in found.people] == ["示例区"]


def test_one_who_left_is_no_administrator(session: Session, archive: int) -> None:
    people.add_person(session, SYSTEM, draft(archive, roles=ADMIN, left_on=date(2026, 11, 1)), NOW)
    with pytest.raises(ConflictError, match="number_taken"):
        people.ensure_admin(session, "1", NOW)
    assert people.ensure_admin(session, "2", NOW)


def test_an_administrator_who_forgot_gets_a_new_password(session: Session, archive: int) -> None:
    old = people.ensure_admin(session, "admin", NOW)
    admin = session.scalars(sa.select(Person)).one()
    admin.must_change_password, admin.failures, admin.locked_until = False, 4, NOW
    accounts.open_sign_in(session, admin.id, "0" * 64, NOW)
    password = people.reset_admin(session, "admin", NOW)
    session.flush()
    assert password != old
    assert accounts.verify(accounts.credentials(session, "admin"), password)
    assert (admin.must_change_password, admin.failures, admin.locked_until) == (True, 0, None)
    assert session.scalars(sa.select(SignIn)).one().ended == NOW
    assert session.scalars(sa.select(AuditEvent.action)).all()[-1] == "person.reset_password"


def test_nobody_else_is_reset_from_the_command_line(session: Session, archive: int) -> None:
    people.add_person(session, SYSTEM, draft(archive, "1"), NOW)
    gone = draft(archive, "2", roles=ADMIN, left_on=date(2026, 11, 1))
    people.add_person(session, SYSTEM, gone, NOW)
    for number in ("1", "2", "nobody", ""):
        with pytest.raises(NotFoundError):
            people.reset_admin(session, number, NOW)
    assert not session.scalars(
        sa.select(AuditEvent).where(AuditEvent.action == "person.reset_password")).all()


# ---- the list ----

@pytest.fixture
def crowd(session: Session, archive: int, office: int) -> None:
    for number, name, where, values in (
        ("A1", "张三", archive, {"roles": frozenset({Role.STAFF, Role.TRAINER})}),
        ("a2", "李四", office, {"category": Category.CONTRACT}),
        ("b%3", "王五", office, {"roles": ADMIN, "left_on": date(2026, 11, 23)}),
    ):
        people.add_person(session, SYSTEM, draft(where, number, name=name, **values), NOW)


@pytest.mark.parametrize(("query", "numbers"), [
    (PeopleQuery(), {"A1", "a2", "b%3"}),
    (PeopleQuery(text="a"), {"A1", "a2"}),
    (PeopleQuery(text="%"), {"b%3"}),
    (PeopleQuery(text="_"), set()),
    (PeopleQuery(text="李"), {"a2"}),
    (PeopleQuery(role=Role.STAFF), {"A1", "a2"}),
    (PeopleQuery(role=Role.ACCOUNTS), {"b%3"}),
    (PeopleQuery(category=Category.CONTRACT), {"a2"}),
    (PeopleQuery(unit_id=999), set()),
    (PeopleQuery(text="a", role=Role.TRAINER), {"A1"}),
])
def test_narrowing(session: Session, crowd: None, query: PeopleQuery, numbers: set[str]) -> None:
    found = people.list_people(session, query, NOW)
    assert {one.number for one in found.people} == numbers
    assert found.page.total == len(numbers)


def test_a_unit_includes_those_below(
    session: Session, crowd: None, root: int, archive: int, office: int
) -> None:
    for unit_id, count in ((root, 3), (archive, 3), (office, 2)):
        found = people.list_people(session, PeopleQuery(unit_id=unit_id), NOW)
        assert found.page.total == count


def test_a_line_in_words(session: Session, crowd: None) -> None:
    line, = people.list_people(session, PeopleQuery(role=Role.ACCOUNTS), NOW).people
    assert (line.unit, line.roles, line.category, line.gone, line.initial) == (
        "示例区/示例区档案馆/办公室", "账号管理员", "在编", True, True)


def test_sorting_and_paging(session: Session, archive: int, count_queries: list[str]) -> None:
    bring(session, *(row(str(100 + n), f"人{n % 3}", row=n) for n in range(5)))
    seen = []
    for _ in range(2):
        session.flush()
        session.expire_all()
        count_queries.clear()
        people.list_people(session, PeopleQuery(), NOW)
        seen.append(len(count_queries))
        bring(session, *(row(str(200 + n), "人", row=n) for n in range(60)))
    assert seen == [3, 3]
    found = people.list_people(session, PeopleQuery(page=2), NOW)
    assert (found.page.number, found.page.pages, found.page.total) == (2, 2, 65)
    assert [one.number for one in found.people] == [str(200 + n) for n in range(45, 60)]
    assert people.list_people(session, PeopleQuery(page=99), NOW).page.number == 2
    by_name = people.list_people(session, PeopleQuery(sort="name"), NOW).people
    assert [one.name for one in by_name] == sorted(one.name for one in by_name)
    assert people.list_people(session, PeopleQuery(sort="nonsense"), NOW).page.total == 65


# ---- import ----

def test_new_people_get_different_passwords_that_work(session: Session, office: int) -> None:
    done = bring(session, row("1"), row("2", office="办公室", roles=frozenset({Role.OFFICE})))
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    assert [(number, name) for number, name, _ in done.passwords] == [("1", "张三"), ("2", "张三")]
    assert done.passwords[0][2] != done.passwords[1][2]
    for number, _, password in done.passwords:
        assert accounts.verify(accounts.credentials(session, number), password)
    found = people.list_people(session, PeopleQuery(), NOW)
    assert [one.unit for one in found.people] == [
        "示例区/示例区档案馆", "示例区/示例区档案馆/办公室"]


def test_known_people_change_field_by_field_and_keep_their_password(
    session: Session, office: int
) -> None:
    first = bring(session, row("1", post="科员"), row("2"), row("3"))
    rows = [row("1", "张三丰", office="办公室", roles=frozenset({Role.TRAINER}),
                left_on=date(2027, 1, 1)), row("2")]
    plan = people.plan_people(session, SYSTEM, PeopleFile(rows, []))
    assert (plan.added, plan.changed, plan.unchanged, list(plan.passwords)) == (0, 1, 1, [])
    done = bring(session, *rows)
    assert [(one.label, one.before, one.after) for one in done.changes] == [
        ("姓名", "张三", "张三丰"), ("单位", "示例区/示例区档案馆", "示例区/示例区档案馆/办公室"),
        ("职务", "科员", ""), ("角色", "职工", "培训员"), ("离岗日期", "", "2027-01-01")]
    assert list(done.changes) == list(plan.changes)
    assert accounts.verify(accounts.credentials(session, "1"), first.passwords[0][2])
    assert people.list_people(session, PeopleQuery(), NOW).page.total == 3


@pytest.mark.parametrize(("unit", "room"), [
    ("示例区档案馆", "办公室"), ("U002", "BGS"), ("示例区/示例区档案馆/办公室", ""),
    ("示例区/示例区档案馆", "办公室"), ("U001/U002/BGS", ""), ("BGS", ""),
    ("示例区档案馆/办公室", ""), ("示例区 / 示例区档案馆", "办公室"),
])
def test_ways_to_name_a_unit(
    session: Session, root: int, office: int, unit: str, room: str
) -> None:
    people.add_unit(session, SYSTEM, root, "办公室", None, NOW)
    bring(session, row("1", unit=unit, office=room), create_units=True)
    assert session.scalar(sa.select(Person.unit_id)) == office
    assert session.scalar(sa.select(sa.func.count(Unit.id))) == 4


@pytest.mark.parametrize(("unit", "room", "column", "code"), [
    ("没有的馆", "", "单位", "unknown_unit"),
    ("示例区/没有的馆", "", "单位", "unknown_unit"),
    ("示例区档案馆", "没有的室", "科室", "unknown_office"),
    ("示例区", "办公室", "科室", "unknown_office"),
    ("示例区档案馆/", "", "单位", "unknown_unit"),
    ("档案室", "", "单位", "unit_ambiguous"),
])
def test_units_that_lead_nowhere(
    session: Session, root: int, archive: int, office: int, unit: str, room: str, column: str,
    code: str,
) -> None:
    for parent in (root, archive):
        people.add_unit(session, SYSTEM, parent, "档案室", None, NOW)
    with pytest.raises(PeopleRefusedError) as caught:
        bring(session, row("1"), row("2", unit=unit, office=room))
    assert codes(caught.value.problems) == [(3, column, code)]
    assert session.scalar(sa.select(sa.func.count(Person.id))) == 0


def test_unknown_units_are_made_on_request_and_only_then(session: Session, archive: int) -> None:
    rows = [row("1", office="新科室"), row("2", office="新科室"), row("3", unit="别的区/别的馆"),
            row("4", unit="别的馆", office="一科")]
    plan = people.plan_people(session, SYSTEM, PeopleFile(rows, []), create_units=True)
    assert list(plan.units) == [
        "示例区/示例区档案馆/新科室", "别的区", "别的区/别的馆", "别的区/别的馆/一科"]
    assert session.scalar(sa.select(sa.func.count(Unit.id))) == 2
    done = bring(session, *rows, create_units=True)
    assert list(done.units) == list(plan.units)
    names = [path.names for path in people.unit_paths(session).values()]
    assert set(plan.units) < set(names)
    assert len(names) == 6
    again = bring(session, *rows, create_units=True)
    assert (again.unchanged, list(again.units)) == (4, [])


@pytest.mark.parametrize(("unit", "code"), [
    ("长" * 61, "unit_name_bad"), ("甲//乙", "unit_name_bad"), ("甲/", "unit_name_bad"),
    ("一/二/三/四/五/六/七", "unit_too_deep"),
])
def test_units_that_cannot_be_made(session: Session, archive: int, unit: str, code: str) -> None:
    with pytest.raises(PeopleRefusedError) as caught:
        bring(session, row("1", unit=unit), create_units=True)
    assert codes(caught.value.problems) == [(2, "单位", code)]


def test_the_same_number_twice_is_refused_here_too(session: Session, archive: int) -> None:
    with pytest.raises(PeopleRefusedError) as caught:
        bring(session, row("1"), row("1", row=9))
    assert codes(caught.value.problems) == [(9, "工号", "duplicate_number")]


def test_one_problem_of_a_cell_is_said_once(session: Session, archive: int) -> None:
    from legaled.files.people import trouble

    file = PeopleFile([row("1"), row("1", row=9)],
                      [trouble("duplicate_number", 9, "工号", "1", of=2),
                       trouble("missing_name", 4, "姓名")])
    plan = people.plan_people(session, SYSTEM, file)
    assert codes(plan.problems) == [(4, "姓名", "missing_name"), (9, "工号", "duplicate_number")]


def test_an_import_cannot_shut_its_author_out(session: Session, archive: int) -> None:
    admin = me(session, archive)
    bad = row("99", row=2, left_on=date(2027, 1, 1))
    with pytest.raises(PeopleRefusedError) as caught:
        people.import_people(session, admin, [bad], NOW)
    assert codes(caught.value.problems) == [
        (2, "角色", "own_admin_role"), (2, "离岗日期", "own_account_end")]
    good = row("99", row=2, roles=ADMIN | {Role.STAFF})
    assert people.import_people(session, admin, [good], NOW).changed == 1


def test_leavers_in_a_file_are_signed_out(session: Session, archive: int) -> None:
    bring(session, row("1"), row("2"))
    for person_id in session.scalars(sa.select(Person.id)):
        accounts.open_sign_in(session, person_id, f"t{person_id}", NOW)
    session.flush()
    bring(session, row("1", left_on=date(2026, 11, 23)))
    assert session.scalar(sa.select(sa.func.count()).where(SignIn.ended.is_not(None))) == 1


def test_import_is_fast_with_a_constant_number_of_queries(
    session: Session, archive: int, count_queries: list[str]
) -> None:
    def many(count: int, post: str) -> list[PersonRow]:
        return [row(str(n), f"人员{n}", office=f"科室{n % 20}", post=post) for n in range(count)]

    seen = []
    for count, post in ((50, ""), (50, "科员"), (5000, "科员"), (5000, "主任")):
        count_queries.clear()
        bring(session, *many(count, post), create_units=True)
        seen.append(len(count_queries))
    assert max(seen[2:]) <= seen[0] + 10  # a bulk statement is sent in a few batches
    assert people.list_people(session, PeopleQuery(), NOW).page.total == 5000


cells = st.text("张三李四甲乙a1", min_size=1, max_size=3)
rows_of_people = st.lists(
    st.builds(
        PersonRow, st.just(0), cells, cells, st.sampled_from(["馆", "U001", "甲", "甲/乙"]),
        st.sampled_from(["", "一科", "二科"]), st.text("主任", max_size=2), st.booleans(),
        st.sets(st.sampled_from(list(Role)), min_size=1).map(frozenset),
        st.sampled_from(list(Category)), st.none() | st.dates(), st.none() | st.dates(),
    ),
    max_size=8, unique_by=lambda one: one.number,
)


@pytest.fixture(scope="module")
def memory() -> Any:
    engine = sa.create_engine("sqlite://")
    Model.metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_of_people, rows_of_people)
def test_importing_twice_changes_nothing(
    memory: sa.Engine, first: list[PersonRow], second: list[PersonRow]
) -> None:
    def everything(session: Session) -> list[Any]:
        people_ = session.execute(sa.select(*Person.__table__.c).order_by(Person.id)).all()
        units = session.execute(sa.select(*Unit.__table__.c).order_by(Unit.id)).all()
        return [*people_, *units]

    with Session(memory) as session:
        people.add_unit(session, SYSTEM, None, "馆", None, NOW)
        for rows in (first, second):
            done = bring(session, *rows, create_units=True)
            assert done.added + done.changed + done.unchanged == len(rows)
            before = everything(session)
            again = bring(session, *rows, create_units=True)
            assert (again.added, again.changed, again.unchanged) == (0, 0, len(rows))
            assert not again.units
            assert not again.passwords
            assert everything(session) == before


# ---- the command line ----

FILE = "工号,姓名,单位,科室,职务,领导干部,角色,人员类别,到岗日期,离岗日期\n"


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_bytes((FILE + "1,张三,档案馆,办公室,,,,,,\n2,李四,档案馆,,,,,,,\n").encode("gbk"))
    return path


def count(app: Flask) -> int:
    with app.extensions["database"].read() as session:
        return int(session.scalar(sa.select(sa.func.count(Person.id))))


def test_command_import(app: Flask, listing: Path, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    refused = run(args=["people", "import", str(listing)])
    assert refused.exit_code == 1
    assert refused.stderr.startswith("第 2 行 单位：没有这个单位。")
    assert count(app) == 0
    secret = tmp_path / "secret.csv"
    done = run(args=["people", "import", str(listing), "--create-units",
                     "--passwords", str(secret)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "新增 2 人，修改 0 人，没有变化 0 人，新建单位和科室 2 个。" in done.stdout
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text("utf-8-sig").startswith("工号,姓名,一次性密码\n1,张三,")
    again = run(args=["people", "import", str(listing)])
    assert (again.exit_code, "没有变化 2 人" in again.stdout) == (0, True)


def test_command_import_prints_passwords(app: Flask, listing: Path) -> None:
    done = app.test_cli_runner().invoke(args=["people", "import", str(listing), "--create-units"])
    number, name, password = done.stdout.splitlines()[1].split("\t")
    assert (number, name, len(password)) == ("1", "张三", 12)


def test_command_import_refuses_without_a_trace(app: Flask, listing: Path, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    picture = tmp_path / "people.xlsx"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    base = ["people", "import"]
    for args, code, words in (
        ([str(picture)], 2, "这个文件不是表格"),
        ([str(tmp_path / "none.csv")], 2, "打不开文件"),
        ([str(listing), "--create-units", "--passwords", str(picture)], 2, "已经存在"),
        ([str(listing), "--create-units", "--passwords", str(tmp_path / "no" / "x.csv")], 2,
         "什么都没有写入"),
    ):
        result = run(args=[*base, *args])
        assert (result.exit_code, words in result.stderr) == (code, True), result.output
    assert count(app) == 0
    with app.extensions["database"].read() as session:
        assert session.scalar(sa.select(sa.func.count(Unit.id))) == 0


def test_command_admin(app: Flask, listing: Path) -> None:
    run = app.test_cli_runner().invoke
    run(args=["people", "import", str(listing), "--create-units"])
    taken = run(args=["people", "admin", "--number", "1"])
    assert (taken.exit_code, "已经有人用了" in taken.stderr) == (1, True)
    bad = run(args=["people", "admin", "--number", ""])
    assert bad.exit_code == 1
    made = run(args=["people", "admin"])
    assert made.exit_code == 0
    assert "工号 admin，一次性密码 " in made.stdout
    assert run(args=["people", "admin"]).stdout == "已经有账号管理员，没有新建。\n"
    assert count(app) == 3
