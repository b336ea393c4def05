"""学法档案: one's own year, anybody's for those who look after study, a unit's as a zip."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.permissions import Permission
from legaled.domain.record import Record
from legaled.domain.times import beijing_day
from legaled.services import audit, record, record_bundle, record_paper
from legaled.web import bundles
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import download
from legaled.web.numbers import whole

bp = Blueprint("record", __name__)
Page = str | tuple[str, int] | Response
PDF = "application/pdf"


@bp.get("/record")
@allow(Permission.MEMBER)
def mine() -> Page:
    person = int(actor().id or 0)
    return render_template(
        "record/mine.html", paper=record_paper.paper(_read(person)), years=_years(person))


@bp.get("/record.pdf")
@allow(Permission.MEMBER)
def mine_pdf() -> Page:
    return _pdf(_read(int(actor().id or 0)))


@bp.get("/record/people")
@allow(Permission.STUDY_EDIT)
def people() -> Page:
    text, unit = request.args.get("q", "").strip(), request.args.get("unit", "")
    found = record.people(
        db.get_session(), actor(), text, unit, whole(request.args, "page", 1), now())
    return render_template(
        "record/people.html", found=found, text=text, unit=unit, year=_year(),
        may_bundle=actor().may(Permission.STATS_NAMES))


@bp.get("/record/<int:person_id>")
@allow(Permission.STUDY_EDIT)
def person(person_id: int) -> Page:
    found = _read(person_id)
    return render_template(
        "record/person.html", paper=record_paper.paper(found), years=_years(person_id),
        person_id=person_id, with_scores=actor().may(Permission.STATS_NAMES))


@bp.get("/record/<int:person_id>.pdf")
@allow(Permission.STUDY_EDIT)
def person_pdf(person_id: int) -> Page:
    found = _read(person_id)
    answer = _pdf(found)
    with db.database().write() as session:
        audit.note(session, actor(), "record.pdf", f"{found.owner.number} {found.year}", now())
    return answer


@bp.get("/record/units/<code>")
@allow(Permission.STATS_NAMES)
def unit(code: str) -> Page:
    found = record.unit_people(db.get_session(), actor(), code, _year())
    return render_template(
        "record/unit.html", found=found, year=_year(), years=_last_years(),
        bundles=bundles.recent(record_bundle.NAME, {"unit": found.code, "year": _year()}))


@bp.post("/record/units/<code>")
@allow(Permission.STATS_NAMES)
def make(code: str) -> Page:
    year = _year()
    with db.database().read() as session:
        found = record.unit_people(session, actor(), code, year)
    name = f"学法档案_{found.path.rpartition('/')[2]}_{year}.zip"
    made = bundles.start(record_bundle.NAME, name, {"unit": found.code, "year": year})
    audit.note(db.get_session(), actor(), "record.bundle", f"{found.code} {year}", now(),
               detail=str(len(found.people)))
    return redirect(url_for("bundles.show", token=made.token), 303)


def _read(person_id: int) -> Record:
    """The record, in a session that is over before anything is made of it."""
    with db.database().read() as session:
        return record.person_record(session, actor(), person_id, _year(), now())


def _pdf(found: Record) -> Response:
    data = record_paper.make(record_paper.paper(found), found.at)
    name = f"学法档案_{found.owner.number}_{found.owner.name}_{found.year}.pdf"
    return download(data, name, PDF)


def _year() -> int:
    return whole(request.args, "year", beijing_day(now()).year)


def _years(person_id: int) -> list[int]:
    return record.years(db.get_session(), person_id, now())


def _last_years() -> list[int]:
    this = beijing_day(now()).year
    return [this - back for back in range(3)]
