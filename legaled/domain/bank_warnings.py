"""What looks doubtful in a row and does not keep it out of the bank."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

from legaled.domain.bank_answers import judge_value, letters_of
from legaled.domain.bank_headers import OPTION_FIELDS
from legaled.domain.bank_record import Row
from legaled.domain.banks import CHOICES, Kind
from legaled.domain.text import WHITE, clean, is_plain, squeeze

_LETTERS_IN_STEM = re.compile(r"\(\s*([A-H](?:[\s,、]*[A-H])*)\s*\)")
_WORD_IN_STEM = re.compile(r"\(\s*(√|×|✓|✗|对|错|正确|错误)\s*\)")
# The hundred commonest characters of laws and banks: 47 % of their text, 0 of a scrambled font.
_COMMON = frozenset(
    "的国法人民中行和章第党题政一有案定为关是对会公十在以不主正员测族家选确同权制理某当作了大全"
    "应治单成规事下机司部要发体共甲于时条合自出保文律地年经务代节用化其验生业实方上可乙期答后组工"
)
# With three hundred more: over 40 % of any bank, under 35 % of one in another order of glyphs.
_USUAL = _COMMON | frozenset(
    "我他这个们来到说就也你能而子那得着之过里道所然种多么去学如都现没动面起看天分还进好小些样心她本前开但因只从想日军者意无力它与长把此已使情明性知三又点"
    "外将两高间由问很最重并物手战向头美相见被利什二等产或新己身果加西斯月话回特内信表老给世位次度门任常先海通教儿原东声提立及比解水名真论处走义各入几口认"
    "平系气活尔更别打女变四神总何电数安少报才结反受目太量再感建做接必场件计管市直德资命山金指克许统区至队形社便空决展马科五基眼书非则听白却界达光放强即像"
    "难且思王象完设式色路记南品住告类求据程北边死张该交万取拉格望觉术领传师观清今切院让识候带导争运笔档馆违罪刑责罚依宪履职贯彻执监督诉讼审判办标准符属列"
    "择错误哪项丙"
)
_LOST = re.compile("[\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]").search
_HAN = re.compile("[\u4e00-\u9fff]+")
_MAYBE_SHOWN = re.compile(f"[(（﹙⁽₍︵][{WHITE}]*[A-HＡ-Ｈ√×✓✗对错正]"
                          "|[\U0001f110-\U0001f117]").search
_ARTICLE = re.compile(r"第([零〇一二三四五六七八九十百千\d]+)条")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def is_prose(text: str) -> bool:
    """False for private-use or lost characters, or long Chinese without any common character."""
    if _LOST(text):
        return False
    if len(text) < 20 or _has_common(-(-len(text) // 20))(text):
        return True
    chinese = "".join(_HAN.findall(text))
    return len(chinese) < 20 or 20 * sum(map(_COMMON.__contains__, chinese)) >= len(chinese)


@cache
def _has_common(count: int) -> Callable[[str], object]:
    """Looks for so many common characters in a row of others; up to ten, for long texts none."""
    chars = "".join(sorted(_COMMON))
    pattern = rf"(?:[^{chars}]*+[{chars}]){{{count}}}" if count <= 10 else r"(?!)"
    return re.compile(pattern, re.DOTALL).match


def is_scrambled(stems: Iterable[str], options: Iterable[str] = ()) -> bool:
    """Whether the stems of a bank, taken together, lack what any Chinese text is made of.

    A web font that gives every glyph the place of another leaves short stems that look well.
    Forty characters of a real bank hold fifteen usual ones; options help where stems are few.
    """
    chinese, usual = _count_usual(stems)
    if chinese >= 60:
        return usual < chinese * (0.36 if chinese >= 150 else 0.25)
    if chinese < 30:
        more, good = _count_usual(options)
        chinese, usual = chinese + more, usual + good
    return chinese >= 30 and usual < chinese * 0.1


def _count_usual(texts: Iterable[str]) -> tuple[int, int]:
    """How many Chinese characters, and how many usual ones among them; of the first 20,000."""
    chinese, usual = 0, 0
    for one in texts:
        text = "".join(_HAN.findall(one[:100]))
        chinese += len(text)
        usual += sum(map(_USUAL.__contains__, text))
        if chinese > 20_000:
            break
    return chinese, usual


def warn_stem(row: Row, kind: Kind | None, key: tuple[str, ...]) -> None:
    """White space at the edges, text that is no prose, and an answer that stands in the stem."""
    raw, stem = row.raw("stem"), row.text("stem")
    if not stem:
        return
    # a line of nothing but zero-width space is a line
    if ("\n" in raw or "\r" in raw) and "\n" in clean(raw.strip() + "|"):
        row.say("newline_in_stem", "stem")
    elif raw[0] in WHITE or raw[-1] in WHITE:
        row.say("stem_edge_space", "stem")
    if not is_prose(stem):
        row.say("not_prose", "stem")
    if not key or not _MAYBE_SHOWN(stem):
        return
    plain = unicodedata.normalize("NFKC", stem)
    shown = {tuple(sorted(set(letters_of(found)))) for found in _LETTERS_IN_STEM.findall(plain)}
    said = {("A",) if judge_value(word) else ("B",) for word in _WORD_IN_STEM.findall(plain)}
    if key in (shown if kind in CHOICES else said if kind is Kind.JUDGE else ()):
        row.say("answer_letter_in_stem", "stem")


def warn_options(row: Row, key: tuple[str, ...]) -> None:
    """Characters of a private font, and options of the same text: one right, one wrong."""
    together = "".join(row.options.values()) + row.text("answer")
    if is_plain(together) and len(set(row.options.values())) == len(row.options):
        return  # nothing is lost, and nothing that squeezing could make equal
    if _LOST(together):
        for name in ("answer", *OPTION_FIELDS):
            if _LOST(row.text(name)):
                row.say("not_prose", name)
    _warn_equal(row, key)


def _warn_equal(row: Row, key: tuple[str, ...]) -> None:
    first: dict[str, str] = {}
    for letter, text in row.options.items():
        other = first.setdefault(squeeze(text), letter)
        if other == letter:
            continue
        name, both = f"option_{letter.lower()}", f"选项 {other} 和 {letter} 相同。"
        row.say("two_options_same_text", name, both)
        if (other in key) != (letter in key):
            row.say("right_option_repeated", name, both)


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


def warn_law(row: Row, articles: Callable[[str], int | None]) -> None:
    """A law or an article that there is not; `articles` tells how many a law has."""
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
