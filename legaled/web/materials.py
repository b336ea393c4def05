"""Materials of study plans: a page for reading, and the file itself."""

from urllib.parse import quote

from flask import Blueprint, current_app, make_response, render_template, request
from werkzeug import Response

from legaled import db
from legaled.domain.minutes import part_most
from legaled.domain.permissions import Permission
from legaled.services import materials
from legaled.services.materials import MaterialView
from legaled.web.access import actor, allow
from legaled.web.minutes import reading

# nothing runs from a file of somebody's, and only a page of ours may frame it
POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
bp = Blueprint("materials", __name__, url_prefix="/materials")


@bp.get("/<int:material_id>")
@allow(Permission.MEMBER)
def show(material_id: int) -> str:
    found = _material(material_id)
    return render_template(
        "materials/show.html", material=found, most=part_most(found.letters) // 60,
        reading=reading(f"material:{material_id}", {"": found.letters}))


@bp.get("/<int:material_id>/file")
@allow(Permission.MEMBER)
def file(material_id: int) -> Response:
    """The bytes as they came: a PDF opens in the browser, everything else is only kept."""
    found = _material(material_id)
    data = materials.contents(current_app.config["LEGALED"].instance / "materials", found)
    response = make_response(data)
    response.headers["Content-Type"] = found.media_type
    response.headers["Content-Security-Policy"] = POLICY
    inline = found.is_pdf and "download" not in request.args
    disposition = "inline" if inline else "attachment"
    response.headers["Content-Disposition"] = (
        f"{disposition}; filename*=UTF-8''{quote(found.filename)}")
    return response


def _material(material_id: int) -> MaterialView:
    with db.database().read() as session:
        return materials.material(session, actor(), material_id)
