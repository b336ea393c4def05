"""What may be wrong with a question bank, and the sentence that says what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from legaled.domain.banks import MAX_ROWS

# How a line of prose begins that tells why the question next to it was refused: no question's text.
REASON_LINE = "【没有导入的原因】"
ERRORS: Mapping[str, str] = MappingProxyType({
    "missing_stem": "没有题干。请填上题干后再导入这一行。",
    "missing_answer": "没有答案。请填上答案后再导入这一行。",
    "too_few_options": "选项少于两个。选择题至少要有两个选项，请补上。",
    "too_many_options": "选项多于八个。最多写到选项H，请删去或合并多余的选项。",
    "answer_has_no_option": "答案里的字母没有对应的选项。请改答案，或补上这个选项。",
    "answer_not_understood": "答案看不懂。请写字母（如 AB）、选项原文，或者 对／错。",
    "answer_trailing_text": "答案后面有别的字。请删去多余的字，或选“只取前面的答案”。",
    "single_with_many": "单选题有多个答案。请只留一个，或把题型改成多选。",
    "kind_unknown": "题型看不懂。请写 单选、多选、判断、填空 或 简答。",
    "field_too_long": "字数太多。请删短后再导入。",
    "ragged_row": "这一行的格数和表头不一样。请看文字里的逗号或引号有没有拆开了格子。",
    "missing_column": "表里没有题干列或答案列。请在表格上面写好表头，或指明哪一列是它。",
    "no_rows": "文件里没有题目。请在表头下面填上题目。",
    "too_many_rows": f"题目多于 {MAX_ROWS} 道。请拆成几个文件分别导入。",
    "undecodable": "文件的文字编码认不出来。请在 Excel 里另存为“CSV UTF-8”再上传。",
    "mixed_encodings": "文件里混有两种文字编码。请用一个程序打开全部内容，另存为 UTF-8 再上传。",
    "not_a_table": "里面没有认得出的题目或表格。请上传 CSV、XLSX、XLS、DOCX 或 TXT 题库文件。",
    "file_too_large": "文件超过 20 MB。请拆成几个文件分别上传。",
    "password_protected": "文件有密码。请去掉密码后再上传。",
    "unsafe_archive": "文件解开后过大或内部结构不正常，没有打开。请用 Excel 另存一份再上传。",
    "formula_cell": "格子里是公式，不是文字。请复制后“选择性粘贴为数值”。",
})
WARNINGS: Mapping[str, str] = MappingProxyType({
    "multi_with_one_answer": "多选题只有一个答案。是多选就补上答案，是单选就改题型。",
    "two_options_same_text": "有两个选项的文字相同。请核对选项。",
    "right_option_repeated": "正确选项重复出现，会使答对的人被判错。请核对选项和答案。",
    "newline_in_stem": "题干里有换行。请看是不是多粘了一行。",
    "stem_edge_space": "题干首尾有空白，导入时会去掉。不必修改。",
    "glued_options": "一个选项里像是粘着几个选项。请拆开到各自的列。",
    "answer_letter_in_stem": "题干的括号里写着答案。请删去，免得考生看见。",
    "option_prefix_differs": "选项自带的字母和所在的列不同，以列为准。请核对答案。",
    "not_prose": "题干不像通顺的中文，可能是从网页复制的乱码。请对照原文。",
    "unknown_law": "系统里没有这部法规。请核对法规名称。",
    "unknown_article": "这部法规没有这一条。请核对条款号。",
    "points_not_understood": "分值不是数字，导入时会留空。请写成 2 或 1.5。",
    "picture_left_out": "题里有图片或附件，没有导入。请看题目少了它还完整不完整。",
})


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place, said so that a trainer knows what to do."""

    row: int | None
    column: str | None
    code: str
    value: str
    message: str

    def as_json(self) -> dict[str, object]:
        """The five keys of the contract, in its order."""
        return {"row": self.row, "column": self.column, "code": self.code,
                "value": self.value, "message": self.message}


def problem(code: str, row: int | None = None, column: str | None = None, value: str = "",
            detail: str = "") -> Problem:
    """A problem with the house's sentence for its code; long values are cut after 200."""
    return Problem(row, column, code, shortened(value),
                   detail + (ERRORS.get(code) or WARNINGS[code]))


def shortened(value: str) -> str:
    """What stood in a cell, cut after 200 letters."""
    return value if len(value) <= 200 else value[:200] + "…"


class UnreadableFileError(Exception):
    """The file as a whole cannot be read; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def refuse(code: str, detail: str = "", *, message: str = "") -> UnreadableFileError:
    """The error to raise for a file that cannot be read as a whole.

    `detail` goes before the sentence of the code, `message` in its place.
    """
    one = problem(code, detail=detail)
    return UnreadableFileError(replace(one, message=message) if message else one)
