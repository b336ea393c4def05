"""Materials of study plans: files that trainers put up and staff read."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.files import materials as files
from legaled.files.materials import PDF, Checked, MaterialRefusedError
from legaled.models import Material, StudyItem, StudyPlan
from legaled.services import audit
from legaled.services.exams import LARGEST_ID

LETTERS = 6_000  # what a file is taken for, whose letters nobody counts: half an hour a day
__all__ = ["Checked", "MaterialRefusedError", "MaterialView", "check", "contents", "keep",
           "material", "material_choices", "store"]


@dataclass(frozen=True)
class MaterialView:
    id: int
    title: str
    filename: str
    media_type: str
    digest: str
    size: int
    letters: int

    @property
    def is_pdf(self) -> bool:
        return self.media_type == PDF

    @property
    def size_words(self) -> str:
        """1.2 MB, 340 KB."""
        if self.size >= 1024 * 1024:
            return f"{self.size / 1024 / 1024:.1f} MB"
        return f"{max(1, self.size // 1024)} KB"


def check(name: str, data: bytes) -> Checked:
    """Before the transaction begins. Raises MaterialRefusedError with a sentence."""
    return files.check(name, data)


def store(folder: Path, checked: Checked) -> None:
    """Keep the bytes; before the transaction begins. Raises ConflictError `material_disk`."""
    try:
        files.store(folder, checked)
    except files.MaterialDiskError as error:
        raise ConflictError("material_disk") from error


def keep(session: Session, actor: Actor, checked: Checked, title: str, now: datetime) -> int:
    """The material of these bytes, which are stored already; the same file is one material."""
    if not actor.may(Permission.STUDY_EDIT):
        raise NotFoundError()
    if not title.strip() or len(title.strip()) > 200:
        raise InvalidError("item_title", field="title")
    known = session.scalar(sa.select(Material).where(Material.digest == checked.digest))
    if known is not None:
        return known.id
    made = Material(
        title=title.strip(), filename=checked.name[-200:], media_type=checked.media_type,
        digest=checked.digest, size=len(checked.data), letters=LETTERS,
        author_id=actor.id, created=now,
    )
    session.add(made)
    session.flush()
    audit.note(session, actor, "material.add", f"material {made.id}", now, detail=checked.name)
    return made.id


def material(session: Session, actor: Actor, material_id: int) -> MaterialView:
    """One material; for staff only once a plan that has it was published and still stands.

    Raises NotFoundError.
    """
    wanted = sa.select(Material).where(Material.id == min(material_id, LARGEST_ID))
    if not actor.may(Permission.STUDY_EDIT):
        wanted = wanted.where(
            sa.select(StudyItem.id).join(StudyPlan, StudyPlan.id == StudyItem.plan_id)
            .where(
                StudyItem.material_id == Material.id, StudyPlan.published.is_not(None),
                StudyPlan.cancelled.is_(None),
            ).correlate(Material).exists()
        )
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError()
    return _view(found)


def material_choices(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """(id, title) of every material, the latest first; one query."""
    if not actor.may(Permission.STUDY_EDIT):
        raise NotFoundError()
    rows = session.execute(
        sa.select(Material.id, Material.title, Material.filename).order_by(Material.id.desc())
        .limit(200))
    return [(row.id, f"{row.title}（{row.filename}）") for row in rows]


def contents(folder: Path, one: MaterialView) -> bytes:
    """The bytes as they came; NotFoundError when the file is gone from the disk."""
    data = files.find(folder, one.digest)
    if data is None:
        raise NotFoundError()
    return data


def _view(one: Material) -> MaterialView:
    return MaterialView(one.id, one.title, one.filename, one.media_type, one.digest, one.size,
                        one.letters)
