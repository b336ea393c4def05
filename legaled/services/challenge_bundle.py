"""The bundle kinds 证书 and 参与证明 of a challenge. Importing this registers them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.permissions import Actor, Permission
from legaled.services import bundles, challenge_results
from legaled.services.bundles import Kind, Sheet

NAMES = {"certificate": "challenge.certificate", "participation": "challenge.participation"}
LABELS = {"certificate": "挑战赛证书", "participation": "挑战赛参与证明"}
HEADER = ("名次", "工号", "姓名", "单位")


def _keys(
    what: str, session: Session, actor: Actor, values: Mapping[str, Any], at: datetime
) -> Sequence[int]:
    return challenge_results.awarded(session, actor, values["challenge"], what, at)


def _read(
    what: str, session: Session, actor: Actor, values: Mapping[str, Any], people: Sequence[int],
    at: datetime,
) -> list[Sheet]:
    papers = challenge_results.papers(session, actor, values["challenge"], people, what, at)
    return [
        Sheet(one.person_id, f"{one.place:03d}-{one.number}-{one.name}", what, words,
              [one.place, one.number, one.name, one.unit])
        for one, words in papers
    ]


for _what, _name in NAMES.items():
    bundles.register(_name, Kind(
        LABELS[_what], Permission.CHALLENGE_EDIT, HEADER, partial(_keys, _what),
        partial(_read, _what)))
