"""Files that a browser is to keep."""

from urllib.parse import quote

from flask import make_response
from werkzeug import Response

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTES = "application/octet-stream"


def download(data: bytes, name: str, kind: str = CSV) -> Response:
    """The bytes under this name, as an attachment that no cache keeps."""
    response = make_response(data)
    response.headers["Content-Type"] = kind
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
