"""The bundle kind 学法档案: a PDF for everybody of a unit. Importing this registers it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.permissions import Actor, Permission
from legaled.services import bundles, record, record_paper
from legaled.services.bundles import Kind, Sheet

NAME = "record"


def _keys(
    session: Session, actor: Actor, values: Mapping[str, Any], _at: datetime
) -> Sequence[int]:
    return record.unit_people(session, actor, values["unit"], values["year"]).people


def _read(
    session: Session, actor: Actor, values: Mapping[str, Any], people: Sequence[int],
    at: datetime,
) -> list[Sheet]:
    sheets = []
    for one in record.records(session, actor, people, values["year"], at):
        words = record_paper.paper(one)
        sheets.append(Sheet(
            one.owner.id, f"{one.owner.number}_{one.owner.name}", record_paper.TEMPLATE, words,
            record_paper.index_row(one, words["number"])))
    return sheets


bundles.register(
    NAME, Kind("学法档案", Permission.STATS_NAMES, record_paper.INDEX, _keys, _read))
