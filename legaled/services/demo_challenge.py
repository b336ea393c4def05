"""The demonstration's challenge: open now, played by a third of the people on three days."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from legaled.domain.attempts import Answer
from legaled.domain.challenge_drafts import ChallengeDraft
from legaled.domain.challenges import PRESETS
from legaled.domain.people import Category
from legaled.domain.permissions import Actor
from legaled.domain.times import BEIJING
from legaled.services import challenge_facts, challenge_manage, challenge_play
from legaled.services.accounts import Hot
from legaled.services.challenge_runs import Live

TITLE = "宪法知识网络答题挑战赛"
KEEPER = "D007"
PLAYERS = ("D002", "D006", "D009", "D010", "D015", "D016", "D018", "D021", "D022")
PRESET = "streak"
DAYS_BEFORE, DAYS_AFTER = 3, 11


def fill(
    session: Session, hot: Hot, actors: Mapping[str, Actor], bank_ids: Sequence[int],
    now: datetime,
) -> None:
    """`hot` writes into the same transaction as `session`."""
    chance = random.Random(124)  # noqa: S311 - made-up answers
    nine = now.astimezone(BEIJING).replace(hour=9, minute=0, second=0, microsecond=0)
    starts = nine - timedelta(days=DAYS_BEFORE)
    ends = nine + timedelta(days=DAYS_AFTER, hours=9)
    draft = ChallengeDraft(
        title=TITLE, year=starts.year, preset=PRESET, rules=PRESETS[PRESET].rules, starts=starts,
        ends=ends, bank_ids=bank_ids,
    )
    before = starts - timedelta(days=7)
    made = challenge_manage.create(session, actors[KEEPER], draft, before)
    challenge_manage.publish(session, actors[KEEPER], made, {Category.ESTABLISHED}, "", before)
    for day in range(DAYS_BEFORE):
        for number in PLAYERS:
            at = starts + timedelta(days=day, minutes=chance.randrange(400))
            _run(hot, actors[number], made, at, chance)


def _run(
    hot: Hot, player: Actor, challenge_id: int, at: datetime, chance: random.Random,
) -> None:
    """One run, with a wrong answer somewhere in the first thirty questions."""
    run_id = challenge_play.start_run(hot, player, challenge_id, at)
    good = chance.randrange(3, 30)
    live = challenge_play.running(hot, player, run_id, at)
    while live.state.over is None:
        at += timedelta(milliseconds=chance.randrange(2500, 12000))
        sent = live.slots[-1].key if live.state.right < good else _wrong(live)
        challenge_play.answer(hot, player, run_id, live.slots[-1].put.number, list(sent), at)
        live = challenge_play.show_next(hot, player, run_id, at)
    challenge_facts.close_run(hot, run_id, at)


def _wrong(live: Live) -> Answer:
    """An answer that is not the key; of a gap, words that nobody accepts."""
    slot = live.slots[-1]
    if slot.item.gaps:
        return ("不知道",) * slot.item.gaps
    letters = "ABCDEFGH"[: len(slot.item.options)]
    return (next(one for one in letters if (one,) != slot.key),)
