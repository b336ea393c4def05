"""The exam protocol as a browser sees it: calls, answers, codes; on both databases."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.exams import Show
from legaled.domain.permissions import SYSTEM
from legaled.domain.rates import Exemption
from legaled.models import Attempt, Step
from legaled.services import exams, roster
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW


@pytest.fixture
def made(database):
    with database.write() as session:
        return factories.world(session, attempts=2)


@pytest.fixture
def staff(browse, made):
    return browse(made["s1"].id)


def start(browser, exam_id=1, **body):
    return browser.post(f"/exams/{exam_id}/attempts", body)


def put(browser, slot, answer, seq, tab="t", attempt=1):
    body = {"answer": answer, "seq": seq, "tab": tab}
    return browser.send("PUT", f"/attempts/{attempt}/answers/{slot}", body)


def refused(answer, status, code):
    assert (answer.status_code, answer.json["error"]) == (status, code)
    assert re.search(r"[一-鿿]", answer.json["message"])


def count(database, model):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_start_is_303_to_the_attempt_and_twice_is_once(staff, browse, made, database):
    for browser in (staff, staff, browse(made["s1"].id)):
        answer = start(browser)
        assert (answer.status_code, answer.location) == (303, "/attempts/1")
    assert count(database, Attempt) == 1


def test_the_paper_as_json(staff):
    start(staff)
    answer = staff.get("/attempts/1/paper.json")
    paper = answer.json
    assert list(paper) == ["attempt", "exam", "csrf", "deadline", "now", "slots", "saved"]
    assert (paper["attempt"], paper["exam"]) == (1, "KS-1")
    assert (paper["now"], paper["deadline"]) == (
        "2026-11-23T04:00:00.000Z", "2026-11-23T05:00:00.000Z")
    assert paper["saved"] == {}
    first, blank = paper["slots"][0], paper["slots"][-1]
    assert sorted(first) == ["kind", "options", "points", "slot", "stem"]
    assert [option["key"] for option in first["options"]] == ["A", "B", "C", "D"]
    assert (blank["kind"], blank["options"]) == ("blank", [])
    text = answer.get_data(as_text=True)
    assert "解析" not in text
    assert "二十五" not in text


def test_the_csrf_token_of_the_paper_may_be_used(staff):
    start(staff)
    token = staff.get("/attempts/1/paper.json").json["csrf"]
    answer = staff.client.put(
        "/attempts/1/answers/1", json={"answer": ["A"], "seq": 1, "tab": "t"},
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 200


def test_save_answers_with_slot_seq_time_and_deadline(staff, clock):
    start(staff)
    clock.now += timedelta(seconds=1, milliseconds=123)
    assert put(staff, 3, ["B"], 1).json == {
        "slot": 3, "seq": 1, "saved_at": "2026-11-23T04:00:01.123Z",
        "deadline": "2026-11-23T05:00:00.000Z",
    }
    saved = staff.get("/attempts/1/paper.json").json["saved"]
    assert saved == {
        "3": {"answer": ["B"], "seq": 1, "saved_at": "2026-11-23T04:00:01.123Z"}
    }


def test_two_tabs_the_first_wins_the_other_is_told(staff):
    start(staff)
    assert put(staff, 1, ["A"], 1, "one").status_code == 200
    answer = put(staff, 1, ["B"], 1, "two")
    refused(answer, 409, "stale")
    assert answer.json["saved"]["answer"] == ["A"]
    assert answer.json["saved"]["seq"] == 1
    assert put(staff, 1, ["A"], 1, "one").status_code == 200
    assert put(staff, 1, ["B"], 2, "two").status_code == 200


@pytest.mark.parametrize("body", [None, [], "x", {}, {"answer": ["A"]}, {"seq": 1},
                                  {"answer": ["Z"], "seq": 1, "tab": "t"}])
def test_bad_answers_are_422(staff, database, body):
    start(staff)
    refused(staff.send("PUT", "/attempts/1/answers/1", body), 422, "bad_answer")
    assert count(database, Step) == 0


def test_garbage_instead_of_json_is_422(staff):
    start(staff)
    answer = staff.client.put(
        "/attempts/1/answers/1", data=b"\xff{", headers={"X-CSRFToken": staff.csrf},
        content_type="application/json",
    )
    refused(answer, 422, "bad_answer")


def test_closed_is_409(staff, clock):
    start(staff)
    clock.now += HOUR
    refused(put(staff, 1, ["A"], 1), 409, "closed")
    refused(staff.get("/attempts/1/paper.json"), 409, "closed")
    assert staff.get("/attempts/1").location == "/attempts/1/review"


@pytest.mark.parametrize("path", ["/attempts/1/paper.json", "/attempts/1", "/attempts/1/review",
                                  "/attempts/99/paper.json", "/attempts/9999999999/paper.json"])
def test_someone_elses_attempt_looks_like_none(staff, browse, made, path):
    start(staff)
    other = browse(made["s2"].id)
    answer = other.get(path, headers={"Accept": "application/json"})
    refused(answer, 404, "not_found")
    refused(put(other, 1, ["A"], 1), 404, "not_found")
    refused(other.send("POST", "/attempts/1/submit", {"answers": {}}), 404, "not_found")


def test_without_signing_in_it_is_401_and_without_the_token_400(staff, browse):
    start(staff)
    stranger = browse()
    answer = stranger.client.put("/attempts/1/answers/1", json={"answer": ["A"], "seq": 1})
    refused(answer, 401, "login_required")
    refused(stranger.client.get("/attempts/1/paper.json"), 401, "login_required")
    answer = staff.client.put("/attempts/1/answers/1", json={"answer": ["A"], "seq": 1})
    refused(answer, 400, "csrf")


def test_a_body_over_one_megabyte_is_413(staff, database):
    start(staff)
    body = {"answer": ["A" * 1_100_000], "seq": 1, "tab": "t"}
    refused(staff.send("PUT", "/attempts/1/answers/1", body), 413, "too_large")
    assert count(database, Step) == 0


def test_submit_with_the_last_unsaved_answers_and_again(staff):
    start(staff)
    put(staff, 1, ["A"], 1)
    body = {"answers": {"1": {"answer": ["B"], "seq": 1, "tab": "x"},
                        "2": {"answer": ["C"], "seq": 1, "tab": "t"}}}
    first = staff.send("POST", "/attempts/1/submit", body)
    assert first.status_code == 200
    assert first.json["stale"] == [1]
    assert {"score", "total", "pass_line", "passed"} <= set(first.json)
    assert "slots" not in first.json
    again = staff.send("POST", "/attempts/1/submit", {"answers": {}})
    assert again.json == {k: v for k, v in first.json.items() if k != "stale"}
    assert again.json == staff.get(
        "/attempts/1/review", headers={"Accept": "application/json"}
    ).json


def test_at_the_deadline_sent_answers_are_dropped(staff, clock, database):
    start(staff)
    put(staff, 1, ["A"], 1)
    clock.now += HOUR
    body = {"answers": {"2": {"answer": ["C"], "seq": 1, "tab": "t"}}}
    answer = staff.send("POST", "/attempts/1/submit", body)
    assert (answer.status_code, answer.json["late"]) == (200, True)
    assert count(database, Step) == 1


@pytest.mark.parametrize("body", [[], {"answers": []}, {"answers": 3}])
def test_a_submission_that_cannot_be_read_changes_nothing(staff, body):
    start(staff)
    refused(staff.send("POST", "/attempts/1/submit", body), 422, "bad_answer")
    assert staff.get("/attempts/1/paper.json").status_code == 200


def test_the_review_shows_everything_only_after_closing(staff, clock):
    start(staff)
    staff.send("POST", "/attempts/1/submit", {"answers": {}})
    page = staff.get("/attempts/1/review").get_data(as_text=True)
    assert "解析" not in page.replace("每题的正确答案和解析", "")
    clock.now = NOW + 2 * DAY
    page = staff.get("/attempts/1/review").get_data(as_text=True)
    assert "第二十七条" in page
    body = staff.get("/attempts/1/review", headers={"Accept": "application/json"}).json
    assert len(body["slots"]) == 6


# ── refusals of starting ───────────────────────────────────────────────────────


def start_json(browser, exam_id=1, **body):
    return browser.send("POST", f"/exams/{exam_id}/attempts", body)


def test_refusals_of_a_start(staff, browse, made, database, clock):
    clock.now = NOW + DAY - timedelta(seconds=1)
    refused(start_json(staff), 409, "not_open")
    clock.now = NOW
    refused(start_json(browse(made["s1"].id), 99), 404, "not_found")
    with database.write() as session:
        roster.exempt(session, SYSTEM, 1, made["s2"].id, Exemption.LENT, "馆长", NOW.date(),
                      "借调区委办", NOW)
        roster.remove(session, SYSTEM, 1, made["s3"].id, "调离", NOW)
    refused(start_json(browse(made["s2"].id)), 409, "exempt")
    refused(start_json(browse(made["s3"].id)), 409, "not_on_roster")
    for number in (1, 2):
        start(staff)
        staff.send("POST", f"/attempts/{number}/submit", {"answers": {}})
    refused(start_json(staff), 409, "no_attempts_left")
    page = start(staff)
    assert page.status_code == 409
    assert "作答次数已经用完" in page.get_data(as_text=True)
    assert count(database, Attempt) == 2


def test_study_address_and_password(browse, database):
    with database.write() as session:
        made = factories.world(
            session, required_laws=("档案法",), networks=("10.0.0.0/8",), password="2046"
        )
    staff = browse(made["s1"].id)
    refused(start_json(staff), 409, "study_required")
    staff.post("/study/档案法/read")
    refused(start_json(staff), 403, "address_not_allowed")
    staff.client.environ_base["REMOTE_ADDR"] = "10.3.2.1"
    refused(start_json(staff), 403, "password_required")
    refused(start_json(staff, password="2047"), 403, "password_required")
    page = start(staff, password="2047")
    assert page.status_code == 403
    assert "考场口令" in page.get_data(as_text=True)
    assert start(staff, password="2046").status_code == 303


def test_a_cancelled_exam_closes_its_papers(staff, database):
    start(staff)
    with database.write() as session:
        exams.cancel(session, SYSTEM, 1, "停电", NOW)
    refused(put(staff, 1, ["A"], 1), 409, "closed")
    assert "已经取消" in staff.get("/attempts/1/review").get_data(as_text=True)


# ── the plain form ─────────────────────────────────────────────────────────────


def form(answers, **more):
    data = {f"seq-{slot}": seq for slot, (_, seq) in answers.items()}
    data |= {f"slot-{slot}": answer for slot, (answer, _) in answers.items()}
    return data | more


def test_the_form_saves_and_shows_what_is_saved(staff):
    start(staff)
    data = form({1: (["B"], 1), 4: (["A", "C"], 1), 6: (["25", "<§N§>"], 1)}, action="save")
    answer = staff.post("/attempts/1", data)
    assert (answer.status_code, answer.location) == (303, "/attempts/1")
    saved = staff.get("/attempts/1/paper.json").json["saved"]
    assert {slot: one["answer"] for slot, one in saved.items()} == {
        "1": ["B"], "4": ["A", "C"], "6": ["25", "<§N§>"]}
    page = staff.get("/attempts/1").get_data(as_text=True)
    assert len(re.findall(r'<input type="(?:radio|checkbox)"[^>]* checked', page)) == 3
    assert 'value="&lt;&#167;N&#167;&gt;"' in page
    assert 'name="seq-1" value="2"' in page
    assert "§" not in page


def test_a_stale_form_loses_nothing_and_says_so(staff):
    start(staff)
    put(staff, 1, ["A"], 1)
    put(staff, 1, ["B"], 2)
    staff.post("/attempts/1", form({1: (["A"], 2), 2: (["C"], 1)}, action="save"))
    saved = staff.get("/attempts/1/paper.json").json["saved"]
    assert saved["1"]["answer"] == ["B"]
    assert saved["2"]["answer"] == ["C"]
    assert "第 1 题在别的页面" in staff.get("/attempts/1").get_data(as_text=True)


def test_an_unchanged_form_writes_no_step(staff, database):
    start(staff)
    put(staff, 1, ["A"], 1)
    staff.post("/attempts/1", form({1: (["A"], 2), 2: ([], 1)}, action="save"))
    assert count(database, Step) == 1


def test_submitting_by_form(staff):
    start(staff)
    answer = staff.post("/attempts/1", form({1: (["B"], 1)}, confirm="1"))
    assert (answer.status_code, answer.location) == (303, "/attempts/1/confirm")
    page = staff.get("/attempts/1/confirm").get_data(as_text=True)
    assert "第 2 至 6 题" in page
    answer = staff.post("/attempts/1", {"submit": "1"})
    assert (answer.status_code, answer.location) == (303, "/attempts/1/review")
    assert staff.post("/attempts/1/submit").location == "/attempts/1/review"


# ── what candidates may not learn, and what pages cost ─────────────────────────


def transcript(browse, database, clock, key, explanation):
    """Everything a candidate receives before the exam closes, with tokens and times masked."""
    drafts = [
        factories.question(row, key=key, explanation=explanation) for row in range(2, 8)
    ]
    with database.write() as session:
        made = factories.world(session, after_submit=Show.NOTHING)
        bank = factories.bank(session, "另一题库", drafts)
        draft = factories.draft(
            [bank.id], code="KS-2", quotas={factories.Kind.SINGLE: (5, 20)},
            after_submit=Show.NOTHING,
        )
        exam_id = exams.create(session, SYSTEM, draft, NOW)
        session.get_one(factories.exams.Exam, exam_id).seed = "same"
        exams.publish(session, SYSTEM, exam_id, NOW)
    staff = browse(made["s1"].id)
    answers = [staff.get("/"), staff.get("/exams"), staff.get(f"/exams/{exam_id}")]
    answers += [start(staff, exam_id), staff.get("/attempts/1")]
    answers += [staff.get("/attempts/1/paper.json")]
    answers += [put(staff, slot, ["B"], 1) for slot in range(1, 6)]
    answers += [put(staff, 1, ["A"], 1, "other"), staff.get("/attempts/1")]
    answers += [staff.send("POST", "/attempts/1/submit", {"answers": {}})]
    clock.now = NOW + MINUTE
    answers += [staff.get("/attempts/1/review"), staff.get("/me"), staff.get("/exams")]
    text = "\n".join(
        f"{a.status_code} {a.headers.get('Location')}\n{a.get_data(as_text=True)}" for a in answers
    )
    text = re.sub(r'csrf(-token|_token)?"[^>]*?(content|value)="[^"]+"', "CSRF", text)
    return re.sub(r'"csrf":"[^"]+"', "CSRF", text)


def test_two_installations_that_differ_only_in_keys_answer_alike(tmp_path, browse, database, clock,
                                                                  app):
    from legaled import create_app, db
    from legaled.config import Config
    from tests.conftest import Browser

    one = transcript(browse, database, clock, ("B",), "因为乙")
    clock.now = NOW
    other_app = create_app(
        Config(secret_key="t", instance=tmp_path / "other",
               database_url=f"sqlite:///{tmp_path}/other.sqlite", testing=True,
               idle_minutes=100_000,
               log_level="CRITICAL"),
        clock=clock,
    )
    other = other_app.extensions["database"]
    db.upgrade(other)
    two = transcript(lambda who: Browser(other_app, who), other, clock, ("D",), "其实是丁")
    other.close()
    assert "第 2 个问题" in one
    assert one == two


def test_the_papers_queries_do_not_grow_with_what_is_saved(staff, count_queries):
    start(staff)
    staff.get("/attempts/1")
    seen = []
    for saved in (0, 5):
        for slot in range(1, saved + 1):
            put(staff, slot, ["A"], 1)
        count_queries.clear()
        staff.get("/attempts/1")
        seen.append(len(count_queries))
    assert seen == [0, 0]  # all by the cheap door
