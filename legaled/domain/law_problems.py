"""What may be wrong with the text of a law, and the sentence that says what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_MB = 4
ERRORS: Mapping[str, str] = MappingProxyType({
    "file_too_large": f"文件超过 {MAX_MB} MB，法规原文没有这么大。"
                      "请核对文件，或拆成几个文件一起上传。",
    "empty": "文件是空的，没有法规原文。请核对文件。",
    "not_text": "这个文件不是文字：里面是图片、压缩包或别的程序的文件。"
                "请上传 Markdown、TXT 或 DOCX 的法规原文。",
    "undecodable": "文件的文字编码认不出来。请用记事本另存为 UTF-8 再上传。",
    "unreadable_docx": "这个 DOCX 打不开，可能已损坏或有密码。请用 Word 另存一份再上传。",
    "no_articles": "没有找到条文（如“第一条　……”）。请核对是不是法规原文。",
    "amendment_list": "这是修正案，不是法规正文：各条写的是把哪一条改成什么，"
                      "条号也不是法规的条号。请上传修正以后的全文。",
    "amending_decision": "这是关于修改法规的决定，不是法规正文。请上传修改以后的全文。",
    "two_laws": "这些文件像是不同的法规：标题不一样。请一部法规一次，分开上传。",
})
WARNINGS: Mapping[str, str] = MappingProxyType({
    "gap": "前后条号不连续，请对照官方文本看是不是漏了。",
    "repeat": "同一个条号前面已经有了，只保留前面的一条。请对照官方文本，改正条号或删去重复的。",
    "out_of_order": "条号比前面的小，已按条号排好。请对照官方文本看顺序。",
    "empty_article": "只有条号，没有内容。请对照官方文本补上。",
    "text_left_out": "不属于任何一条，没有收入。请对照官方文本看它该在哪里。",
    "amendments_left_out": "正文后面附有修正案，没有收入：它的条号不是法规的条号。不必修改。",
    "another_text_left_out": "正文后面另有一个文件，条号从头开始，没有收入。需要的话请单独上传。",
    "annex_left_out": "正文后面的附件没有收入。需要时请看官方文本。",
    "no_effective_date": "没有找到施行日期。导入时请填写。",
})
MATTERS = frozenset({"gap", "repeat", "out_of_order", "empty_article", "text_left_out"})


@dataclass(frozen=True)
class LawProblem:
    """One thing to look at. `line` counts from 1; None when it belongs to no line."""

    line: int | None
    code: str
    message: str

    def as_json(self) -> dict[str, object]:
        return {"line": self.line, "code": self.code, "message": self.message}


class LawUnreadableError(Exception):
    """The text cannot be taken as a law; `problem` says why and what to do."""

    def __init__(self, code: str, line: int | None = None, detail: str = "") -> None:
        self.problem = LawProblem(line, code, detail + ERRORS[code])
        super().__init__(self.problem.message)


def warning(code: str, line: int | None, detail: str = "") -> LawProblem:
    return LawProblem(line, code, detail + WARNINGS[code])
