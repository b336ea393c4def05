"""Bank files of any size for the benchmark, about as long as those that trainers have."""

import csv
import io
import random

import xlsxwriter

from legaled.domain.bank_headers import FIELD_LABEL

PHRASES = (
    "档案馆应当按照规定接收", "机关和其他组织", "定期移交", "具有保存价值", "县级以上档案主管部门",
    "依照法律的规定", "自形成之日起", "不属于国家所有", "采取有效措施", "提供利用", "涉及国家安全",
    "由本单位集中管理", "不得拒绝归档", "经批准", "电子档案", "开放审核", "出境", "查阅复制",
)
HEADERS = tuple(FIELD_LABEL.values())
KINDS = ("单选", "单选", "多选", "判断")


def rows(count: int, seed: int = 1) -> list[tuple[str, ...]]:
    """So many questions in the template's columns, in four kinds of turn."""
    chance = random.Random(seed)

    def text(parts: int) -> str:
        return "，".join(chance.sample(PHRASES, parts))

    made = []
    for number in range(count):
        kind = KINDS[number % 4]
        judge = kind == "判断"
        options = [""] * 8 if judge else [*chance.sample(PHRASES, 4), "", "", "", ""]
        answer = {"单选": "B", "多选": "ACD", "判断": "对"}[kind]
        made.append((
            "", kind, f"关于第{number}号事项，{text(3)}。", *options, answer,
            f"{text(1)}。" if number % 3 == 0 else "", "中", "2", "", "档案法", "27", ""))
    return made


def as_csv(table: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADERS, *table])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(table: list[tuple[str, ...]]) -> bytes:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("题库")
        for place, cells in enumerate([HEADERS, *table]):
            sheet.write_row(place, 0, cells)
    return data.getvalue()
