"""What somebody looked at and accepts although a rule speaks against it, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from legaled.domain.banks import normalise
from legaled.domain.content import OF_QUESTION, Bank, Finding, shown, whole

MOST = 2  # per cent of a bank's questions
COLUMNS = ("题干", "代码", "理由")
STEM_MIN = 8  # characters by which a stem may be named, if only one begins so


@dataclass(frozen=True)
class Accepted:
    """One line of exceptions.csv. `stem` is a question's stem, or how it alone begins."""

    row: int
    stem: str
    code: str
    reason: str


def apply(
    bank: Bank, findings: Sequence[Finding], accepted: Sequence[Accepted]
) -> list[Finding]:
    """The findings of one bank, those accepted with their reason; then what is wrong with the list.

    Only findings about a question can be accepted.
    """
    wrong: list[Finding] = []
    reasons: dict[tuple[int, str], Accepted] = {}
    for one in accepted:
        row = _row(bank, one)
        if row is None:
            wrong.append(_about(bank, one, "exception_unknown"))
        elif not one.reason:
            wrong.append(_about(bank, one, "exception_without_reason"))
        else:
            reasons[row, one.code] = one
    found = [replace(one, reason=reasons[one.row, one.code].reason)
             if one.row is not None and (one.row, one.code) in reasons else one
             for one in findings]
    used = {(one.row, one.code) for one in found if one.reason}
    wrong += [_about(bank, one, "exception_unused")
              for place, one in reasons.items() if place not in used]
    if 100 * len(accepted) > MOST * len(bank.questions):
        wrong.append(whole(bank.name, "too_many_exceptions",
                           f"{len(accepted)} 个，{len(bank.questions)} 题："))
    return found + sorted(wrong, key=lambda one: one.message)


def _row(bank: Bank, one: Accepted) -> int | None:
    """The line of bank.csv that an exception means; None when it is not exactly one."""
    if one.code not in OF_QUESTION:
        return None
    wanted = normalise(one.stem)
    stems = [(normalise(draft.stem), draft.row) for draft in bank.questions]
    same = [row for stem, row in stems if stem == wanted]
    if not same and len(wanted) >= STEM_MIN:
        same = [row for stem, row in stems if stem.startswith(wanted)]
    return same[0] if len(same) == 1 else None


def _about(bank: Bank, one: Accepted, code: str) -> Finding:
    return whole(bank.name, code, f"例外清单第 {one.row} 行“{shown(one.stem)}”（{one.code}）：")
