"""What a question is, and how one row of somebody's file becomes one or is refused.

The contract is BANK_FORMAT.md: the fields, the codes and who equals whom. Nothing here reads
files; `legaled.files.banks` turns bytes into `Record`s and comes here to have them judged.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from types import MappingProxyType


class Kind(Enum):
    SINGLE = "single"
    MULTI = "multi"
    JUDGE = "judge"
    BLANK = "blank"
    ESSAY = "essay"


KIND_LABEL: Mapping[Kind, str] = MappingProxyType({
    Kind.SINGLE: "单选", Kind.MULTI: "多选", Kind.JUDGE: "判断",
    Kind.BLANK: "填空", Kind.ESSAY: "简答",
})


def _words(text: str) -> list[str]:
    return text.split()


# Words are looked up squeezed, in lower case and without a final 题; None: derive it.
KIND_WORDS: Mapping[str, Kind | None] = MappingProxyType({
    **dict.fromkeys(_words("单选 单项 单项选择 single singlechoice"), Kind.SINGLE),
    **dict.fromkeys(
        _words("多选 多项 多项选择 不定项 不定项选择 multi multiple multiplechoice"), Kind.MULTI),
    **dict.fromkeys(_words("判断 是非 判断对错 judge judgement truefalse true/false"), Kind.JUDGE),
    **dict.fromkeys(_words("填空 blank fill fillblank"), Kind.BLANK),
    **dict.fromkeys(
        _words("简答 问答 论述 名词解释 案例分析 材料分析 essay shortanswer"), Kind.ESSAY),
    **dict.fromkeys(["", "选择", "choice"]),
})
JUDGE_OPTIONS = ("正确", "错误")
LETTERS = "ABCDEFGH"
OPTION_FIELDS = tuple(f"option_{letter.lower()}" for letter in LETTERS)
MORE_OPTIONS = "option_more"  # not a column of ours: whatever stands in a ninth option and beyond
FIELD_LABEL: Mapping[str, str] = MappingProxyType({
    "number": "题号", "kind": "题型", "stem": "题干",
    **{f"option_{letter.lower()}": f"选项{letter}" for letter in LETTERS},
    "answer": "答案", "explanation": "解析", "difficulty": "难度", "points": "分值",
    "topic": "知识点", "law": "法规", "article": "条款", "source": "来源",
})
FIELDS = tuple(FIELD_LABEL)
MAX_LENGTH: Mapping[str, int] = MappingProxyType({
    **dict.fromkeys(OPTION_FIELDS, 500), "stem": 2_000, "answer": 4_000, "explanation": 4_000,
    "number": 100, "difficulty": 20, "points": 20, "topic": 200, "law": 200, "article": 200,
    "source": 500,
})
MAX_ROWS = 100_000


# ---- what may be wrong, and the sentence that says what to do about it ----

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
    "missing_column": "表里没有题干列或答案列。请在第一行写好表头，或指明哪一列是它。",
    "no_rows": "文件里没有题目。请在表头下面填上题目。",
    "too_many_rows": f"题目多于 {MAX_ROWS} 道。请拆成几个文件分别导入。",
    "undecodable": "文件的文字编码认不出来。请在 Excel 里另存为“CSV UTF-8”再上传。",
    "mixed_encodings": "文件里混有两种文字编码。请用一个程序打开全部内容，另存为 UTF-8 再上传。",
    "not_a_table": "这个文件不是表格。请上传 CSV、TSV 或 XLSX 题库文件。",
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
    # Not in BANK_FORMAT.md: without it a 分值 that is no number would vanish in silence.
    "points_not_understood": "分值不是数字，导入时会留空。请写成 2 或 1.5。",
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
    shown = value if len(value) <= 200 else value[:200] + "…"
    return Problem(row, column, code, shown, detail + (ERRORS.get(code) or WARNINGS[code]))


class UnreadableFileError(Exception):
    """The file as a whole cannot be read; `problem` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True)
class Record:
    """One row as found: text by field name, untouched."""

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class QuestionDraft:
    """One valid question. `key` holds letters over `options`, or one string a gap (填空)."""

    row: int
    number: str | None
    foreign_number: str
    kind: Kind
    stem: str
    options: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    answer_text: str = ""
    explanation: str = ""
    difficulty: str = ""
    points: Decimal | None = None
    topic: str = ""
    law: str = ""
    article: str = ""
    source: str = ""


# ---- text ----

_BLANK = " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006" \
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
_SPACES = re.compile(f"[{_BLANK}]+")
_LEADING_NUMBER = re.compile(rf"^[{_BLANK}]*(?:\d{{1,4}}[{_BLANK}]*[、.:)](?!\d)"
                             rf"|\(\d{{1,4}}\)|第\d{{1,4}}题[、.:]?)")
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def clean(text: str) -> str:
    """Without white space (also zero-width) at its edges, and with `\\n` as the only line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(_BLANK)


def squeeze(text: str) -> str:
    """NFKC without any white space; squeezing twice changes nothing."""
    before = None
    while text != before:
        before, text = text, _SPACES.sub("", unicodedata.normalize("NFKC", text))
    return text


def normalise(text: str) -> str:
    """The stem as compared: squeezed, without its leading number. Twice changes nothing."""
    before = None
    while text != before:
        before = text
        text = squeeze(_LEADING_NUMBER.sub("", unicodedata.normalize("NFKC", text)))
    return text


def escape_cell(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets one `'` in front."""
    return "'" + text if _DANGEROUS.match(text) else text


def unescape_cell(text: str) -> str:
    """Takes away what `escape_cell` put there, and nothing else."""
    return text[1:] if _ESCAPED.match(text) else text


# ---- headers ----

HEADER_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "number": ("题号", "原题号", "编号", "序号", "id", "number"),
    "kind": ("题型", "类型", "题目类型", "试题类型", "type", "kind"),
    "stem": ("题干", "题目", "问题", "试题内容", "题目内容", "试题", "content", "question",
             "input", "stem"),
    **{f"option_{letter.lower()}": (
        f"选项{letter}", letter, f"{letter}选项", f"选项{numeral}", f"选项{place}",
        f"option{letter}", f"option_{letter}") for place, (letter, numeral)
       in enumerate(zip(LETTERS, "一二三四五六七八", strict=True), start=1)},
    "answer": ("答案", "正确答案", "正确选项", "标准答案", "参考答案", "answer", "output"),
    "explanation": ("解析", "试题解析", "答案解析", "提示", "explanation", "analysis"),
    "difficulty": ("难度", "难度系数", "difficulty"),
    "points": ("分值", "分数", "points", "score"),
    "topic": ("知识点", "章节", "标签", "topic"),
    "law": ("法规", "法规名称", "法律", "law"),
    "article": ("条款", "条款号", "法条", "article"),
    "source": ("来源", "出处", "依据", "source"),
})
# Squeezed header in lower case -> (field, how far down its list: 0 is our own word).
_HEADERS = {squeeze(word).lower(): (name, rank) for name, words in HEADER_SYNONYMS.items()
            for rank, word in enumerate(words)}
_BRACKETED = re.compile(r"\(.*\)$|^\*+|\*+$")
_EXTRA_OPTION = re.compile(r"^(?:选项([i-z]|九|十.?|9|1\d)|[i-z]选项|option_?[i-z]|[i-l])$")


def _header_word(header: str) -> str:
    return _BRACKETED.sub("", squeeze(header).lower())


def is_extra_option(header: str) -> bool:
    """Whether the column is a ninth option or beyond, for which we have no field."""
    return _EXTRA_OPTION.match(_header_word(header)) is not None


def map_headers(headers: Sequence[str]) -> dict[str, str]:
    """Header as found -> field. A field has one column: our own word wins, then the first."""
    best: dict[str, tuple[int, int]] = {}
    for place, header in enumerate(headers):
        found = _HEADERS.get(_header_word(header))
        if found is not None:
            best[found[0]] = min(best.get(found[0], (99, 0)), (found[1] > 0, place))
    places = {place: name for name, (_, place) in best.items()}
    return {headers[place]: places[place] for place in sorted(places)}


# ---- reading one row ----

@dataclass
class _Row:
    """One record on the desk: its texts, and what was found wrong so far."""

    record: Record
    accept_trailing: bool
    headers: Mapping[str, str]
    options: dict[str, str] = field(default_factory=dict)  # letter of the column -> text
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def raw(self, name: str) -> str:
        return self.record.cells.get(name, "")

    def text(self, name: str) -> str:
        return clean(self.raw(name))

    def say(self, code: str, name: str, detail: str = "") -> None:
        column = self.headers.get(name) or FIELD_LABEL.get(name)
        heap = self.errors if code in ERRORS else self.warnings
        heap.append(problem(code, self.record.row, column, self.raw(name), detail))


# A prefix is one letter and a mark; `A、B两项` is no prefix but a sentence about two letters.
_PREFIX = re.compile(rf"([A-HＡ-Ｈa-hａ-ｈ])[{_BLANK}]*[、.．:：)）][{_BLANK}]*+"
                     r"(?![A-HＡ-Ｈa-hａ-ｈ](?![A-Za-z]))"
                     r"|[(（]([A-HＡ-Ｈa-hａ-ｈ])[)）](?![(（])")
_GLUED = re.compile(rf"[^{_BLANK}][{_BLANK}]+[A-H][{_BLANK}]*[、.．:：)）]"
                    r"|[\u4e00-\u9fff][B-H][.．](?!\d)|答案[:：]")


def strip_prefix(text: str) -> tuple[str, str | None]:
    """The option without its own `A、`, and the first letter that was taken away."""
    letter = None
    text = clean(text)
    while found := _PREFIX.match(text):
        letter = letter or squeeze(found[1] or found[2]).upper()
        text = clean(text[found.end():])
    return text, letter


def _read_options(row: _Row) -> None:
    for letter, name in zip(LETTERS, OPTION_FIELDS, strict=True):
        raw = row.raw(name)
        if not raw:
            continue
        text, own = strip_prefix(raw)
        if text:
            row.options[letter] = text
        if own not in (None, letter):
            row.say("option_prefix_differs", name)
        if _GLUED.search(text):
            row.say("glued_options", name)
    if row.text(MORE_OPTIONS):
        row.say("too_many_options", MORE_OPTIONS)


def _check_lengths(row: _Row) -> None:
    for name, limit in MAX_LENGTH.items():
        if len(row.raw(name)) > limit and (long := len(row.text(name))) > limit:
            row.say("field_too_long", name, f"这一格有 {long} 字，最多 {limit} 字。")
            cut = row.text(name)[:limit]  # refused anyway: no pattern need run over megabytes
            row.record = replace(row.record, cells={**row.record.cells, name: cut})


# ---- answers ----

_TRUE = frozenset(_words("对 正确 √ ✓ ✔ 是 T TRUE 1 Y YES"))
_FALSE = frozenset(_words("错 错误 × ✗ ✘ ✕ 否 F FALSE 0 N NO X 不对 不正确"))
_ANSWER_PREFIX = re.compile(r"^[\[【(]?(?:正确|参考|标准)?答案[\]】)]?[是为]?[:]?\s*")
_SEPARATORS = re.compile(r"[\s,、|;/。.·]+")
_ONLY_LETTERS = re.compile(r"[A-Z]{1,26}$")
_LETTER_HEAD = re.compile(r"[A-Z](?:[\s,、|;/]*[A-Z])*(?=[^\w])")
_WORD_HEAD = re.compile(
    f"(?:{'|'.join(sorted(_TRUE | _FALSE, key=len, reverse=True))}|[A-H])(?=[^\\w])")
_GAP = re.compile(rf"_{{2,}}|[(（][{_BLANK}]*[)）]")
_GAP_SPLIT = re.compile(r"[;；]|\n+(?=第.{1,2}空[:：])")
_GAP_PREFIX = re.compile(rf"^(?:第.{{1,2}}空[:：][{_BLANK}]*)+")


def _canon(answer: str) -> str:
    """Half width, upper case, without `答案：`, brackets around it and a full stop behind it."""
    text = unicodedata.normalize("NFKC", answer).upper().strip(_BLANK)
    return _ANSWER_PREFIX.sub("", text).strip(_BLANK + "()[]【】。.;,、")


def judge_value(text: str) -> bool | None:
    """What a judge word says: `√` True, `否` False, anything else None."""
    word = squeeze(text).upper()
    return True if word in _TRUE else False if word in _FALSE else None


def _letters(answer: str) -> str:
    """`A、B` -> `AB` as written, also repeated ones; empty when it is not only letters."""
    packed = _SEPARATORS.sub("", answer)
    return packed if _ONLY_LETTERS.match(packed) else ""


def _head(row: _Row, pattern: re.Pattern[str], answer: str) -> str | None:
    """The good beginning of an answer with text behind it; refused unless that is accepted."""
    found = pattern.match(answer)
    if found is None:
        row.say("answer_not_understood", "answer")
    elif not row.accept_trailing:
        row.say("answer_trailing_text", "answer")
    return found[0] if found and row.accept_trailing else None


def _by_text(row: _Row) -> str:
    """The letter of the option whose full text the answer is, else nothing."""
    text, own = strip_prefix(row.text("answer"))
    wanted = squeeze(text)
    same = [letter for letter, option in row.options.items() if squeeze(option) == wanted]
    return (own if own in same else "") if own else (same[0] if same else "")


def _choice_key(row: _Row) -> tuple[str, ...]:
    """The letters as in the file; what is wrong with them is said once, by its cause."""
    if len(row.options) < 2:
        return ()
    answer = _canon(row.text("answer"))
    letters = _letters(answer)
    if not letters or not set(letters) <= set(row.options):
        letters = _by_text(row) or letters
    if not letters:
        letters = _letters(_head(row, _LETTER_HEAD, answer) or "")
    if len(letters) != len(set(letters)):
        row.say("right_option_repeated", "answer")
    without = sorted(set(letters) - set(row.options))
    if without:
        row.say("answer_has_no_option", "answer", f"没有选项 {'、'.join(without)}。")
    return tuple(sorted(set(letters)))


def _single_key(row: _Row) -> tuple[str, ...]:
    key = _choice_key(row)
    if len(key) > 1:
        row.say("single_with_many", "answer")
    return key


def _multi_key(row: _Row) -> tuple[str, ...]:
    key = _choice_key(row)
    if len(key) == 1:
        row.say("multi_with_one_answer", "answer")
    return key


def _judge_key(row: _Row) -> tuple[str, ...]:
    """A for true, B for false: by word, by text, or by a letter over the row's own 对/错."""
    answer = _canon(row.text("answer"))
    word = squeeze(answer)
    value = judge_value(row.options.get(word, word))
    if value is None and word not in tuple(LETTERS):
        word = _head(row, _WORD_HEAD, answer) or ""
        value = judge_value(row.options.get(word, word))
    if value is not None:
        return ("A",) if value else ("B",)
    if word in row.options:
        row.say("answer_not_understood", "answer")
    elif word:
        row.say("answer_has_no_option", "answer", f"没有选项 {word}。")
    return ()


def _blank_key(row: _Row) -> tuple[str, ...]:
    """One string a gap, alternatives parted by `|`; as many as the stem has gaps."""
    parts = [_alternatives(part) for part in _GAP_SPLIT.split(row.text("answer"))]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    gaps = len(_GAP.findall(row.text("stem"))) or len(parts)
    if gaps != len(parts) or not all(parts):
        row.say("answer_not_understood", "answer",
                f"题干有 {gaps} 个空，答案有 {sum(map(bool, parts))} 个，各空用“；”分开。")
    return tuple(parts)


def _alternatives(part: str) -> str:
    choices = (clean(_GAP_PREFIX.sub("", clean(one))) for one in re.split(r"[|｜]", part))
    return "|".join(dict.fromkeys(one for one in choices if one))


_KEYS: Mapping[Kind, Callable[[_Row], tuple[str, ...]]] = MappingProxyType({
    Kind.SINGLE: _single_key, Kind.MULTI: _multi_key, Kind.JUDGE: _judge_key,
    Kind.BLANK: _blank_key, Kind.ESSAY: lambda row: (),
})
_CHOICES = (Kind.SINGLE, Kind.MULTI)


def _derive_kind(row: _Row) -> Kind:
    """What a row without 题型 is, from its options, its answer and the gaps in its stem."""
    answer = _canon(row.text("answer"))
    head = _LETTER_HEAD.match(answer)
    letters = _letters(answer) or _letters(head[0] if head else "")
    choice = Kind.MULTI if len(set(letters)) > 1 else Kind.SINGLE
    if row.options:
        words = sorted(str(judge_value(text)) for text in row.options.values())
        return Kind.JUDGE if words == ["False", "True"] else choice
    if "__" in row.text("stem"):
        return Kind.BLANK
    first_line = answer.split("\n", 1)[0]
    if judge_value(first_line) is not None:
        return Kind.JUDGE
    if _letters(first_line) and set(letters) <= set(LETTERS):
        return choice
    return Kind.BLANK if _GAP.search(row.text("stem")) else Kind.ESSAY


def _kind(row: _Row) -> Kind | None:
    word = squeeze(row.text("kind")).lower()
    word = normalise(word).removesuffix("题")
    if word not in KIND_WORDS:
        row.say("kind_unknown", "kind")
        return None
    return KIND_WORDS[word] or _derive_kind(row)


# ---- warnings ----

_LETTERS_IN_STEM = re.compile(r"\(\s*([A-H](?:[\s,、]*[A-H])*)\s*\)")
_WORD_IN_STEM = re.compile(r"\(\s*(√|×|✓|✗|对|错|正确|错误)\s*\)")
# The hundred commonest characters of laws and banks: 47 % of their text, 0 of a scrambled font.
_COMMON = frozenset(
    "的国法人民中行和章第党题政一有案定为关是对会公十在以不主正员测族家选确同权制理某当作了大全"
    "应治单成规事下机司部要发体共甲于时条合自出保文律地年经务代节用化其验生业实方上可乙期答后组工"
)


def is_prose(text: str) -> bool:
    """False for private-use or lost characters, or long Chinese without any common character."""
    if any("\ue000" <= char <= "\uf8ff" or char == "\ufffd" for char in text):
        return False
    chinese = [char for char in text if "\u4e00" <= char <= "\u9fff"]
    return len(chinese) < 20 or 20 * sum(char in _COMMON for char in chinese) >= len(chinese)


def _warn_stem(row: _Row, kind: Kind | None, key: tuple[str, ...]) -> None:
    raw, stem = row.raw("stem"), row.text("stem")
    if not stem:
        return
    if "\n" in clean(raw.strip() + "|"):  # a line of nothing but zero-width space is a line
        row.say("newline_in_stem", "stem")
    elif raw[0] in _BLANK or raw[-1] in _BLANK:
        row.say("stem_edge_space", "stem")
    if not is_prose(stem):
        row.say("not_prose", "stem")
    plain = unicodedata.normalize("NFKC", stem)
    shown = {tuple(sorted(set(_letters(found)))) for found in _LETTERS_IN_STEM.findall(plain)}
    said = {("A",) if judge_value(word) else ("B",) for word in _WORD_IN_STEM.findall(plain)}
    if key and key in (shown if kind in _CHOICES else said if kind is Kind.JUDGE else ()):
        row.say("answer_letter_in_stem", "stem")


def _warn_options(row: _Row, key: tuple[str, ...]) -> None:
    first: dict[str, str] = {}
    for letter, text in row.options.items():
        other = first.setdefault(squeeze(text), letter)
        if other == letter:
            continue
        name, both = f"option_{letter.lower()}", f"选项 {other} 和 {letter} 相同。"
        row.say("two_options_same_text", name, both)
        if (other in key) != (letter in key):
            row.say("right_option_repeated", name, both)


_ARTICLE = re.compile(r"第([零〇一二三四五六七八九十百千\d]+)条")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def chinese_number(text: str) -> int:
    """`二十七` -> 27, `一百零三` -> 103, `27` -> 27."""
    if text.isdecimal():
        return int(text[:9])
    total = digit = 0
    for char in text:
        if char in _UNITS:
            total, digit = total + (digit or 1) * _UNITS[char], 0
        else:
            digit = _DIGITS.get(char, 0)
    return total + digit


def article_numbers(text: str) -> tuple[int, ...]:
    """`第二十七条`, `27` or `27,28` as numbers; empty when it names no article."""
    plain = squeeze(text)
    named = _ARTICLE.findall(plain) or re.findall(r"(?<!\d)\d{1,4}(?!\d)", plain)
    return tuple(chinese_number(one) for one in named)


def _warn_law(row: _Row, articles: Callable[[str], int | None]) -> None:
    law, article = row.text("law"), row.text("article")
    if not law:
        return
    last = articles(law)
    if last is None:
        row.say("unknown_law", "law")
    elif article:
        numbers = article_numbers(article)
        if not numbers or not all(1 <= number <= last for number in numbers):
            row.say("unknown_article", "article", f"{law}共 {last} 条。")


# ---- the verdict ----

OWN_NUMBER = re.compile(r"L-[0-9]{6,18}$")
_POINTS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?$")


def _points(row: _Row) -> Decimal | None:
    text = squeeze(row.text("points")).removesuffix("分")
    if _POINTS.match(text):
        return Decimal(text)
    if text:
        row.say("points_not_understood", "points")
    return None


def _draft(row: _Row, kind: Kind, key: tuple[str, ...]) -> QuestionDraft:
    number = row.text("number")
    own = OWN_NUMBER.match(number) is not None
    kept = tuple(row.options.values()) if kind in _CHOICES else ()
    if kind in _CHOICES:  # an empty column in between is closed, and the letters move with it
        places = dict(zip(row.options, LETTERS, strict=False))
        key = tuple(places[letter] for letter in key)
    return QuestionDraft(
        row.record.row, number if own else None, "" if own else number, kind, row.text("stem"),
        JUDGE_OPTIONS if kind is Kind.JUDGE else kept, key,
        row.text("answer") if kind is Kind.ESSAY else "", row.text("explanation"),
        row.text("difficulty"), _points(row), row.text("topic"), row.text("law"),
        row.text("article"), row.text("source"))


def judge_record(
    record: Record, *, accept_trailing: bool = False,
    articles: Callable[[str], int | None] | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[QuestionDraft | None, list[Problem], list[Problem]]:
    """The question, or None and at least one error; warnings either way.

    `articles` tells how many articles a law has (None: no such law); without it laws are not
    checked. `headers` names columns as they stand in the file, by field.
    """
    row = _Row(record, accept_trailing, headers)
    _check_lengths(row)
    _read_options(row)
    kind = _kind(row)
    key: tuple[str, ...] = ()
    for name in ("stem", "answer"):
        if not row.text(name):
            row.say(f"missing_{name}", name)
    if kind in _CHOICES and len(row.options) < 2:
        row.say("too_few_options", OPTION_FIELDS[len(row.options)])
    if kind and row.text("answer"):
        key = _KEYS[kind](row)
    _warn_stem(row, kind, key)
    _warn_options(row, key)
    if articles:
        _warn_law(row, articles)
    draft = _draft(row, kind, key) if kind and not row.errors else None
    return draft, row.errors, row.warnings


# ---- who equals whom ----

def fingerprint(kind: Kind, stem: str, options: Iterable[str]) -> str:
    """The same for the same question however numbered, spaced, wide or ordered.

    No separator can stand inside a part: squeezing takes the control characters away.
    """
    texts = {squeeze(text) for text in options} if kind in _CHOICES else set()
    return sha256("\x1f".join([normalise(stem), *sorted(texts)]).encode()).hexdigest()


def key_texts(draft: QuestionDraft) -> frozenset[str] | tuple[str, ...]:
    """The key in a form that the order of options does not change."""
    if draft.kind in _CHOICES:
        return frozenset(squeeze(draft.options[LETTERS.index(letter)]) for letter in draft.key)
    return tuple(squeeze(part) for part in (*draft.key, draft.answer_text))


def same_content(a: QuestionDraft, b: QuestionDraft) -> bool:
    """Whether nothing but the place and the numbers differ; else it is a new version."""
    return replace(a, row=0, number=None, foreign_number="") == replace(
        b, row=0, number=None, foreign_number="")


Pair = tuple[int, int]


def duplicates_and_conflicts(
    drafts: Iterable[QuestionDraft],
) -> tuple[list[QuestionDraft], list[Pair], list[Pair]]:
    """The drafts to keep, and (row, of) for later ones: the same again, or with another key.

    A row with our own 题号 is that question; two questions of a bank never share a fingerprint,
    whatever their numbers.
    """
    kept: list[QuestionDraft] = []
    duplicates: list[Pair] = []
    conflicts: list[Pair] = []
    first_seen: dict[str, QuestionDraft] = {}  # by 题号 and by fingerprint, which never look alike
    for draft in drafts:
        mark = fingerprint(draft.kind, draft.stem, draft.options)
        numbered = first_seen.get(draft.number) if draft.number else None
        first = numbered or first_seen.get(mark)
        if first is None:
            kept.append(draft)
            first_seen |= {mark: draft, draft.number or mark: draft}
        else:
            same = same_content(first, draft) if numbered else key_texts(first) == key_texts(draft)
            (duplicates if same else conflicts).append((draft.row, first.row))
    return kept, duplicates, conflicts
