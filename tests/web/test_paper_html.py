"""The pages of a candidate: what they hold, with sample values as the views pass them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, render_template
from markupsafe import Markup

from legaled import create_app
from legaled.config import ROOT, Config
from legaled.domain.permissions import Actor, Role
from legaled.services.laws import Shelf
from legaled.services.practice_mistakes import Due
from legaled.services.practice_recall import Recall
from legaled.web.access import Member
from tests.factories import NOW

CUT = "<!--|-->"
SCRIPT = ROOT / "legaled" / "static" / "exam.js"


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Flask]:
    """Inside a request of a signed-in trainer; no page here needs the database."""
    app = create_app(
        Config(secret_key="t", instance=tmp_path, testing=True, log_level="CRITICAL"),
        clock=lambda: NOW,
    )
    with app.test_request_context():
        roles = frozenset({Role.STAFF, Role.TRAINER})
        g._login_user = Member(Actor(1, "20260001", "周敏", 1, roles), "t")
        g.law_shelf = Shelf()
        yield app
    app.extensions["database"].close()


def slot(kind: str, **values: Any) -> str:
    given = {"kind": kind, "kind_words": "单选题，2 分", "stem": "几年？", "options": [], "gaps": 0}
    return render_template("attempts/_slot.html", **{**given, **values})


def cell(number: int, done: bool) -> str:
    return render_template("attempts/_cell.html", number=number, done=done)


def paper(**values: Any) -> str:
    given = {
        "attempt_id": 7,
        "exam_id": 1,
        "title": "年度考试",
        "person_name": "周敏",
        "slots_html": Markup("<fieldset id='slot-1'></fieldset>"),
        "cells_html": Markup("").join(Markup(cell(n, n == 1)) for n in (1, 2)),
        "total": 2,
        "answered": 1,
        "deadline": NOW + timedelta(minutes=41),
        "deadline_iso": "2026-11-23T04:41:00.000Z",
        "now_iso": "2026-11-23T04:00:00.000Z",
        "left_words": "41:00",
    }
    return render_template("attempts/paper.html", **{**given, **values})


def review(**values: Any) -> str:
    given = {
        "title": "年度考试",
        "closed_words": "11月23日 12:41 交卷。",
        "score": 86,
        "total": 100,
        "pass_line": 60,
        "passed": True,
        "excellent": False,
        "number_words": "第 1 次作答",
        "counts_words": "可考 2 次，取最高分。",
        "can_retry": False,
        "exam_id": 1,
        "later_words": "",
        "questions": [],
        "wrong": 0,
        "attempt_id": 3,
    }
    return render_template("attempts/review.html", **{**given, **values})


def start(**values: Any) -> str:
    given = {
        "exam_id": 1,
        "title": "年度考试",
        "facts": [("限时", "60 分钟")],
        "rules": ("计时以服务器为准。",),
        "needs_password": False,
        "password_error": "",
        "missing_laws": [],
        "refusal": None,
        "action_words": "开始考试",
    }
    return render_template("exams/start.html", **{**given, **values})


@pytest.mark.usefixtures("inside")
class TestSlot:
    @pytest.mark.parametrize(
        ("kind", "control"), [("single", "radio"), ("judge", "radio"), ("multi", "checkbox")]
    )
    def test_is_cut_into_head_options_and_tail(self, kind: str, control: str) -> None:
        head, *options, tail = slot(kind, options=["十年", "二十年"]).split(CUT)
        assert '<fieldset class="slot" id="slot-§N§" data-slot="§N§"' in head
        assert 'name="seq-§N§" value="§S§"' in head
        assert [text in piece for text, piece in zip(["十年", "二十年"], options, strict=True)]
        for piece in options:
            assert f'type="{control}" name="slot-§N§"' in piece
            assert 'value="§L§"§C§>' in piece
        assert "§T§" in tail
        assert 'aria-live="polite"' in tail

    def test_gaps_are_text_fields_with_their_own_labels(self) -> None:
        _head, *gaps, _tail = slot("blank", gaps=2).split(CUT)
        assert len(gaps) == 2
        for number, piece in enumerate(gaps, 1):
            assert f'<label for="s§N§-{number}">第 {number} 空</label>' in piece
            assert 'name="slot-§N§"' in piece
            assert 'value="§V§"' in piece

    def test_texts_are_escaped(self) -> None:
        text = slot("single", stem="<b>&", options=["<i>", "b"])
        assert "&lt;b&gt;&amp;" in text
        assert "&lt;i&gt;" in text


@pytest.mark.usefixtures("inside")
class TestPaper:
    def test_works_as_a_plain_form(self) -> None:
        text = paper()
        form = text[text.index('id="exam"') : text.index("</form>")]
        assert "<fieldset id='slot-1'>" in form
        assert 'name="csrf_token"' in form
        buttons = re.findall(r'type="submit" name="(\w+)" value="(\w+)">(\w+)<', form)
        assert buttons == [("confirm", "1", "交卷"), ("action", "save", "保存")]
        assert "打开时剩 41:00" in text
        assert "12:41 截止" in text

    def test_has_a_card_and_no_way_out_by_a_slip_of_the_thumb(self) -> None:
        text = paper()
        assert 'href="#slot-1" data-cell="1" aria-label="第 1 题，已答"' in text
        assert 'href="#slot-2" data-cell="2" aria-label="第 2 题，未答"' in text
        assert "bottombar" not in text
        assert 'class="tabs"' not in text

    def test_carries_the_symbols_that_the_script_shows(self) -> None:
        text = paper()
        for name in ("check", "alert", "offline"):
            assert f'<symbol id="i-{name}"' in text

    def test_has_no_inline_script_or_style(self) -> None:
        text = paper()
        assert "style=" not in text
        assert not re.search(r"<script(?![^>]*src=)", text)
        assert not re.search(r"\son\w+=", text)

    def test_confirm_names_what_is_open_and_posts(self) -> None:
        text = render_template(
            "attempts/confirm.html", attempt_id=7, title="年度考试", open_count=2,
            open_list="3、5", deadline=NOW,
        )
        assert "还有 2 题未答，确定交卷？" in text
        assert "第 3、5 题还空着" in text
        assert 'method="post" action="/attempts/7/submit"' in text
        assert 'href="/attempts/7"' in text


class TestScript:
    def test_is_small_and_keeps_to_what_chromium_90_knows(self) -> None:
        text = SCRIPT.read_text("utf-8")
        assert len(text.encode()) < 20 * 1024
        for word in (".at(", "replaceAll", "inert", "randomUUID", "serviceWorker", "?.", "??"):
            assert word not in text, word


@pytest.mark.usefixtures("inside")
class TestReview:
    def test_shows_the_score_and_what_comes_later(self) -> None:
        text = review(later_words="考试全部结束后可以看到正确答案。", can_retry=True)
        assert "<b>86<i>分</i></b>" in text
        assert "及格" in text
        assert "考试全部结束后可以看到正确答案。" in text
        assert 'href="/exams/1"' in text

    def test_shows_no_score_before_it_may(self) -> None:
        text = review(score=None, passed=None)
        assert "成绩现在还不能看" in text
        assert "及格</span>" not in text
        assert "再考一次" not in text

    def test_tells_right_from_chosen_in_words(self) -> None:
        option = {"letter": "A", "text": "十年", "chosen": True, "right": False}
        question = {
            "number": 1, "kind_words": "单选题，2 分", "stem": "几年？",
            "options": [option, {**option, "letter": "B", "chosen": False, "right": True}],
            "given": "A", "right_words": "B", "earned": 0, "points": 2,
            "explanation": "满二十五年。", "law": "档案法", "article": "第二十七条",
        }
        text = review(questions=[question])
        assert "你选的" in text
        assert "正确</span>" in text
        assert "得 0 分" in text
        assert "档案法 第二十七条" in text

    def test_an_empty_gap_is_said(self) -> None:
        question = {
            "number": 1, "kind_words": "填空题，2 分", "stem": "__", "options": [], "given": "",
            "right_words": "一", "earned": 0, "points": 2, "explanation": "", "law": "",
            "article": "",
        }
        assert "没有填" in review(questions=[question])


@pytest.mark.usefixtures("inside")
class TestExams:
    EXAM = {  # noqa: RUF012 - never changed
        "id": 1, "title": "年度考试", "window": "11月23日 9:00 至 18:00", "stage": "进行中",
        "minutes": 60, "questions": 50, "attempts": "已考 0 次，可考 2 次", "action": "start",
        "action_url": "/exams/1", "note": "",
    }

    def test_only_the_first_due_exam_has_the_main_button(self) -> None:
        running = {**self.EXAM, "id": 2, "action": "resume"}
        past = {**self.EXAM, "id": 3, "action": None, "note": "已获批免考"}
        text = render_template("exams/index.html", due=[self.EXAM, running], others=[past])
        assert text.count("btn-primary") == 1
        assert "进入考试" in text
        assert "继续作答" in text
        assert "已获批免考" in text

    def test_an_empty_list_tells_the_next_step(self) -> None:
        text = render_template("exams/index.html", due=[], others=[])
        assert "先去学习" in text

    def test_start_posts_once_and_asks_for_the_password_if_there_is_one(self) -> None:
        assert 'name="password"' not in start()
        text = start(needs_password=True, password_error="口令不对。")
        assert 'method="post" action="/exams/1/attempts"' in text
        assert 'aria-describedby="password-h password-e"' in text
        assert "口令不对。" in text

    @pytest.mark.parametrize(
        "why", [{"refusal": "你已获批免考。"}, {"missing_laws": [("档案法", "/study/档案法")]}]
    )
    def test_start_without_the_right_to_has_no_form(self, why: dict[str, Any]) -> None:
        text = start(**why)
        assert "开始考试</button>" not in text
        assert "免考" in text or "/study/档案法" in text


@pytest.mark.usefixtures("inside")
class TestHome:
    RESULT = ("上半年考试", "/attempts/3/review", "6月18日，第 1 次", "92 分，一次通过", "ok")

    def test_one_line_one_button(self) -> None:
        due = {"title": "年度考试还没考", "words": "50 题。", "url": "/x", "button": "进入"}
        laws = [("宪法", "/study/a", True, "学完"), ("档案法", "/study/b", False, "40 分钟")]
        text = render_template(
            "home/index.html", today="11月23日 星期一", due=due, laws=laws, results=[self.RESULT],
            coming=[], challenges=[], plan=None,
        )
        assert text.count("btn-primary") == 1
        assert '<progress value="1" max="2"' in text
        assert "92 分，一次通过" in text

    def test_nothing_due_nothing_learnt_nothing_sat(self) -> None:
        text = render_template(
            "home/index.html", today="今天", due=None, laws=[], results=[], coming=[],
            challenges=[], plan=None,
        )
        assert "现在没有要参加的考试" in text
        assert "还没有成绩" in text

    def test_me_can_change_the_password_and_leave(self) -> None:
        text = render_template(
            "home/me.html", name="周敏", number="20260001", unit="", roles="职工", results=[],
            due=Due(0, 0, 0, 0, 0), recall=Recall(0, 0, 0.0),
        )
        assert 'href="/password"' in text
        assert 'method="post" action="/logout"' in text

    def test_desk_lists_tasks_with_their_number(self) -> None:
        tasks = [("3 道题等你复核", "档案法", "/banks/1", 3), ("考试在进行", "今天", "/x", None)]
        text = render_template("home/desk.html", tasks=tasks)
        assert text.count('class="row-end"') == 1
        assert "没有要办的事" in render_template("home/desk.html", tasks=[])
