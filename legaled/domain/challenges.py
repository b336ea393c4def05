"""Challenges (答题挑战赛): one name for the rules, the presets, the words and the fold."""

from legaled.domain.challenge_presets import PRESETS, Preset
from legaled.domain.challenge_results import Result, Total, lot, passed_level, rank_key, total
from legaled.domain.challenge_rules import (
    NAMES,
    RANGES,
    Across,
    End,
    LastTie,
    Problem,
    Rules,
    Stage,
    Tie,
    check,
    check_season,
    open_stage,
    run_deadline,
)
from legaled.domain.challenge_runs import (
    Given,
    Outcome,
    Put,
    RunState,
    Why,
    fold,
    latest,
    next_version,
)
from legaled.domain.challenge_words import (
    ACROSS_LABEL,
    END_LABEL,
    LAST_TIE_LABEL,
    TIE_LABEL,
    sentences,
)

__all__ = [
    "ACROSS_LABEL", "END_LABEL", "LAST_TIE_LABEL", "NAMES", "PRESETS", "RANGES", "TIE_LABEL",
    "Across", "End", "Given", "LastTie", "Outcome", "Preset", "Problem", "Put", "Result", "Rules",
    "RunState", "Stage", "Tie", "Total", "Why", "check", "check_season", "fold", "latest", "lot",
    "next_version", "open_stage", "passed_level", "rank_key", "run_deadline", "sentences", "total",
]
