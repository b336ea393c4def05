"""Every step of a challenge as a file: all that is needed to make its board once more."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenge_fixes import Correction
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor
from legaled.files.stats import Cell, Table, to_csv
from legaled.models import (
    ChallengeCorrection,
    ChallengeEntry,
    ChallengeRun,
    ChallengeSlot,
    ChallengeStep,
    QuestionVersion,
)
from legaled.services.challenge_draw import Item
from legaled.services.challenge_manage import challenge_for

STEP_HEADER = [
    "轮", "人", "计分", "关", "开始", "截止", "结束", "结束原因", "作废", "题序",
    "题目版本", "题型", "标准答案", "选项顺序", "出示", "本题截止",
    "答案", "答对", "到达", "用时毫秒", "在时限内", "当时答对", "更正",
]
VOID = "作废"


def steps(session: Session, actor: Actor, challenge_id: int, now: datetime) -> bytes:
    """All that the board is made of, as one CSV with three tables: the rules as JSON and, after
    the end, the seed; who is listed; every run with every question and answer, `答对` as it is
    judged now and `当时答对` as its player was told. A fourth one where questions were corrected.
    """
    found = challenge_for(session, actor, challenge_id)
    if found.published is None:
        raise NotFoundError()
    seed = found.seed if found.ends <= now else "结束后公布"
    head = Table("规则", ["名目", "值"], [
        ["规则", json.dumps(found.rules, ensure_ascii=False, sort_keys=True)], ["种子", seed],
        ["开始", found.starts.isoformat()], ["结束", found.ends.isoformat()],
        ["导出", now.isoformat()],
    ])
    listed = Table("名单", ["人", "工号", "姓名", "单位", "单位代码"], [
        list(row) for row in session.execute(
            sa.select(
                ChallengeEntry.person_id, ChallengeEntry.number, ChallengeEntry.name,
                ChallengeEntry.unit_path, ChallengeEntry.unit_codes,
            ).where(ChallengeEntry.challenge_id == challenge_id).order_by(ChallengeEntry.person_id)
        )
    ])
    fixes = _fixes(session, challenge_id)
    corrected = Table("更正", ["题目版本", "更正为", "原因", "时间", "起判"], [
        [version_id, _fixed(one), one.reason, one.at.isoformat(), one.told_from.isoformat()]
        for version_id, made in fixes.items() for one in made
    ])
    taken = Table("步骤", STEP_HEADER, _steps(session, challenge_id, fixes))
    return to_csv([head, listed, *([corrected] if fixes else []), taken])


def _steps(
    session: Session, challenge_id: int, fixes: Mapping[int, Sequence[Correction]]
) -> list[list[Cell]]:
    run, slot, step, words = ChallengeRun, ChallengeSlot, ChallengeStep, QuestionVersion
    rows = session.execute(
        sa.select(
            run.id, run.person_id, run.counted, run.level, run.started, run.deadline, run.ended,
            run.end, run.voided, slot.number, slot.version_id, words.kind, words.key, words.options,
            slot.option_order, slot.shown, slot.deadline.label("until"), step.answer, step.at,
            step.millis, step.in_time,
        )
        .join(slot, slot.run_id == run.id)
        .join(words, words.id == slot.version_id)
        .outerjoin(step, sa.and_(step.run_id == slot.run_id, step.slot == slot.number))
        .where(run.challenge_id == challenge_id)
        .order_by(run.id, slot.number)
    )
    return [_step(row, fixes.get(row.version_id, ())) for row in rows]


def _step(row: Any, fixes: Sequence[Correction]) -> list[Cell]:
    item = Item(row.version_id, row.kind, "", (), tuple(row.key), "", "", "", tuple(fixes))
    right: Cell = None
    told: Cell = None
    if row.answer is not None:
        chosen = tuple(json.loads(row.answer))
        right = int(item.is_right(row.option_order, chosen))
        told = _whole(item.was_right(row.option_order, chosen, row.at))
    return [
        row.id, row.person_id, int(row.counted), row.level, row.started.isoformat(),
        row.deadline.isoformat(), _iso(row.ended), row.end, _iso(row.voided), row.number,
        row.version_id,
        row.kind.value, json.dumps(row.key, ensure_ascii=False), row.option_order,
        row.shown.isoformat(), _iso(row.until), row.answer, right, _iso(row.at), row.millis,
        _whole(row.in_time), right if told is None else told,
        _fixed(item.correction) if item.correction else None,
    ]


def _fixed(one: Correction) -> str:
    return VOID if one.is_void else json.dumps(one.key, ensure_ascii=False)


def _whole(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _fixes(session: Session, challenge_id: int) -> dict[int, list[Correction]]:
    made = defaultdict[int, list[Correction]](list)
    for one in session.scalars(
        sa.select(ChallengeCorrection).where(ChallengeCorrection.challenge_id == challenge_id)
        .order_by(ChallengeCorrection.id)
    ):
        made[one.version_id].append(Correction(tuple(one.key), one.reason, one.at))
    return made


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
