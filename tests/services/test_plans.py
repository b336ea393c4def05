"""Study plans in the database: freezing, facts, amendments, the gate of an exam."""

import csv
import io
from datetime import date, timedelta

import pytest
import python_calamine
import sqlalchemy as sa

from legaled.domain.errors import ConflictError, DomainError, InvalidError, NotFoundError
from legaled.domain.law_text import parse
from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM, Role
from legaled.domain.plans import Audience, ItemDraft, ItemKind, PlanDraft, PlanStage
from legaled.domain.rates import Exemption
from legaled.domain.rates_study import FIGURES
from legaled.files import materials as files
from legaled.models import AuditEvent, Exam, ItemMark, Person, PlanEntry, StudyPlan, StudyTime
from legaled.services import (
    attempts,
    exams,
    laws,
    materials,
    plan_export,
    plan_facts,
    plan_items,
    plan_mine,
    plan_people,
    plan_progress,
    plan_views,
    plans,
    study,
    study_gate,
)
from tests import factories
from tests.factories import DAY, NOW
from tests.law_texts import plain

TODAY = date(2026, 11, 23)


def draft(**values):
    return PlanDraft(**{
        "year": 2026, "title": "2026 年度学法计划", "programme": "“九五”普法",
        "audience": Audience.ALL, "unit_ids": (), "starts": date(2026, 1, 1),
        "ends": date(2026, 12, 31), "minutes": 0, **values})


LINK = ItemDraft(ItemKind.LINK, "专题网页", url="https://example.org/a")
GUIDE = ItemDraft(ItemKind.GUIDE, "指南", 2, guide="档案法")


@pytest.fixture
def made(session):
    """示例区档案馆 with 科室甲 (three, one a leader) and 科室乙 (two and a contract worker)."""
    root = factories.unit(session)
    one, two = (factories.unit(session, name, root) for name in ("科室甲", "科室乙"))
    people = {
        "trainer": factories.person(session, "trainer", root, Role.TRAINER),
        "office": factories.person(session, "office", root, Role.OFFICE),
        "a1": factories.person(session, "a1", one, is_leader=True),
        "a2": factories.person(session, "a2", one), "a3": factories.person(session, "a3", one),
        "b1": factories.person(session, "b1", two), "b2": factories.person(session, "b2", two),
        "b3": factories.person(session, "b3", two, category=Category.CONTRACT),
        "gone": factories.person(session, "gone", two, left_on=TODAY),
    }
    return {
        "root": root.id, "one": one.id, "two": two.id,
        **{name: factories.actor(person) for name, person in people.items()},
    }


def plan(session, *items, who=SYSTEM, publish=True, now=NOW, **values):
    plan_id = plans.create(session, who, draft(**values), now)
    for item in items or (LINK,):
        plan_items.add(session, who, plan_id, item, now)
    if publish:
        plans.publish(session, who, plan_id, now)
    return plan_id


def read(session, who, subject, seconds, part="", day=TODAY):
    session.add(StudyTime(person_id=who.id, day=day, subject=subject, part=part, seconds=seconds))
    session.flush()


def numbers(session, plan_id):
    return sorted(session.scalars(
        sa.select(PlanEntry.number).where(PlanEntry.plan_id == plan_id)))


def code(kind, call, *args, **values):
    with pytest.raises(kind) as error:
        call(*args, **values)
    return error.value.code


def law(session, articles=20):
    return laws.import_law(session, SYSTEM, parse([plain(articles)]), "条例.txt", NOW).law_id


# ---- draft and publication ----


def test_publication_freezes_the_established_people_of_the_chosen_subtrees(session, made):
    assert numbers(session, plan(session)) == ["a1", "a2", "a3", "b1", "b2", "office", "trainer"]
    assert numbers(session, plan(session, unit_ids=(made["two"],))) == ["b1", "b2"]
    assert numbers(session, plan(session, audience=Audience.LEADERS)) == ["a1"]
    entry = session.scalars(sa.select(PlanEntry).where(PlanEntry.number == "b1")).first()
    assert entry.unit_path == "示例区档案馆/科室乙"
    session.get_one(Person, made["b1"].id).unit_id = made["one"]
    session.flush()
    assert entry.unit_path == "示例区档案馆/科室乙"


def test_what_cannot_be_published(session, made):
    empty = plans.create(session, made["trainer"], draft(), NOW)
    assert code(ConflictError, plans.publish, session, SYSTEM, empty, NOW) == "plan_empty"
    nobody = plan(session, publish=False, audience=Audience.LEADERS, unit_ids=(made["two"],))
    assert code(ConflictError, plans.publish, session, SYSTEM, nobody, NOW) == "plan_nobody"
    over = plan(session, publish=False, ends=date(2026, 11, 22))
    assert code(ConflictError, plans.publish, session, SYSTEM, over, NOW) == "plan_over"
    last = plan(session, publish=False, ends=TODAY)
    plans.publish(session, SYSTEM, last, NOW)
    assert code(ConflictError, plans.publish, session, SYSTEM, last, NOW) == "plan_published"
    assert code(ConflictError, plans.edit, session, SYSTEM, last, draft(), NOW) == "plan_published"
    assert code(
        ConflictError, plan_items.add, session, SYSTEM, last, LINK, NOW) == "plan_published"


def test_a_bad_draft_and_strangers_are_refused(session, made):
    back = draft(ends=date(2025, 1, 1))
    assert code(InvalidError, plans.create, session, SYSTEM, back, NOW) == "plan_ends_first"
    unknown = draft(unit_ids=(999,))
    assert code(InvalidError, plans.create, session, SYSTEM, unknown, NOW) == "unit_unknown"
    plan_id = plan(session)
    for call in (plans.plan_for, plan_views.plan_view, plan_progress.progress):
        more = () if call is plans.plan_for else (NOW,)
        with pytest.raises(NotFoundError):
            call(session, made["a1"], plan_id, *more)
    with pytest.raises(NotFoundError):
        plans.create(session, made["a1"], draft(), NOW)


def test_items_keep_their_order_and_what_they_take_of_a_law(session, made):
    law_id = law(session)
    plan_id = plan(session, LINK, GUIDE, publish=False)
    part = ItemDraft(ItemKind.LAW, "条例", 1, law_id=law_id, first="3", last="7")
    item = plan_items.add(session, SYSTEM, plan_id, part, NOW)
    plan_items.move(session, SYSTEM, plan_id, item, True)
    plan_items.move(session, SYSTEM, plan_id, item, True)
    plan_items.move(session, SYSTEM, plan_id, item, True)
    view = plan_views.plan_view(session, made["trainer"], plan_id, NOW)
    assert [one.title for one in view.items] == ["条例", "专题网页", "指南"]
    assert (view.items[0].part, view.people) == ("第三条至第七条", 7)
    plan_items.set_minutes(session, SYSTEM, plan_id, item, 9, NOW)
    plan_items.remove(session, SYSTEM, plan_id, view.items[1].id, NOW)
    view = plan_views.plan_view(session, made["trainer"], plan_id, NOW)
    assert [(one.title, one.minutes) for one in view.items] == [("条例", 9), ("指南", 2)]


@pytest.mark.parametrize(("values", "found"), [
    ({"first": "7", "last": "3"}, "item_range"), ({"first": "3", "last": ""}, "item_range"),
    ({"first": "3", "last": "99"}, "item_range"), ({"minutes": -1}, "plan_minutes"),
    ({"title": " "}, "item_title"),
    ({"kind": ItemKind.LINK, "url": "javascript:alert(1)"}, "item_url"),
    ({"kind": ItemKind.LINK, "url": "https://x.cn", "minutes": 3}, "item_url"),
])
def test_items_that_cannot_be(session, made, values, found):
    plan_id = plan(session, publish=False)
    item = ItemDraft(**{"kind": ItemKind.LAW, "title": "条例", "law_id": law(session), **values})
    assert code(InvalidError, plan_items.add, session, SYSTEM, plan_id, item, NOW) == found


def test_an_unknown_law_or_guide_is_not_found(session, made, tmp_path):
    plan_id = plan(session, publish=False)
    gone = ItemDraft(ItemKind.LAW, "条例", law_id=999)
    assert code(NotFoundError, plan_items.add, session, SYSTEM, plan_id, gone, NOW)
    assert code(NotFoundError, plan_items.add, session, SYSTEM, plan_id, GUIDE, NOW, tmp_path)


def test_a_law_in_a_plan_stays_in_the_library(session, made):
    law_id = law(session)
    plan(session, ItemDraft(ItemKind.LAW, "条例", 5, law_id=law_id))
    version = laws.law_line(session, law_id, NOW).versions[0].id
    assert code(ConflictError, laws.remove_version, session, SYSTEM, law_id, version,
                NOW) == "law_in_use"


def test_last_years_plan_becomes_a_draft(session, made):
    law_id = law(session)
    old = plan(session, LINK, ItemDraft(ItemKind.LAW, "条例", 5, law_id=law_id, first="2",
                                        last="4"), starts=date(2026, 2, 1), minutes=30)
    new = plans.copy(session, made["trainer"], old, NOW)
    view = plan_views.plan_view(session, SYSTEM, new, NOW)
    assert (view.year, view.title, view.stage) == (2027, "2027 年度学法计划", PlanStage.DRAFT)
    assert (view.starts, view.ends, view.minutes) == (date(2027, 2, 1), date(2027, 12, 31), 30)
    assert [(one.title, one.part, one.minutes) for one in view.items] == [
        ("专题网页", "", 0), ("条例", "第二条至第四条", 5)]
    assert numbers(session, new) == []


# ---- facts ----


def test_a_law_is_done_by_its_own_articles_inside_the_period(session, made):
    law_id = law(session)
    plan_id = plan(
        session, ItemDraft(ItemKind.LAW, "条例", 2, law_id=law_id, first="3", last="4"),
        ItemDraft(ItemKind.LAW, "全文", 3, law_id=law_id), starts=date(2026, 11, 1))
    who = made["a1"]

    def standing():
        found = plan_mine.my_plan(session, who, plan_id, NOW)
        return [item.state.seconds for item in found.items], found.done, found.completed

    assert standing() == ([0, 0], 0, False)
    read(session, who, f"law:{law_id}", 60, "3")
    read(session, who, f"law:{law_id}", 59, "4")
    read(session, who, f"law:{law_id}", 500, "3", date(2026, 10, 31))
    read(session, who, "guide:档案法", 500, "3")
    read(session, made["a2"], f"law:{law_id}", 500, "3")
    assert standing() == ([119, 119], 0, False)
    read(session, who, f"law:{law_id}", 61, "5")
    assert standing() == ([119, 180], 1, False)
    read(session, who, f"law:{law_id}", 1, "4", date(2026, 11, 1))
    assert standing() == ([120, 181], 2, True)


def test_minutes_in_all_count_whatever_is_read(session, made):
    plan_id = plan(session, LINK, minutes=2)
    plan_mine.mark(session, made["a1"], plan_id, 1, NOW)
    read(session, made["a1"], "law:77", 119)
    assert not plan_mine.my_plan(session, made["a1"], plan_id, NOW).completed
    read(session, made["a1"], "guide:宪法", 1)
    assert plan_mine.my_plan(session, made["a1"], plan_id, NOW).completed


def test_a_guide_wants_time_and_a_mark_inside_the_period(session, made):
    plan_id = plan(session, GUIDE, starts=date(2026, 11, 1))
    for name, when in (("a1", NOW), ("a2", NOW - 40 * DAY), ("a3", NOW)):
        read(session, made[name], "guide:档案法", 119 if name == "a3" else 120)
        study.mark_read(session, made[name], "档案法", when)
    item = plan_mine.my_plan(session, made["b1"], plan_id, NOW).items[0].id
    read(session, made["b1"], "guide:档案法", 130)
    plan_mine.mark(session, made["b1"], plan_id, item, NOW)
    found = {name: plan_mine.my_plan(session, made[name], plan_id, NOW).completed
             for name in ("a1", "a2", "a3", "b1", "b2")}
    assert found == {"a1": True, "a2": False, "a3": False, "b1": True, "b2": False}


def test_declaring_is_for_those_on_the_plan_and_inside_the_period(session, made):
    plan_id = plan(session, LINK, starts=date(2026, 11, 23), unit_ids=(made["one"],))
    item = plan_mine.my_plan(session, made["a1"], plan_id, NOW).items[0].id
    assert code(NotFoundError, plan_mine.mark, session, made["b1"], plan_id, item, NOW)
    assert code(NotFoundError, plan_mine.mark, session, made["a1"], plan_id + 1, item, NOW)
    for when in (NOW - DAY, NOW + 39 * DAY):
        args = (session, made["a1"], plan_id, item, when)
        assert code(ConflictError, plan_mine.mark, *args) == "plan_not_running"
    plan_mine.mark(session, made["a1"], plan_id, item, NOW)
    plan_mine.mark(session, made["a1"], plan_id, item, NOW + DAY)
    assert session.scalars(sa.select(ItemMark.done)).all() == [NOW]
    plan_mine.unmark(session, made["a1"], plan_id, item, NOW)
    assert not plan_mine.my_plan(session, made["a1"], plan_id, NOW).completed


def test_what_is_due_is_the_running_plan_that_ends_first(session, made):
    later = plan(session, title="后", ends=date(2026, 12, 30))
    first = plan(session, title="先", ends=date(2026, 11, 30))
    plan(session, title="未开始", starts=date(2026, 12, 1))
    assert plan_mine.due_plan(session, made["a1"], NOW).id == first
    item = plan_mine.my_plan(session, made["a1"], first, NOW).items[0].id
    plan_mine.mark(session, made["a1"], first, item, NOW)
    assert plan_mine.due_plan(session, made["a1"], NOW).id == later
    plan_people.exempt(session, SYSTEM, later, made["a1"].id, Exemption.SICK, "", NOW)
    assert plan_mine.due_plan(session, made["a1"], NOW) is None
    mine = plan_mine.my_plans(session, made["a1"], NOW)
    assert [one.title for one in mine] == ["先", "后", "未开始"]


# ---- amendments ----


def test_amending_keeps_reason_author_and_time(session, made):
    plan_id, who = plan(session), made["office"]
    plan_people.add(session, who, plan_id, made["b3"].id, "返聘参加", NOW)
    assert code(ConflictError, plan_people.add, session, who, plan_id, made["b3"].id, "x",
                NOW) == "on_plan"
    plan_people.exempt(session, who, plan_id, made["b1"].id, Exemption.SICK, "", NOW)
    assert code(ConflictError, plan_people.exempt, session, who, plan_id, made["b1"].id,
                Exemption.SICK, "", NOW) == "plan_exempt"
    assert code(InvalidError, plan_people.exempt, session, who, plan_id, made["b2"].id,
                Exemption.OTHER, " ", NOW) == "reason_needed"
    plan_people.remove(session, who, plan_id, made["a3"].id, "调出", NOW)
    assert code(ConflictError, plan_people.remove, session, who, plan_id, made["a3"].id, "x",
                NOW) == "plan_removed"
    found = plan_progress.progress(session, who, plan_id, NOW).figures
    assert (found["roster"], found["exempt"], found["required"]) == (7, 1, 6)
    plan_people.end_exemption(session, who, plan_id, made["b1"].id, "返岗", NOW)
    plan_people.restore(session, who, plan_id, made["a3"].id, "没有调", NOW)
    assert plan_progress.progress(session, who, plan_id, NOW).figures["required"] == 8
    kept = plan_people.changes(session, who, plan_id, made["b1"].id)
    assert [(one.action, one.reason, one.author) for one in kept] == [
        ("撤销免学", "返岗", "人员office"), ("免学", "长期病假", "人员office")]


def test_every_amendment_needs_a_reason(session, made):
    plan_id = plan(session)
    assert code(InvalidError, plan_people.remove, session, SYSTEM, plan_id, made["a1"].id, " ",
                NOW) == "reason_needed"
    assert code(InvalidError, plan_people.add, session, SYSTEM, plan_id, made["b3"].id, "",
                NOW) == "reason_needed"
    assert code(InvalidError, plans.cancel, session, SYSTEM, plan_id, "", NOW) == "reason_needed"
    assert code(InvalidError, plans.extend, session, SYSTEM, plan_id, date(2027, 1, 1), "",
                NOW) == "reason_needed"


def test_the_last_day_moves_only_later_and_is_audited(session, made):
    plan_id = plan(session, ends=date(2026, 11, 30))
    for day in (date(2026, 11, 29), date(2026, 11, 30)):
        assert code(InvalidError, plans.extend, session, SYSTEM, plan_id, day, "晚了",
                    NOW) == "plan_extend_back"
    plans.extend(session, made["trainer"], plan_id, date(2026, 12, 5), "任务多", NOW)
    assert session.get_one(StudyPlan, plan_id).ends == date(2026, 12, 5)
    session.flush()
    row = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "plan.extend")).one()
    assert (row.actor_id, row.detail) == (
        made["trainer"].id, "2026-11-30 → 2026-12-05：任务多")


def test_a_cancelled_plan_is_asked_of_nobody(session, made):
    plan_id = plan(session)
    plans.cancel(session, SYSTEM, plan_id, "重复", NOW)
    assert plan_mine.my_plans(session, made["a1"], NOW) == []
    assert plan_views.plans_of_year(session, made["office"], 2026, NOW) == []
    assert code(ConflictError, plan_people.remove, session, SYSTEM, plan_id, made["a1"].id,
                "x", NOW) == "plan_cancelled"


# ---- progress ----


def _studied(session, made):
    plan_id = plan(session, LINK, GUIDE, minutes=3)
    items = [one.id for one in plan_views.plan_view(session, SYSTEM, plan_id, NOW).items]
    for name in ("a1", "b1"):
        read(session, made[name], "guide:档案法", 180)
        for item in items:
            plan_mine.mark(session, made[name], plan_id, item, NOW)
    plan_mine.mark(session, made["a2"], plan_id, items[0], NOW)
    plan_people.exempt(session, SYSTEM, plan_id, made["b2"].id, Exemption.LENT, "", NOW)
    return plan_id, items


def test_names_behind_every_figure_equal_the_figure(session, made):
    plan_id, _ = _studied(session, made)
    found = plan_progress.progress(session, made["office"], plan_id, NOW)
    assert found.figures.rate_with_counts == "33.33%（2/6）"
    for unit in found.units:
        for figure in FIGURES:
            assert len(found.behind(figure, unit.code)) == unit.figures[figure]
            names = plan_progress.people_page(found, figure, unit.code, "", 1)
            assert names.page.total == unit.figures[figure]
    done = {one.item.title: (one.done, one.required) for one in found.items}
    assert done == {"专题网页": (3, 6), "指南": (2, 6)}
    for one in found.items:
        assert len(found.behind("required", "", one.item.id)) == one.required - one.done
    line = plan_progress.person_line(found, made["a2"].id)
    assert line.missing == "指南：还差 2 分钟，还没有标记学完；总学习时间还差 3 分钟"
    assert [one.row.number for one in plan_progress.people_page(
        found, "missing", "", "A2", 1).lines] == ["a2"]
    with pytest.raises(NotFoundError):
        found.behind("nothing")


def test_trainers_see_names_but_no_rates_of_small_units(session, made):
    plan_id, _ = _studied(session, made)
    found = plan_progress.progress(session, made["trainer"], plan_id, NOW)
    shown = {unit.name: unit.figures for unit in found.units}
    assert shown["示例区档案馆"] is not None
    assert shown["科室甲"] is None
    assert shown["科室乙"] is None
    assert len(found.behind("missing")) == 4
    data = plan_export.export(found, "csv").decode("utf-8-sig")
    assert "示例区档案馆/科室甲,U-示例区档案馆/U-科室甲,不显示" in data


def test_the_files_say_what_the_page_says(session, made):
    plan_id, _ = _studied(session, made)
    found = plan_progress.progress(session, made["office"], plan_id, NOW)
    rows = list(csv.reader(io.StringIO(
        plan_export.export_people(found, found.behind("missing"), "csv").decode("utf-8-sig"))))
    assert len(rows) == 1 + found.figures["missing"]
    book = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO(plan_export.export(found, "xlsx")))
    assert book.sheet_names == ["计划", "各单位", "各项", "名单", "口径"]
    assert book.get_sheet_by_name("计划").to_python()[1][4:] == [7, 1, 6, 2, 4, "33.33%"]
    with pytest.raises(NotFoundError):
        plan_export.export(found, "pdf")


@pytest.mark.parametrize("more", [0, 30])
def test_as_many_queries_for_few_as_for_many(session, made, count_queries, more):
    root = session.get_one(factories.Unit, made["root"])
    for n in range(more):
        one = factories.actor(factories.person(session, f"m{n}", root))
        read(session, one, "guide:档案法", 60 * n)
    law_id = law(session)
    part = ItemDraft(ItemKind.LAW, "条例", 1, law_id=law_id, first="3", last="7")
    for n in range(1 + more // 10):
        plan_id = plan(session, LINK, GUIDE, part, *([part] * (more // 5)), title=f"计划{n}")
    session.flush()
    session.expire_all()

    def cost(call, *args):
        count_queries.clear()
        call(session, *args, NOW)
        return len(count_queries)

    assert cost(plan_progress.progress, made["office"], plan_id) == 6
    session.expire_all()
    assert cost(plan_mine.my_plans, made["a1"]) == 5
    session.expire_all()
    assert cost(plan_mine.due_plan, made["a1"]) == 5
    session.expire_all()
    assert cost(plan_views.list_plans, made["office"]) == 8
    session.expire_all()
    assert cost(plan_views.plans_of_year, made["office"], 2026) == 6


def test_many_plans_are_read_in_batches(session, made, monkeypatch):
    monkeypatch.setattr(plan_facts, "TOGETHER", 2)
    ids = [plan(session, GUIDE, title=f"计划{n}") for n in range(5)]
    read(session, made["a1"], "guide:档案法", 65)
    found = plan_mine.my_plans(session, made["a1"], NOW)
    assert sorted(one.id for one in found) == ids
    assert {one.items[0].state.seconds for one in found} == {65}


# ---- the gate of an exam ----


def sat(session, made, **values):
    bank = factories.bank(session)
    exam_id = exams.create(session, SYSTEM, factories.draft([bank.id], **values), NOW)
    exams.publish(session, SYSTEM, exam_id, NOW)
    return exam_id


def test_an_exam_may_ask_for_minutes_of_its_year(session, made):
    exam_id = sat(session, made, required_minutes=10)
    who = made["a1"]
    read(session, who, "law:1", 599)
    read(session, who, "law:1", 6000, day=date(2025, 12, 31))
    read(session, who, "law:1", 6000, day=TODAY + timedelta(days=1))
    with pytest.raises(ConflictError) as error:
        attempts.start(session, who, exam_id, NOW)
    assert error.value.code == "study_required"
    assert error.value.facts == {"missing": "2026 年以来学习 9 分钟，要求 10 分钟"}
    read(session, who, "guide:宪法", 1, day=date(2026, 1, 1))
    assert attempts.start(session, who, exam_id, NOW)


@pytest.mark.parametrize(("year", "day", "since"), [
    (2026, date(2027, 1, 10), 2026), (2027, TODAY, 2026), (2026, TODAY, 2026)])
def test_whoever_lacks_minutes_can_always_read_on(session, made, year, day, since):
    """Also for a make-up in January, and for an exam of next year that is held in this one."""
    exam_id = sat(session, made, year=year, required_minutes=10)
    exam, who = session.get_one(Exam, exam_id), made["a1"]
    now = NOW + (day - TODAY)
    found = study_gate.gap(session, who.id, exam, now)
    assert found.words == (f"{since} 年以来学习 0 分钟，要求 10 分钟",)
    read(session, who, "law:1", 600, day=day)
    assert study_gate.gap(session, who.id, exam, now).words == ()


def test_a_plan_outside_its_days_says_so_at_the_gate(session, made):
    plan_id = plan(session, starts=TODAY + timedelta(days=7))
    exam = session.get_one(Exam, sat(session, made, required_plan_id=plan_id))
    words = "学习计划「2026 年度学法计划」还差 1 项"
    for now, why in ((NOW, "（2026 年 11 月 30 日开始）"), (NOW + 7 * DAY, ""),
                     (NOW + 40 * DAY, "（2026 年 12 月 31 日已结束，请联系培训员延长）")):
        assert study_gate.gap(session, made["a1"].id, exam, now).words == (words + why,)


def test_an_exam_may_ask_for_a_plan(session, made):
    plan_id = plan(session, LINK, GUIDE, minutes=3, unit_ids=(made["one"],))
    exam_id = sat(session, made, required_plan_id=plan_id, required_laws=("宪法",))
    exam = session.get_one(Exam, exam_id)

    def words(name):
        return study_gate.gap(session, made[name].id, exam, NOW).words

    assert words("a1") == ("《宪法》指南未学完",
                           "学习计划「2026 年度学法计划」还差 2 项、3 分钟")
    assert words("b1") == ("《宪法》指南未学完",)  # the plan was not set for them
    plan_people.exempt(session, SYSTEM, plan_id, made["a2"].id, Exemption.SICK, "", NOW)
    assert words("a2") == ("《宪法》指南未学完",)
    items = [one.id for one in plan_mine.my_plan(session, made["a1"], plan_id, NOW).items]
    for item in items:
        plan_mine.mark(session, made["a1"], plan_id, item, NOW)
    read(session, made["a1"], "guide:档案法", 180)
    study.mark_read(session, made["a1"], "宪法", NOW)
    assert words("a1") == ()
    assert attempts.start(session, made["a1"], exam_id, NOW)
    plans.cancel(session, SYSTEM, plan_id, "停", NOW)
    assert words("a3") == ("《宪法》指南未学完",)


def test_an_exam_is_not_published_with_a_plan_that_is_not(session, made):
    plan_id = plan(session, publish=False)
    bank = factories.bank(session)
    wanted = factories.draft([bank.id], required_plan_id=plan_id)
    exam_id = exams.create(session, SYSTEM, wanted, NOW)
    assert code(ConflictError, exams.publish, session, SYSTEM, exam_id, NOW) == "exam_plan"
    plans.publish(session, SYSTEM, plan_id, NOW)
    plans.cancel(session, SYSTEM, plan_id, "停", NOW)
    assert code(ConflictError, exams.publish, session, SYSTEM, exam_id, NOW) == "exam_plan"
    unknown = factories.draft([bank.id], code="KS-9", required_plan_id=99)
    assert code(InvalidError, exams.create, session, SYSTEM, unknown, NOW) == "plan_unknown"


def test_minutes_are_asked_of_the_database_only_if_the_exam_asks(session, made, count_queries):
    plain_exam = session.get_one(Exam, sat(session, made))
    session.flush()
    count_queries.clear()
    assert study_gate.gap(session, made["a1"].id, plain_exam, NOW) == study_gate.Gap()
    assert len(count_queries) == 1
    plain_exam.required_minutes = 5
    session.flush()
    count_queries.clear()
    study_gate.gap(session, made["a1"].id, plain_exam, NOW)
    assert len(count_queries) == 2


# ---- materials ----


def test_a_material_is_one_for_the_same_bytes_and_shut_until_published(session, made, tmp_path):
    checked = materials.check("讲义.pdf", b"%PDF-1.7\n1 0 obj\n%%EOF\n")
    folder = tmp_path / "materials"
    materials.store(folder, checked)
    materials.store(folder, checked)
    assert [path.name for path in folder.iterdir()] == [checked.digest]
    one = materials.keep(session, made["trainer"], checked, "讲义", NOW)
    assert materials.keep(session, made["trainer"], checked, "别的名", NOW) == one
    with pytest.raises(NotFoundError):
        materials.material(session, made["a1"], one)
    item = ItemDraft(ItemKind.FILE, "讲义", 1, material_id=one)
    plan_id = plan(session, item)
    found = materials.material(session, made["a1"], one)
    assert materials.contents(folder, found) == checked.data
    read(session, made["a1"], f"material:{one}", 60)
    mine = plan_mine.my_plan(session, made["a1"], plan_id, NOW).items[0]
    assert (mine.state.has_time, mine.state.is_done) == (True, False)
    plans.cancel(session, SYSTEM, plan_id, "停", NOW)
    with pytest.raises(NotFoundError):
        materials.material(session, made["a1"], one)
    (folder / checked.digest).unlink()
    with pytest.raises(DomainError):
        materials.contents(folder, found)
    assert files.find(folder, "../secret_key") is None
