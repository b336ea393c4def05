import csv
import io
import zipfile

import pytest
import python_calamine

from legaled.files.stats import Table, to_csv, to_xlsx

NASTY = ("=1+1", "+8613800000000", "-1", "@SUM(A1)", "\tx", "\rx")


def sheets(data: bytes) -> dict[str, list[list[object]]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_csv_has_a_bom_and_crlf_and_a_title_for_each_table() -> None:
    data = to_csv([Table("全年", ["名目", "数"], [["应考", 45]]), Table("口径", ["名目"], [["B"]])])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == (
        "全年\r\n名目,数\r\n应考,45\r\n\r\n口径\r\n名目\r\nB\r\n"
    )
    assert to_csv([Table("名单", ["姓名"], [["甲"]])]).decode("utf-8-sig") == "姓名\r\n甲\r\n"


@pytest.mark.parametrize("text", NASTY)
def test_no_cell_is_a_formula(text: str) -> None:
    data = to_csv([Table("名单", ["姓名"], [[text]])])
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1] == ["'" + text]
    book = to_xlsx([Table("名单", ["姓名"], [[text]])])
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 't="s"' in sheet


def test_xlsx_keeps_counts_as_numbers_and_rates_as_printed() -> None:
    table = Table("全年", ["名目", "数", "率", "空"], [["应考", 45, "95.45%", None]])
    assert sheets(to_xlsx([table])) == {
        "全年": [["名目", "数", "率", "空"], ["应考", 45.0, "95.45%", ""]]
    }


def test_negative_numbers_stay_numbers() -> None:
    assert to_csv([Table("数", ["数"], [[-1]])]).decode("utf-8-sig") == "数\r\n-1\r\n"
