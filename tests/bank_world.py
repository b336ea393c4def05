"""A rich bank: a question of each kind with odd cells, and what became of an import."""

from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa

from legaled.domain.banks import Kind, QuestionDraft
from legaled.domain.permissions import SYSTEM
from legaled.models import Bank
from legaled.services import banks
from tests import factories
from tests.factories import NOW


def question(row, kind=Kind.SINGLE, **values):
    return replace(factories.question(row, kind), **values)


RICH = [
    question(2), question(3, Kind.MULTI), question(4, Kind.JUDGE), question(5, Kind.BLANK),
    QuestionDraft(6, None, "", Kind.ESSAY, "简述档案的定义。", answer_text="第二条\n两点",
                  points=Decimal("2.50"), difficulty="难", topic="=1+1", source="@自编"),
    question(7, key=("D",), foreign_number="甲-7", explanation=""),
    question(8, options=("甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"), key=("H",)),
]


def take(session, drafts, **options):
    return banks.import_drafts(session, SYSTEM, "档案法", drafts, NOW, **options)


def counts(result):
    return result.added, result.changed, result.unchanged, len(result.conflicts)


def rows(session, model):
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def stored(session):
    """The bank's current questions by row order of their first import."""
    found = sa.select(Bank.id).where(Bank.name == "档案法")
    return banks.export_bank(session, SYSTEM, session.scalar(found), NOW)
