"""Links to the law: from a question's 法规 and 条款, and from the articles that a guide names.

A name that the library does not have stays text, so that no link leads nowhere.
"""

import re

from flask import Flask, g, url_for
from markupsafe import Markup, escape

from legaled import db
from legaled.domain.law_links import OWN, pieces
from legaled.services import laws
from legaled.web.clock import now

_TAG_OR_TEXT = re.compile(r"(<[^>]*>)|([^<]+)")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(law_href=law_href)
    app.jinja_env.filters.update(cited=cited)


def law_href(law: str, article: str = "") -> str | None:
    """Where to read it; None when the library has no law of that name."""
    if not law or shelf().find(law) is None:
        return None
    return url_for("laws.cite", law=law, article=article or None)


def cited(html: str, own: str) -> Markup:
    """Finished HTML with a link at every article that its words name; `own` is the law it is on."""
    made = (tag or _linked(text, own) for tag, text in _TAG_OR_TEXT.findall(html))
    return Markup("".join(made))  # noqa: S704 - the tags are the guide's own, checked when read


def _linked(text: str, own: str) -> str:
    """`text` is HTML already: what is escaped in it stays as it is."""
    words = []
    for piece in pieces(text, shelf().names):
        law = own if piece.law == OWN else piece.law or ""
        href = law_href(law, piece.article.words if piece.article else "")
        words.append(f'<a href="{escape(href)}">{piece.text}</a>' if href else piece.text)
    return "".join(words)


def shelf() -> laws.Shelf:
    """The library's names, asked for once a request, and never under a POST's write lock."""
    if "law_shelf" not in g:
        with db.database().read() as session:
            g.law_shelf = laws.shelf(session, now())
    found: laws.Shelf = g.law_shelf
    return found
