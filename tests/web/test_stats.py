"""The year's page, the lists behind it and the files, as people of each role get them."""

import csv
import html
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from legaled import db
from legaled.models import AuditEvent, RosterEntry
from tests import rates_world
from tests.rates_world import NOW, PRINTED, expected


@pytest.fixture
def world(database: db.Database, clock: Any) -> rates_world.World:
    clock.now = NOW
    with database.write() as session:
        made = rates_world.demo_year(session)
        session.expunge_all()
    return made


@pytest.fixture
def office(world: rates_world.World, browse: Any) -> Any:
    return browse(world.office.id)


@pytest.fixture
def trainer(world: rates_world.World, browse: Any) -> Any:
    return browse(world.trainer.id)


def text(response: Any) -> str:
    """What a reader sees, without tags and doubled space."""
    assert response.status_code == 200, response.status
    body = re.sub(r"(?s)<head>.*?</head>|<[^>]*>", "", response.get_data(as_text=True))
    return re.sub(r"\s+", " ", html.unescape(body))


def test_the_page_prints_the_demo_year(office: Any) -> None:
    page = text(office.get("/stats?year=2026"))
    assert "97.78%44/45 人次" in page.replace(" %", "%").replace("实考名单，", "")
    for printed in (
        "按人，全部参加 95.65%（22/23）", "口径B 93.33%（42/45）",
        "按人，全部一次通过 95.45%（21/22）", "95.24%（20/21）", "90.91%（20/22）", "100%（44/44）",
    ):
        assert printed in page
    assert "都填了原因" in page
    assert text(office.get("/stats")) == page


def test_the_page_of_every_unit_prints_its_figures(office: Any) -> None:
    codes = {"示例区": "Q", "示例区档案馆": "G"} | {n: c for c, n, _ in rates_world.SECTIONS}
    for path, counts in expected().items():
        page = text(office.get(f"/stats?year=2026&unit={codes[path.rpartition('/')[2]]}"))
        sittings, people = counts["sittings"], counts["people"]
        assert f"{sittings['sat']}/{sittings['required']} 人次" in page
        assert f"{sittings['first_passed']}/{sittings['sat']} 人次" in page
        assert f"（{people['sat']}/{people['required']}）" in page
        assert f"（{people['first_passed']}/{people['sat']}）" in page


def test_every_figure_on_the_page_links_to_as_many_names(office: Any) -> None:
    for address in ("/stats?year=2026&card=1", "/stats?year=2026&exam=2026-1&unit=K2"):
        page = office.get(address).get_data(as_text=True)
        links = re.findall(r'<a[^>]*href="(/stats/names\?[^"]+)"[^>]*>(.*?)</a>', page, re.S)
        assert len(links) > 20
        for link, words in links:
            shown = re.sub(r"<span class=\"visually-hidden\">.*?</span>|<[^>]*>", "", words)
            counts = re.search(r"(\d+)/\d+", shown) or re.search(r"(\d+)", shown)
            assert counts, shown
            names = text(office.get(html.unescape(link)))
            heading = re.search(r"：(\d+) 人次?", names)
            assert heading, link
            assert heading[1] == counts[1]


def test_names_are_listed_with_unit_scores_and_note(office: Any) -> None:
    page = text(office.get("/stats/names?year=2026&figure=not_first_passed&by=people"))
    assert "没有一次通过：1 人" in page
    assert "实考 22 − 一次性通过 21" in page
    assert "人员21" in page
    assert "信息技术科" in page
    assert "52 68 再考通过" in page
    absent = text(office.get("/stats/names?year=2026&figure=absent"))
    assert "请假，产假" in absent
    assert "0 人次" in text(office.get("/stats/names?year=2026&figure=extra"))


def test_names_can_be_searched_and_paged(office: Any, database: db.Database, world: Any) -> None:
    found = text(office.get("/stats/names?year=2026&figure=roster&q=人员21"))
    assert "找到 2 人次，共 46" in found
    assert "没有找到「无此人」" in text(
        office.get("/stats/names?year=2026&figure=roster&q=无此人")
    )
    with database.write() as session:
        for number in range(3):
            exam = rates_world.exam(session, world, f"M{number}")
            session.add_all([rates_world.entry(world, exam, n) for n in range(23)])
    page = text(office.get("/stats/names?year=2026&figure=roster&page=2"))
    assert "名册：115 人次" in page
    assert "第 2/2 页，共 115 条" in page


@pytest.mark.parametrize(("address", "status"), [
    ("/stats?exam=X", 404), ("/stats?unit=X", 404), ("/stats?year=999999999999", 404),
    ("/stats/names?figure=nobody", 422), ("/stats/names?by=unit", 422),
    ("/stats/export.pdf", 404), ("/stats?year=x", 200), ("/stats?year=2031", 200),
    ("/stats/names?page=-3", 200),
])
def test_odd_addresses(office: Any, address: str, status: int) -> None:
    assert office.get(address).status_code == status


def test_a_year_without_exams_tells_the_next_step(office: Any) -> None:
    page = text(office.get("/stats?year=2031"))
    assert "2031 年还没有公布过考试" in page
    assert "去安排与进行" in page


def test_without_any_exam_there_is_no_number(
    database: db.Database, clock: Any, browse: Any
) -> None:
    clock.now = NOW
    with database.write() as session:
        person = rates_world.organisation(session).office.id
    assert "2026 年还没有公布过考试" in text(browse(person).get("/stats"))


def test_open_exams_are_named_and_not_counted(
    office: Any, database: db.Database, world: Any
) -> None:
    with database.write() as session:
        exam = rates_world.exam(
            session, world, "2026-3", title="年末考试", closes=NOW + timedelta(days=3)
        )
        session.add_all([
            rates_world.entry(world, exam, n, sat=n < 14, first_score=70, best_score=70)
            for n in range(23)
        ])
    page = text(office.get("/stats"))
    assert "年末考试没有结束，已考 14/23" in page
    assert "3 场，2 场计入" in page
    assert "44/45 人次" in page
    alone = text(office.get("/stats?exam=2026-3"))
    assert "44/45 人次" not in alone
    names = text(office.get("/stats/names?year=2026&exam=2026-3&figure=absent"))
    assert "未考：9 人次" in names


def test_absent_people_without_a_reason_are_to_be_done(
    office: Any, trainer: Any, database: db.Database
) -> None:
    with database.write() as session:
        session.execute(sa.update(RosterEntry).values(absence=None))
    assert "人员14缺考，没有填原因" in text(office.get("/stats"))
    link = re.search(r'href="(/manage/\d+/roster/\d+)"', office.get("/stats").text)
    assert link
    assert "人员14" in text(office.get(link[1]))
    masked = text(trainer.get("/stats"))
    assert "1 人次缺考没有填原因" in masked
    assert "人员14" not in masked


def test_the_card_prints_every_definition(office: Any) -> None:
    page = text(office.get("/stats?card=1"))
    for words in ("口径 A-1", "四舍五入到两位小数", "仅补考", "恰好在线上也算", "次年一月的补考"):
        assert words in page
    assert "口径 A-1" not in text(office.get("/stats"))


# ---- who may ----


def test_roles(world: Any, browse: Any, trainer: Any) -> None:
    staff = browse(world.people[5].id)
    for address in ("/stats", "/stats/export.csv", "/stats/export.json", "/stats/names"):
        assert staff.get(address).status_code == 403
    for address in ("/stats/names?figure=sat", "/stats/names.csv?figure=sat"):
        assert trainer.get(address).status_code == 403


def test_a_trainer_sees_no_names_and_no_small_units(trainer: Any) -> None:
    page = trainer.get("/stats?year=2026").get_data(as_text=True)
    assert "/stats/names" not in page
    assert page.count("人数少，只有办公室能看到") == 3
    shown = trainer.get("/stats/export.json?year=2026").json
    assert [unit["code"] for unit in shown["units"] if unit["by_sittings"] is None] == [
        "K2", "K4", "K5"
    ]
    assert trainer.get("/stats?unit=K5").status_code == 404
    data = trainer.get("/stats/export.csv?year=2026").get_data().decode("utf-8-sig")
    assert "名单\r\n" not in data
    assert "人员21" not in data
    assert data.count("示例区/示例区档案馆/信息技术科,K5,按人,不显示,不显示") == 1


# ---- files ----


def test_csv_json_and_the_command_agree(office: Any, app: Flask) -> None:
    response = office.get("/stats/export.csv?year=2026")
    assert response.mimetype == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    data = response.get_data()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    totals = [row for row in rows if row[:1] == ["2026"]]
    assert [row[-5:-1] for row in totals] == [
        list(PRINTED["sittings"]), list(PRINTED["people"])
    ]
    shown = office.get("/stats/export.json?year=2026").json
    printed = app.test_cli_runner().invoke(args=["stats", "year", "2026", "--json"]).output
    assert shown == json.loads(printed)
    assert office.get("/stats/export.xlsx?year=2026").get_data().startswith(b"PK")


def test_what_leaves_the_house_is_noted(
    office: Any, database: db.Database, world: Any
) -> None:
    for address in ("/stats/export.csv", "/stats/export.xlsx", "/stats/export.json",
                    "/stats/names.xlsx?figure=absent"):
        assert office.get(address).status_code == 200
    with database.read() as session:
        noted = session.execute(
            sa.select(AuditEvent.action, AuditEvent.subject, AuditEvent.actor_id)
            .order_by(AuditEvent.id)
        ).all()
    assert [tuple(row) for row in noted] == [
        ("stats.export", "2026 csv", world.office.id),
        ("stats.export", "2026 xlsx", world.office.id),
        ("stats.export", "2026 json", world.office.id),
        ("stats.export_names", "2026 absent sittings", world.office.id),
    ]


def test_the_page_costs_the_same_whatever_the_size(
    office: Any, database: db.Database, world: Any, count_queries: list[str]
) -> None:
    def cost() -> int:
        count_queries.clear()
        assert office.get("/stats").status_code == 200
        return len([one for one in count_queries if one.startswith("SELECT")])

    cost()
    small = cost()
    with database.write() as session:
        for number in range(4):
            exam = rates_world.exam(session, world, f"M{number}")
            session.add_all([rates_world.entry(world, exam, n, sat=True) for n in range(23)])
    assert cost() == small
