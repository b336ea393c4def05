"""A question of a challenge that turned out wrong after publication: what counts instead.

What a player was told when the answer came decides where the run went on and where it ended, and
stays so; what is in force now decides what the answer is worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SETTLE = timedelta(seconds=15)  # longer than a write waits: by then every process knows of it


@dataclass(frozen=True)
class Correction:
    """Without a `key` the question is void: whoever was shown it has it right."""

    key: tuple[str, ...]
    reason: str
    at: datetime

    @property
    def is_void(self) -> bool:
        return not self.key

    @property
    def told_from(self) -> datetime:
        """From when answers are judged by it at once; earlier ones were told the old judgement."""
        return self.at + SETTLE


def in_force(
    corrections: Sequence[Correction], moment: datetime | None = None
) -> Correction | None:
    """The last of a question's corrections, in the order in which they were made; or the last one
    by which players were judged at a moment."""
    known = [one for one in corrections if moment is None or one.told_from <= moment]
    return known[-1] if known else None
