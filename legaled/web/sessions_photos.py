"""The photographs of a session: taking them in without what the camera wrote, showing them."""

from pathlib import Path

from flask import Blueprint, current_app, flash, g, redirect, render_template, send_file, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Permission
from legaled.files import photos
from legaled.files.photos import Photo, PhotoError
from legaled.forms.sessions import CaptionForm, PhotosForm
from legaled.services import session_photos, session_views
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.words import MESSAGES

bp = Blueprint("photos", __name__, url_prefix="/<int:session_id>/photos")
Page = str | tuple[str, int] | Response


@bp.get("")
@allow(Permission.STUDY_EDIT)
def index(session_id: int) -> Page:
    return _photos_page(session_id, PhotosForm(None), [])


@bp.post("")
@allow(Permission.STUDY_EDIT)
def add(session_id: int) -> Page:
    form = PhotosForm()
    if not form.validate():
        return _photos_page(session_id, form, []), 422
    names, found, problems = _read(form)
    if not found:
        return _photos_page(session_id, form, problems), 422
    with photos.alone(_folder()), db.database().write() as session:
        done = session_photos.add_photos(session, actor(), session_id, found, now())
        for one in found:
            photos.store(_folder(), one)
    problems += [f"{names[place]}：{MESSAGES['photo_there']}" for place in done.there]
    flash(f"新增 {done.new} 张照片。" if done.new else "没有新增照片。")
    for words in problems:
        flash(words, "warn")
    return _to_photos(session_id)


@bp.get("/<int:photo_id>.jpg")
@allow(Permission.MEMBER)
def picture(session_id: int, photo_id: int) -> Page:
    return _send(session_id, photo_id, small=False)


@bp.get("/<int:photo_id>-small.jpg")
@allow(Permission.MEMBER)
def thumb(session_id: int, photo_id: int) -> Page:
    return _send(session_id, photo_id, small=True)


@bp.post("/<int:photo_id>")
@allow(Permission.STUDY_EDIT)
def name(session_id: int, photo_id: int) -> Page:
    form = CaptionForm(prefix=f"photo-{photo_id}-")
    if not form.validate():
        return _photos_page(session_id, PhotosForm(None), [], {photo_id: form}), 422
    session_photos.name_photo(
        db.get_session(), actor(), session_id, photo_id, form.caption.data or "")
    flash("照片说明已保存。")
    return _to_photos(session_id)


@bp.post("/<int:photo_id>/remove")
@allow(Permission.STUDY_EDIT)
def remove(session_id: int, photo_id: int) -> Page:
    with photos.alone(_folder()):
        with db.database().write() as session:
            orphan = session_photos.remove_photo(session, actor(), session_id, photo_id, now())
        if orphan is not None:
            photos.drop(_folder(), orphan)
    flash("照片已删除。")
    return _to_photos(session_id)


def _folder() -> Path:
    folder: Path = current_app.config["LEGALED"].instance / "photos"
    return folder


def _to_photos(session_id: int) -> Response:
    return redirect(url_for("sessions.photos.index", session_id=session_id), 303)


def _read(form: PhotosForm) -> tuple[list[str], list[Photo], list[str]]:
    """Names and pictures that can be kept, and a sentence for each file that cannot."""
    names, found, problems = [], [], []
    for file, data in form.contents():
        try:
            found.append(photos.read_photo(data))
            names.append(file)
        except PhotoError as error:
            problems.append(f"{file}：{MESSAGES[error.code]}")
    return names, found, problems


def _send(session_id: int, photo_id: int, *, small: bool) -> Response:
    one = session_photos.photo_for(db.get_session(), actor(), session_id, photo_id)
    path = (photos.thumb_path if small else photos.picture_path)(_folder(), one.digest)
    if not path.exists():
        raise NotFoundError()
    g.private_copy = True
    return send_file(path, mimetype="image/jpeg", etag=one.digest + ("s" if small else ""))


def _photos_page(
    session_id: int, form: PhotosForm, problems: list[str],
    bound: dict[int, CaptionForm] | None = None,
) -> str:
    with db.database().read() as session:
        view = session_views.session_view(session, actor(), session_id, now())
        found = session_photos.photos_of(session, session_id)
    captions = {
        one.id: (bound or {}).get(one.id)
        or CaptionForm(None, prefix=f"photo-{one.id}-", caption=one.caption) for one in found}
    return render_template("sessions/photos.html", view=view, photos=found, form=form,
                           problems=problems, captions=captions)
