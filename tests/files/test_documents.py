"""Word documents as a reader sees them: counted numbers, hidden and deleted text, tables."""

import io
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legaled.domain.bank_problems import UnreadableFileError
from legaled.domain.bank_prose import read_prose
from legaled.files.bank_check import check
from legaled.files.documents import read_document

NS = ('xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
      'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
      'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
      'xmlns:v="urn:schemas-microsoft-com:vml"')


def level(place, form, text, extra=""):
    return (f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{extra}'
            f'<w:lvlText w:val="{text}"/></w:lvl>')


def abstract(key, *levels, extra=""):
    return f'<w:abstractNum w:abstractNumId="{key}">{extra}{"".join(levels)}</w:abstractNum>'


def num(key, base, override=""):
    return f'<w:num w:numId="{key}"><w:abstractNumId w:val="{base}"/>{override}</w:num>'


def restart(place=0, start=1):
    return (f'<w:lvlOverride w:ilvl="{place}"><w:startOverride w:val="{start}"/></w:lvlOverride>')


def p(text="", of=None, place=0, style=None, inner=None):
    numbers = f'<w:numPr><w:ilvl w:val="{place}"/><w:numId w:val="{of}"/></w:numPr>' if of else ""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    content = inner if inner is not None else f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'
    return f"<w:p><w:pPr>{named}{numbers}</w:pPr>{content}</w:p>"


def run(text, properties=""):
    return (f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>')


def table(*rows):
    cells = ("".join(f"<w:tc>{''.join(map(p, cell.split('|')))}</w:tc>" for cell in row)
             for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def document(*body, numbering=(), styles=()):
    made = docx.Document()
    parent = made.element.body
    for child in list(parent):
        parent.remove(child)
    for child in parse_xml(f"<w:body {NS}>{''.join(body)}</w:body>"):
        parent.append(child)
    root = made.part.numbering_part.element
    for child in list(root):
        root.remove(child)
    for child in parse_xml(f"<w:numbering {NS}>{''.join(numbering)}</w:numbering>"):
        root.append(child)
    for child in parse_xml(f"<w:styles {NS}>{''.join(styles)}</w:styles>"):
        made.styles.element.append(child)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def texts(*body, **more):
    return [text for _, text in read_document(document(*body, **more)).lines]


# ---- numbers that Word counts ----

QUESTIONS = (abstract(1, level(0, "chineseCounting", "%1、"), level(1, "decimal", "%2．"),
                      level(2, "upperLetter", "%3.")), num(1, 1))


def test_counted_numbers_are_in_the_text():
    found = texts(p("单选题", 1), p("甲？", 1, 1), p("一", 1, 2), p("二", 1, 2), p("乙？", 1, 1),
                  p("三", 1, 2), p("多选题", 1), p("丙？", 1, 1), numbering=QUESTIONS)
    assert found == ["一、 单选题", "1． 甲？", "A. 一", "B. 二", "2． 乙？", "A. 三",
                     "二、 多选题", "1． 丙？"]


@pytest.mark.parametrize(("form", "expected"), [
    ("decimal", "1 2 11"), ("decimalZero", "01 02 11"), ("upperLetter", "A B K"),
    ("lowerLetter", "a b k"), ("upperRoman", "I II XI"), ("lowerRoman", "i ii xi"),
    ("chineseCounting", "一 二 十一"), ("chineseCountingThousand", "一 二 十一"),
    ("ideographDigital", "一 二 一一"), ("chineseLegalSimplified", "壹 贰 壹拾壹"),
    ("decimalEnclosedCircle", "① ② ⑪"), ("decimalEnclosedParen", "⑴ ⑵ ⑾"),
    ("decimalEnclosedFullstop", "⒈ ⒉ ⒒"), ("ideographTraditional", "甲 乙 11"),
    ("somethingNew", "1 2 11")])
def test_every_way_of_counting(form, expected):
    found = texts(*(p("题", 1) for _ in range(11)),
                  numbering=(abstract(1, level(0, form, "（%1）")), num(1, 1)))
    assert [found[place] for place in (0, 1, 10)] == [f"（{one}） 题" for one in expected.split()]


def test_large_chinese_numbers():
    found = texts(*(p("题", 1) for _ in range(120)),
                  numbering=(abstract(1, level(0, "chineseCounting", "%1、")), num(1, 1)))
    assert [found[place][:-2] for place in (9, 19, 20, 99, 104, 109, 119)] == [
        "十、", "二十、", "二十一、", "一百、", "一百零五、", "一百一十、", "一百二十、"]


def test_lists_of_one_kind_go_on_or_begin_again():
    numbering = (abstract(1, level(0, "decimal", "%1.")), num(1, 1), num(2, 1),
                 num(3, 1, restart()), num(4, 1, restart(0, 7)))
    found = texts(p("a", 1), p("b", 2), p("c", 3), p("d", 3), p("e", 4), p("f", 1),
                  numbering=numbering)
    assert found == ["1. a", "2. b", "1. c", "2. d", "7. e", "8. f"]


def test_numbers_given_by_a_style():
    styles = ('<w:style w:type="paragraph" w:styleId="Q"><w:name w:val="Q"/><w:pPr><w:numPr>'
              '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>',
              '<w:style w:type="paragraph" w:styleId="O"><w:name w:val="O"/>'
              '<w:basedOn w:val="Q"/></w:style>')
    levels = (level(0, "decimal", "%1、", '<w:pStyle w:val="Q"/>'),
              level(1, "upperLetter", "%2、", '<w:pStyle w:val="O"/>'))
    found = texts(p("甲", style="Q"), p("一", style="O"), p("二", style="O"), p("乙", style="Q"),
                  p("没有", 0, style="Q", inner='<w:r><w:t>丙</w:t></w:r>'),
                  numbering=(abstract(1, *levels), num(1, 1)), styles=styles)
    assert found == ["1、 甲", "A、 一", "B、 二", "2、 乙", "3、 丙"]
    off = p("丁", style="Q").replace("</w:pPr>", '<w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>')
    assert texts(p("甲", style="Q"), off, numbering=(abstract(1, *levels), num(1, 1)),
                 styles=styles) == ["1、 甲", "丁"]


def test_a_level_replaced_for_one_list():
    own = f'<w:lvlOverride w:ilvl="0">{level(0, "upperLetter", "%1）")}</w:lvlOverride>'
    numbering = (abstract(1, level(0, "decimal", "%1.")), num(1, 1), num(2, 1, own))
    assert texts(p("a", 2), numbering=numbering) == ["A） a"]


def test_bullets_unknown_lists_and_empty_paragraphs_show_no_number():
    numbering = (abstract(1, level(0, "bullet", "\uf0b7")), num(1, 1),
                 abstract(2, level(0, "decimal", "%1.")), num(2, 2), num(5, 99))
    assert texts(p("a", 1), p("b", 7), p("c", 5), p("", 2), p("d", 2, 4), p("e", 2),
                 numbering=numbering) == ["a", "b", "c", "", "d", "2. e"]


def test_several_levels_in_one_number_and_nothing_behind_it():
    numbering = (abstract(1, level(0, "chineseCounting", "%1"),
                          level(1, "decimal", "%1.%2", '<w:suff w:val="nothing"/>'),
                          level(2, "decimal", "%1.%2.%3", "<w:isLgl/>")), num(1, 1))
    assert texts(p("a", 1), p("b", 1, 1), p("c", 1, 2), numbering=numbering) == [
        "一 a", "一.1b", "1.1.1 c"]


# ---- what is seen ----

def test_deleted_hidden_and_field_codes_are_not_seen():
    field = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText>'
             '<w:t>码</w:t></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
             + run("3") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    inner = (run("甲") + f'<w:del><w:r><w:delText>删</w:delText></w:r></w:del>'
             f"<w:ins>{run('乙')}</w:ins>" + run("藏", "<w:vanish/>")
             + run("现", '<w:vanish w:val="0"/>') + f"<w:hyperlink>{run('丙')}</w:hyperlink>"
             + f"<w:sdt><w:sdtContent>{run('丁')}</w:sdtContent></w:sdt>" + field
             + f'<w:moveFrom>{run("旧")}</w:moveFrom><w:moveTo>{run("新")}</w:moveTo>'
             + f'<w:fldSimple w:instr="x">{run("戊")}</w:fldSimple>'
             + run("2", '<w:vertAlign w:val="superscript"/>'))
    assert texts(p(inner=inner)) == ["甲乙现丙丁3新戊2"]


def test_a_hidden_style_hides():
    styles = ('<w:style w:type="character" w:styleId="X"><w:name w:val="X"/><w:rPr><w:vanish/>'
              '</w:rPr></w:style>',)
    inner = run("甲") + run("藏", '<w:rStyle w:val="X"/>')
    assert texts(p(inner=inner), styles=styles) == ["甲"]


def test_breaks_tabs_and_marks_of_symbol_fonts():
    inner = ('<w:r><w:t>甲</w:t><w:br/><w:t>A.一</w:t><w:tab/><w:t>B.二</w:t><w:br w:type="page"/>'
             '<w:noBreakHyphen/><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>')
    assert texts(p(inner=inner)) == ["甲", "A.一\tB.二-√"]


def test_underlined_blanks_are_a_gap():
    line = '<w:u w:val="single"/>'
    inner = (run("共") + run("   ", line) + run("  ", line) + run("条") + run("  ")
             + run("章", line) + run("自") + '<w:r><w:rPr><w:u w:val="single"/></w:rPr><w:tab/>'
             '<w:t xml:space="preserve"> </w:t></w:r>' + run("起")
             + run("   ", '<w:u w:val="none"/>'))
    assert texts(p(inner=inner)) == ["共____条  章自____起   "]


def test_text_boxes_and_formulas():
    box = f"<w:txbxContent>{p('框里')}</w:txbxContent>"
    both = (f"<w:r><mc:AlternateContent><mc:Choice Requires=\"wps\"><w:drawing>{box}</w:drawing>"
            f"</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
            "</mc:AlternateContent></w:r>")
    formula = "<m:oMath><m:r><m:t>x+1</m:t></m:r></m:oMath>"
    assert texts(p(inner=run("甲") + both + formula)) == ["甲x+1", "框里"]


def test_paragraphs_are_counted_also_in_controls_and_tables():
    body = (p("甲"), f"<w:sdt><w:sdtContent>{p('乙')}</w:sdtContent></w:sdt>",
            table(["丙|丁", "戊"]), p("己"))
    found = read_document(document(*body))
    assert list(found.lines) == [(1, "甲"), (2, "乙"), (3, "丙"), (4, "丁"), (5, "戊"), (6, "己")]
    assert list(found.tables) == [[["丙\n丁", "戊"]]]


# ---- tables ----

def test_options_in_a_table_are_one_line():
    assert texts(table(["A.甲", "B.乙"], ["C.丙", "D.丁"])) == ["A.甲\tB.乙", "C.丙\tD.丁"]


def test_a_table_of_questions_is_no_text():
    found = read_document(document(table(["题干", "答案"], ["甲", "对"]), p("完")))
    assert [text for _, text in found.lines] == ["完"]
    assert found.tables[0][1] == ["甲", "对"]


def test_a_table_of_answers_is_a_list():
    rows = ["题号", "1", "2", "3"], ["答案", "B", "AC", "√"], ["题号", "4", "5", ""], [
        "答案", "A", "D", ""]
    assert texts(table(*rows)) == ["1.B 2.AC 3.√", "4.A 5.D"]
    upright = texts(table(["题号", "答案"], ["1", "B"], ["2", "C"]))
    questions = ["1.甲？ A.一 B.二 C.三", "2.乙？ A.一 B.二 C.三", "参考答案"]
    records = read_prose(enumerate([*questions, *upright], start=1)).records
    assert [one.cells["answer"] for one in records] == ["B", "C"]


# ---- files that are no documents ----

def package(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return out.getvalue()


@pytest.mark.parametrize(("data", "code"), [
    (b"", "not_a_table"), (b"PK\x03\x04", "not_a_table"), (b"hello", "not_a_table"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not_a_table"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
     "password_protected"),
    (package(a="b"), "not_a_table"),
    (package(word__document_dot_xml="<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "unsafe_archive"),
])
def test_foreign_files_are_refused(data, code):
    with pytest.raises(UnreadableFileError) as refused:
        read_document(data)
    assert refused.value.problem.code == code


def without(data, part):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
    return out.getvalue()


def test_a_document_without_its_parts_is_refused_or_read():
    data = document(p("甲", 1), numbering=QUESTIONS)
    with pytest.raises(UnreadableFileError):
        read_document(without(data, "word/document.xml"))
    with pytest.raises(UnreadableFileError):
        read_document(data[:len(data) // 2])


def test_deep_nesting_ends():
    inner = p("底")
    for _ in range(70):
        inner = f"<w:sdt><w:sdtContent>{inner}</w:sdtContent></w:sdt>"
    assert texts(inner, p("完")) == ["完"]


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_damaged_documents_raise_nothing_else(data):
    whole = bytearray(document(p("甲", 1), table(["A", "B"]), numbering=QUESTIONS))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_document(bytes(whole))
    except UnreadableFileError:
        return


PIECES = ("p", "tbl", "tr", "tc", "r", "t", "sdt", "sdtContent", "ins", "del", "numPr", "numId",
          "ilvl", "pPr", "pStyle", "rPr", "u", "fldChar", "br", "txbxContent", "pict", "sym")


@given(st.recursive(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(["", "1", "-3", "x", "99999999999"])),
    lambda below: st.tuples(st.sampled_from(PIECES), st.lists(below, max_size=4)), max_leaves=30))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_documents_raise_nothing_else(tree):
    def xml(node):
        name, below = node
        if isinstance(below, str):
            return f'<w:{name} w:val="{below}" w:char="{below}">{below}</w:{name}>'
        return f"<w:{name}>{''.join(map(xml, below))}</w:{name}>"
    try:
        read_document(document(xml(tree), numbering=(xml(tree), *QUESTIONS)))
    except UnreadableFileError:
        return


# ---- whole banks ----

def questions(data):
    report = check(data, "题库.docx")
    assert (report.bank.format, report.bank.encoding) == ("docx", None)
    return [(one.row, one.kind.value, one.stem, one.options, one.key) for one in report.drafts
            ], [one.code for one in report.errors]


def test_a_bank_whose_numbers_and_letters_are_counted_by_word():
    body = (p("单选题", 1), p("甲是什么？", 1, 1), p("一", 1, 2), p("二", 1, 2), p("答案：B"),
            p("乙是什么？", 1, 1), p("三", 1, 2), p("四", 1, 2), p("答案：A"),
            p("判断题", 1), p("丙。", 1, 1), p("答案：√"))
    assert questions(document(*body, numbering=QUESTIONS)) == ([
        (2, "single", "甲是什么？", ("一", "二"), ("B",)),
        (6, "single", "乙是什么？", ("三", "四"), ("A",)),
        (11, "judge", "丙。", ("正确", "错误"), ("A",))], [])


def test_a_bank_with_gaps_options_in_a_table_and_answers_in_a_table():
    gap = run("共") + run("      ", '<w:u w:val="single"/>') + run("章。")
    body = (p("一、单选题"), p("1.甲是什么？"), table(["A.一", "B.二"], ["C.三", "D.四"]),
            p("2.乙是什么？"), p(inner='<w:r><w:t>A.一</w:t><w:tab/><w:t>B.二</w:t></w:r>'),
            p("二、填空题"), p(inner=run("1.") + gap),
            p("参考答案"), p("一、单选题"), table(["题号", "1", "2"], ["答案", "C", "B"]),
            p("二、填空题"), p("1.八"))
    found, errors = questions(document(*body))
    assert [(kind, stem, key) for _, kind, stem, _, key in found] == [
        ("single", "甲是什么？", ("C",)), ("single", "乙是什么？", ("B",)),
        ("blank", "共____章。", ("八",))]
    assert (errors, found[0][3]) == ([], ("一", "二", "三", "四"))


def test_a_bank_in_one_paragraph():
    lines = ["1.甲是什么？", "A.一", "B.二", "答案：B", "2.乙是什么？", "A.一", "B.二", "答案：A"]
    inner = "<w:r>" + "<w:br/>".join(f"<w:t>{one}</w:t>" for one in lines) + "</w:r>"
    found, errors = questions(document(p(inner=inner)))
    assert ([stem for _, _, stem, _, _ in found], errors) == (["甲是什么？", "乙是什么？"], [])


def test_a_bank_as_a_table():
    rows = ["题型", "题干", "选项A", "选项B", "答案"], ["单选", "甲是什么？", "一", "二", "B"]
    assert questions(document(p("题库"), table(*rows))) == ([
        (2, "single", "甲是什么？", ("一", "二"), ("B",))], [])


def test_a_bank_typed_into_one_paragraph_keeps_its_questions_apart():
    """Web pages pasted into Word end their lines with soft breaks: a line of its own each."""
    made = docx.Document()
    made.add_paragraph("一、单选题\n1、甲（ ）？\nA、一\nB、二\n答案：A\n"
                       "2、乙（ ）？\nA、三\nB、四\n答案：B")
    made.add_paragraph("3、丙（ ）？\nA、五\nB、六\n答案：A")
    data = io.BytesIO()
    made.save(data)
    report = check(data.getvalue(), "a.docx")
    assert [(one.row, one.stem, one.key) for one in report.drafts] == [
        (2, "甲（ ）？", ("A",)), (6, "乙（ ）？", ("B",)), (10, "丙（ ）？", ("A",))]
    assert report.as_json()["records"] == 3
