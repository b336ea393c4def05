"""Small good files of every kind, to be spoiled."""

import io
from pathlib import Path

from docx import Document

from legaled.files.bank_check import check
from legaled.files.bank_writing import write_bank
from tests.bench import files

SAMPLES = Path(__file__).resolve().parents[1] / "files" / "samples"
PROSE = """一、单选题（每题2分）
1、档案馆是什么性质的机构？
A、行政机关 B、文化事业机构 C、企业 D、社会团体
答案：B
解析：见第十条。
2. 电子档案与（ A ）档案具有同等效力。
A. 传统载体
B. 复制
二、多选题
1、哪些应当归档？
A、公文
B、合同
C、照片
正确答案：A C
三、判断题
1、个人可以拒绝归档。（×）
四、填空题
1、自形成之日起满____年开放。
【答案】二十五|25
参考答案
1-2 BA 3.AC
"""


def write_seeds(folder: Path) -> list[Path]:
    """The files, written into that folder, with the samples that the tests carry."""
    table = files.rows(6)
    plain = files.as_csv(table).decode("utf-8-sig")
    bare = "".join(
        f"'{row[2]}','{row[3] or '对'}','{row[4] or '错'}','{row[5]}','{row[3] or '对'}'\n"
        for row in table)
    drafts = check(files.as_csv(table), "seed.csv").drafts
    made = {
        "comma.csv": plain.encode("utf-8-sig"),
        "gbk.csv": plain.encode("gb18030"),
        "semicolon.csv": plain.replace(",", ";").encode("utf-16"),
        "tab.tsv": plain.replace(",", "\t").encode("utf-16-le"),
        "bare.csv": bare.encode(),
        "book.xlsx": files.as_xlsx(table),
        "prose.txt": PROSE.encode("gb18030"),
        "prose.md": "".join(f"### {line}\n\n" if "题" in line[:5] else f"- {line}\n"
                            for line in PROSE.splitlines()).encode(),
        "prose.docx": _docx(),
        "moodle.xml": write_bank(drafts, "xml"),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    samples = [path for path in sorted(SAMPLES.glob("*")) if path.suffix != ".out"]
    return [*(folder / name for name in made), *samples]


def _docx() -> bytes:
    document = Document()
    for line in PROSE.splitlines():
        document.add_paragraph(line)
    for question, answer in (("题干", "答案"), ("档案属于谁？（）", "国家")):
        cells = document.add_table(rows=1, cols=2).rows[0].cells
        cells[0].text, cells[1].text = question, answer
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()
