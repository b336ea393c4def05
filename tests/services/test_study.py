"""What a person has read."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from legaled.config import ROOT
from legaled.domain.errors import ForbiddenError, NotFoundError
from legaled.domain.permissions import SYSTEM, Actor
from legaled.models import StudyMark
from legaled.services import study
from tests import factories
from tests.factories import NOW

LAWS = ROOT / "question_banks"


@pytest.fixture
def actor(session) -> Actor:
    return factories.actor(factories.person(session, "1", factories.unit(session)))


# ---- reading ----


@pytest.mark.parametrize("law", ["没有", "", "..", "../instance", "档案法/guide.md", "/etc"])
def test_only_a_listed_law_has_a_guide(law: str) -> None:
    with pytest.raises(NotFoundError):
        study.guide(LAWS, law)


def test_a_listed_law_is_found() -> None:
    assert study.guide(LAWS, "档案法").name == "档案法"


def test_reading_is_marked_once_and_keeps_the_first_time(session, actor) -> None:
    study.mark_read(session, actor, "宪法", NOW)
    study.mark_read(session, actor, "宪法", NOW + timedelta(days=1))
    assert study.read_laws(session, actor.id) == {"宪法": NOW}
    study.unmark_read(session, actor, "宪法")
    study.unmark_read(session, actor, "宪法")
    assert study.read_laws(session, actor.id) == {}


def test_the_button_pressed_twice_at_once_marks_once(session, actor, monkeypatch) -> None:
    study.mark_read(session, actor, "宪法", NOW)
    session.flush()
    session.expunge_all()
    monkeypatch.setattr(session, "get", lambda *_args: None)  # the other one is not seen yet
    study.mark_read(session, actor, "宪法", NOW + timedelta(seconds=1))
    assert study.read_laws(session, actor.id) == {"宪法": NOW}


def test_marks_belong_to_one_person(session, actor) -> None:
    study.mark_read(session, actor, "宪法", NOW)
    assert study.read_laws(session, int(actor.id or 0) + 1) == {}
    other = Actor(int(actor.id or 0) + 1, "2", "别人", 1, frozenset())
    study.unmark_read(session, other, "宪法")
    assert session.scalar(sa.select(sa.func.count()).select_from(StudyMark)) == 1


def test_the_command_line_reads_nothing(session) -> None:
    with pytest.raises(ForbiddenError):
        study.mark_read(session, SYSTEM, "宪法", NOW)


def test_missing_keeps_the_order_that_was_asked(session, actor) -> None:
    study.mark_read(session, actor, "档案法", NOW)
    assert study.missing(session, actor.id, ["宪法", "档案法", "保密法"]) == ("宪法", "保密法")
    assert study.missing(session, actor.id, []) == ()
