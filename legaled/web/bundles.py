"""Zips that are made in the background: how far they are, and taking them away."""

from pathlib import Path

from flask import (
    Blueprint,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    send_file,
    url_for,
)
from werkzeug import Response

from legaled import db
from legaled.domain.errors import DomainError
from legaled.domain.permissions import Permission
from legaled.files.uploads import KEPT, Upload
from legaled.services import audit, bundles
from legaled.services.bundles import Bundle, Worker
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.errors import message

bp = Blueprint("bundles", __name__, url_prefix="/bundles")
Page = str | tuple[str, int] | Response
ZIP = "application/zip"
MOMENT = 0.8  # seconds that a page waits for work that is nearly done


@bp.get("")
@allow(Permission.STUDY_EDIT)
def index() -> Page:
    found = bundles.mine(_folder(), actor())
    for one in found:
        if not one.is_settled:
            _worker().start(one.order.token)
    return render_template("bundles/list.html", bundles=found, days=KEPT.days)


@bp.get("/<token>")
@allow(Permission.STUDY_EDIT)
def show(token: str) -> Page:
    bundle = _look(token, MOMENT)
    why = message(DomainError(bundle.state.failed)) if bundle.state.failed else ""
    return render_template("bundles/show.html", it=bundle, why=why, days=KEPT.days,
                           words=_words(bundle), mine=bundle.order.owner == actor().id)


@bp.get("/<token>/state.json")
@allow(Permission.STUDY_EDIT)
def state(token: str) -> Page:
    bundle = _look(token)
    return jsonify(settled=bundle.is_settled, words=_words(bundle), stage=bundle.state.stage,
                   done=bundle.state.done, total=bundle.state.total)


@bp.get("/<token>/file")
@allow(Permission.STUDY_EDIT)
def file(token: str) -> Page:
    bundle = bundles.find(_folder(), actor(), token)
    path = bundles.content(_folder(), bundle)
    with db.database().write() as session:
        audit.note(session, actor(), "bundle.download", bundle.order.name, now())
    return send_file(path, ZIP, as_attachment=True, download_name=bundle.order.name)


@bp.post("/<token>/retry")
@allow(Permission.STUDY_EDIT)
def retry(token: str) -> Page:
    bundles.retry(_folder(), bundles.find(_folder(), actor(), token))
    _worker().start(token)
    return redirect(url_for(".show", token=token), 303)


@bp.post("/<token>/delete")
@allow(Permission.STUDY_EDIT)
def delete(token: str) -> Page:
    bundle = bundles.find(_folder(), actor(), token)
    bundles.drop(_folder(), bundle)
    flash(f"已移去「{bundle.order.name}」。各人的记录都在，没有变化。")
    return redirect(url_for(".index"), 303)


def start(kind: str, name: str, values: dict[str, object]) -> Upload:
    """Order a bundle for the actor and begin; for the views of the features that offer one."""
    made = bundles.order(_folder(), actor(), kind, name, values, now())
    _worker().start(made.token)
    return made


def recent(kind: str, values: dict[str, object]) -> list[Bundle]:
    """The actor's bundles of this kind for these values, the newest first."""
    return [one for one in bundles.mine(_folder(), actor())
            if one.order.options == {"kind": kind, "values": values}]


def _look(token: str, seconds: float = 0) -> Bundle:
    """The bundle as it is now; work on it that nobody does is begun."""
    bundle = bundles.find(_folder(), actor(), token)
    if not bundle.is_settled:
        _worker().start(token)
        bundle = bundles.settle(_folder(), bundle, seconds)
    return bundle


def _words(bundle: Bundle) -> str:
    if not bundle.state.total:
        return "正在核对名单…"
    return f"已生成 {bundle.state.done}/{bundle.state.total} 份"


def _worker() -> Worker:
    """The process's own thread; in tests the work is done at once."""
    made: Worker | None = current_app.extensions.get("bundles")
    if made is None:
        inline = bool(current_app.config["LEGALED"].testing)
        made = current_app.extensions.setdefault("bundles", Worker(
            db.database(), _folder(), current_app.extensions["clock"], inline=inline))
    return made


def _folder() -> Path:
    """Beside the database, never under a public path."""
    instance: Path = current_app.config["LEGALED"].instance
    return instance / "bundles"
