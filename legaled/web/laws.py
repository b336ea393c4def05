"""The law library: reading and searching for everybody, importing for trainers."""

from datetime import date
from pathlib import Path

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import ConflictError, InvalidError
from legaled.domain.law_changes import CHANGE_LABEL
from legaled.domain.law_lines import Level
from legaled.domain.law_numbers import read_article
from legaled.domain.law_pages import heading_words
from legaled.domain.law_problems import MATTERS, LawUnreadableError
from legaled.domain.permissions import Permission
from legaled.forms.laws import AliasForm, LawConfirmForm, LawSearchForm, LawUploadForm
from legaled.services import law_desk, laws, practice_laws
from legaled.web import law_changes
from legaled.web.access import actor, allow
from legaled.web.cites import shelf
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.minutes import reading
from legaled.web.numbers import whole

bp = Blueprint("laws", __name__, url_prefix="/laws")
bp.register_blueprint(law_changes.bp)
Page = str | tuple[str, int] | Response
FIRST_SHOWN = 3  # articles on the page before an import


@bp.get("")
@allow(Permission.MEMBER)
def index() -> Page:
    lines = laws.law_list(db.get_session(), now())
    return render_template("laws/list.html", laws=lines, form=LawSearchForm(request.args),
                           may_edit=actor().may(Permission.BANK_EDIT))


@bp.get("/search")
@allow(Permission.MEMBER)
def search() -> Page:
    form, law_id = LawSearchForm(request.args), whole(request.args, "law")
    found = laws.search(db.get_session(), form.q.data or "", now(), law_id=law_id,
                        page=whole(request.args, "page", 1))
    return render_template("laws/search.html", form=form, found=found, law_id=law_id)


@bp.get("/<int:law_id>")
@allow(Permission.MEMBER)
def show(law_id: int) -> Page:
    article = read_article(request.args.get("article", "")[:30])
    page = laws.law_page(
        db.get_session(), law_id, now(), version_id=whole(request.args, "version"),
        page=whole(request.args, "page", 1), article=article)
    kept = request.args.get("version")
    chapter = page.chapter if page.version.state == "current" else ()
    questions = practice_laws.questions_on(db.get_session(), shelf(), law_id, chapter)
    return render_template("laws/show.html", law=page, kept=page.version.id if kept else None,
                           questions=questions, form=LawSearchForm(formdata=None),
                           reading=reading(f"law:{law_id}", _letters(page)))


def _letters(page: laws.LawPage) -> dict[str, int]:
    """The parts of a page and their letters, as minutes count them."""
    parts = {
        one.number.anchor: sum(len(words.text) for part in one.parts for words in part.words)
        for one in page.articles
    }
    return {"preamble": sum(map(len, page.preamble)), **parts} if page.preamble else parts


@bp.get("/cite")
@allow(Permission.MEMBER)
def cite() -> Page:
    """Where a question, a guide or an explanation leads that names a law and an article."""
    law, article = request.args.get("law", "")[:200], request.args.get("article", "")[:200]
    if not law:
        return redirect(url_for(".index"), 303)
    found = laws.links(db.get_session(), [(law, article)], now()).get((law, article))
    if found is None or (article and found.article is None):
        return render_template("laws/missing.html", name=law, article=article, found=found,
                               may_edit=actor().may(Permission.BANK_EDIT)), 404
    anchor = found.article.anchor if found.article else None
    return redirect(url_for(".show", law_id=found.law_id, article=anchor, _anchor=anchor), 303)


# ---- for trainers ----


@bp.get("/manage")
@allow(Permission.BANK_READ)
def manage() -> Page:
    lines = laws.law_list(db.get_session(), now())
    return render_template("laws/manage.html", laws=lines,
                           may_edit=actor().may(Permission.BANK_EDIT))


@bp.get("/<int:law_id>/manage")
@allow(Permission.BANK_READ)
def law(law_id: int) -> Page:
    return _law_page(law_id, AliasForm(formdata=None))


@bp.post("/<int:law_id>/aliases")
@allow(Permission.BANK_EDIT)
def add_alias(law_id: int) -> Page:
    form = AliasForm()
    if not form.validate():
        return _law_page(law_id, form), 422
    try:
        name = laws.add_alias(db.get_session(), actor(), law_id, form.name.data, now())
    except (ConflictError, InvalidError) as error:
        form.name.errors = [message(error)]
        return _law_page(law_id, form), 422
    flash(f"已加上「{name}」。题目和正文里这样写，也能连到这部法规。")
    return redirect(url_for(".law", law_id=law_id), 303)


@bp.post("/<int:law_id>/aliases/<int:alias_id>/delete")
@allow(Permission.BANK_EDIT)
def remove_alias(law_id: int, alias_id: int) -> Page:
    name = laws.remove_alias(db.get_session(), actor(), law_id, alias_id, now())
    flash(f"已去掉「{name}」。")
    return redirect(url_for(".law", law_id=law_id), 303)


@bp.post("/<int:law_id>/versions/<int:version_id>/delete")
@allow(Permission.BANK_EDIT)
def remove_version(law_id: int, version_id: int) -> Page:
    title = laws.remove_version(db.get_session(), actor(), law_id, version_id, now())
    flash(f"已从法规库移出「{title}」的这个文本。需要时可以再导入。")
    return redirect(url_for(".manage"), 303)


@bp.get("/upload")
@allow(Permission.BANK_EDIT)
def upload() -> Page:
    return render_template("laws/upload.html", form=LawUploadForm(formdata=None))


@bp.post("/upload")
@allow(Permission.BANK_EDIT)
def receive() -> Page:
    form = LawUploadForm()
    if not form.validate():
        return render_template("laws/upload.html", form=form), 422
    try:
        token = law_desk.receive(_folder(), actor(), form.contents(), now())
    except LawUnreadableError as error:
        form.files.errors = [f"{error.problem.message}文件没有保存，法规库没有变化。"]
        return render_template("laws/upload.html", form=form), 422
    return redirect(url_for(".waiting", token=token), 303)


@bp.get("/imports/<token>")
@allow(Permission.BANK_EDIT)
def waiting(token: str) -> Page:
    opened = law_desk.open_waiting(_folder(), actor(), token)
    form = LawConfirmForm(formdata=None, data={"effective": opened.text.dates.effective})
    return _waiting_page(opened, form)


@bp.post("/imports/<token>")
@allow(Permission.BANK_EDIT)
def confirm(token: str) -> Page:
    opened, form = law_desk.open_waiting(_folder(), actor(), token), LawConfirmForm()
    form.validate()
    if not opened.text.is_clean and not form.checked.data:
        form.checked.errors = ["还有问题没有看过，没有写入。对照官方文本看过后，勾选再写入"]
    if form.effective.errors or form.checked.errors:
        return _waiting_page(opened, form), 422
    guides = law_changes.shipped_guides()
    chosen: date | None = form.effective.data
    changed = chosen if chosen != opened.text.dates.effective else None
    with db.database().write() as session:  # committed before the file goes
        done = laws.import_law(
            session, actor(), opened.text, opened.source, now(), changed, guides)
    law_desk.drop(_folder(), actor(), token)
    flash(_done_words(done))
    return redirect(url_for(".law", law_id=done.law_id), 303)


@bp.post("/imports/<token>/delete")
@allow(Permission.BANK_EDIT)
def delete(token: str) -> Page:
    name = law_desk.drop(_folder(), actor(), token)
    flash(f"已放弃「{name}」，法规库没有变化。")
    return redirect(url_for(".upload"), 303)


def _done_words(done: laws.Imported) -> str:
    if done.dated:
        return f"「{done.title}」的文本没有变，施行日期已改。"
    if not done.added:
        return f"「{done.title}」的这个文本已经在法规库里，没有变化。"
    kind = "" if done.new_law else "新版本"
    words = f"已收入「{done.title}」{kind}，共 {done.articles} 条。"
    return f"{words}{law_changes.effect_words(done.effects)}"


def _law_page(law_id: int, form: AliasForm) -> str:
    with db.database().read() as session:
        found = laws.law_line(session, law_id, now())
    return render_template("laws/law.html", law=found, form=form,
                           may_edit=actor().may(Permission.BANK_EDIT))


def _waiting_page(opened: law_desk.Opened, form: LawConfirmForm) -> str:
    guides, effects = law_changes.shipped_guides(), None
    with db.database().read() as session:
        standing = laws.standing(session, opened.text)
        if standing.law_id is not None and not standing.is_there:
            effects = laws.foresee(session, standing.law_id, opened.text, guides, now())
    return render_template(
        "laws/waiting.html", opened=opened, text=opened.text, standing=standing, form=form,
        effects=effects, change_label=CHANGE_LABEL,
        first=opened.text.articles[:FIRST_SHOWN], matters=MATTERS,
        chapters=[heading_words(one) for one in opened.text.headings
                  if one.level is not Level.SECTION])


def _folder() -> Path:
    """Where uploaded texts wait: beside the database, apart from the banks' files."""
    instance: Path = current_app.config["LEGALED"].instance
    return instance / "law_uploads"
