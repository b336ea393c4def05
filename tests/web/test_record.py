"""学法档案 as people of each role get it, and the zip from asking to download."""

import io
import zipfile
from datetime import date

import pypdf
import pytest
import sqlalchemy as sa

from legaled.models import AuditEvent, Person
from tests.record_world import LATER, record_world


@pytest.fixture
def world(database, clock):
    clock.now = LATER
    with database.write() as session:
        made = record_world(session)
        session.expunge_all()
    return made


def page(browser, url, status=200):
    answer = browser.get(url)
    assert answer.status_code == status, (url, answer.status_code)
    return answer.get_data(as_text=True)


def pdf_text(answer):
    assert answer.headers["Content-Type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(answer.data))
    return "".join("".join(one.extract_text() for one in reader.pages).split())


def test_one_s_own_year_and_its_pdf_say_the_same(world, browse):
    me = browse(world["s1"].id)
    text = page(me, "/record")
    for words in ("个人学法档案（2026年度）", "再考通过", "已考，成绩未公布", "30 分钟",
                  "宪法日挑战赛"):
        assert words in text
    answer = me.get("/record.pdf?year=2026")
    number = text.partition('核对号 <span class="nobr">')[2][:19]
    assert number in pdf_text(answer)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "95" not in page(me, "/record").partition('id="exams"')[2].partition("</section>")[0]
    assert "去年的一次" in page(me, "/record?year=2025")
    assert "/record?year=2025" in text
    assert "/record" in page(me, "/me")


def test_another_s_record_is_closed_to_staff(world, browse):
    me, other = browse(world["s2"].id), world["s1"].id
    for url in (f"/record/{other}", f"/record/{other}.pdf", "/record/people",
                f"/record/units/{world.unit}", "/bundles"):
        page(me, url, 403)


def test_a_trainer_reads_all_but_results(world, browse):
    trainer, person = browse(world["trainer"].id), world["s1"].id
    text = page(trainer, f"/record/{person}")
    assert "考试成绩只对办公室和本人显示" in text
    exams = text.partition('id="exams"')[2].partition("</section>")[0]
    assert "已考" in exams
    assert "再考通过" not in exams
    assert "再考通过" not in pdf_text(trainer.get(f"/record/{person}.pdf?year=2026"))
    page(trainer, f"/record/units/{world.unit}", 403)


def test_the_office_reads_all_and_it_is_noted(world, browse, database):
    office, person = browse(world["office"].id), world["s1"].id
    assert "一次性通过" in page(office, f"/record/{person}")
    assert "一次性通过" in pdf_text(office.get(f"/record/{person}.pdf?year=2026"))
    with database.read() as session:
        assert session.scalars(sa.select(AuditEvent.subject).where(
            AuditEvent.action == "record.pdf")).all() == ["s1 2026"]
    page(office, "/record/424242", 404)
    page(office, f"/record/{person}?year=1066", 404)
    page(office, "/record/units/nix", 404)
    assert f"/record/{person}?year=2026" in page(office, f"/record/people?unit={world.unit}")


def test_a_name_that_cannot_be_printed_is_refused_by_the_character(world, browse, database):
    with database.write() as session:
        session.get_one(Person, world["s1"].id).name = "𠮷田"
    me = browse(world["s1"].id)
    assert "𠮷田" in page(me, "/record")
    assert "字库里没有“𠮷”（U+20BB7）" in page(me, "/record.pdf", 422)


def test_markup_in_a_name_is_text(world, browse, database):
    with database.write() as session:
        session.get_one(Person, world["s1"].id).name = "#panic()<b>*x*"
    me = browse(world["s1"].id)
    assert "#panic()&lt;b&gt;*x*" in page(me, "/record")
    assert "#panic()<b>*x*" in pdf_text(me.get("/record.pdf"))


def test_a_unit_s_zip_from_asking_to_download(world, browse, database):
    office = browse(world["office"].id)
    assert "生成 3 份 PDF" in page(office, f"/record/units/{world.unit}?year=2026")
    answer = office.post(f"/record/units/{world.unit}?year=2026")
    assert answer.status_code == 303
    assert "已生成 3 份" in page(office, answer.location)
    state = office.get(f"{answer.location}/state.json").json
    assert (state["settled"], state["done"], state["total"]) == (True, 3, 3)
    file = office.get(f"{answer.location}/file", buffered=True)
    assert file.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(file.data)) as found:
        assert set(found.namelist()) == {
            "目录.xlsx", "s1_人员s1.pdf", "s2_人员s2.pdf", "s3_人员s3.pdf"}
    with database.read() as session:
        assert session.scalars(sa.select(AuditEvent.action).where(
            AuditEvent.action.in_(["record.bundle", "bundle.download"])
        ).order_by(AuditEvent.id)).all() == ["record.bundle", "bundle.download"]
    for url in ("/bundles", f"/record/units/{world.unit}?year=2026"):
        assert answer.location in page(office, url)
    trainer = browse(world["trainer"].id)
    for url in ("", "/state.json", "/file"):
        page(trainer, answer.location + url, 404)
    assert trainer.post(f"{answer.location}/delete").status_code == 404
    assert office.post(f"{answer.location}/delete").status_code == 303
    page(office, answer.location, 404)


def test_a_unit_without_anybody_has_no_button(world, browse, database):
    with database.write() as session:
        session.get_one(Person, world["s3"].id).left_on = date(2024, 5, 1)
    text = page(browse(world["office"].id), f"/record/units/{world.below}")
    assert "没有在岗的人" in text
    assert "<form method=\"post\" action=\"/record/" not in text
