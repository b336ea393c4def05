"""Questions with odd cells, as Hypothesis draws them."""

from hypothesis import strategies as st

from legaled.domain.bank_record import Record
from legaled.domain.bank_rows import judge_record

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"),
                max_size=30)
cells = st.one_of(words, st.sampled_from(
    ["=1+1", "'=x", "''", "A、甲", "A、B两项", "1、题", "甲,乙", '"引"', "a\r\nb", "（ ）", "____",
     "-", "001", "1e5", "TRUE", "2021-01-01", "_x000D_", "#N/A", "😀", "  首尾  ", "<b>&amp;"]))
short = st.text("甲乙'=A、.", max_size=6)


@st.composite
def drafts(draw):
    """Whatever judge_record lets through: a record of odd cells, kept when it is valid."""
    kind = draw(st.sampled_from(["单选", "多选", "判断", "填空", "简答", ""]))
    record = {name: draw(cells) for name in ("stem", "explanation", "option_a", "option_b",
                                             "option_c")}
    answer = draw(st.one_of(st.sampled_from(["A", "AB", "AC", "对", "×", "甲|乙；丙"]), cells))
    record |= {name: draw(short) for name in ("difficulty", "topic", "law", "article", "source")}
    record |= {"number": draw(st.sampled_from(["", "L-000123", "001", "=7"])), "kind": kind,
               "answer": answer, "points": draw(st.sampled_from(["", "2", "1.50"]))}
    return judge_record(Record(2, record))[0]
