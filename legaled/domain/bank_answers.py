"""What the 答案 and the 题型 of a row mean, in every spelling that banks use."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from legaled.domain.bank_record import Row, strip_prefix
from legaled.domain.banks import LETTERS, Kind, normalise
from legaled.domain.text import WHITE, clean, squeeze


def _words(text: str) -> list[str]:
    return text.split()


# Words are looked up squeezed, in lower case and without a final 题; None: derive it.
KIND_WORDS: Mapping[str, Kind | None] = MappingProxyType({
    **dict.fromkeys(_words("单选 单项 单项选择 single singlechoice"), Kind.SINGLE),
    **dict.fromkeys(
        _words("多选 多项 多项选择 不定项 不定项选择 multi multiple multiplechoice"), Kind.MULTI),
    **dict.fromkeys(
        _words("判断 是非 判断对错 判断正误 judge judgement truefalse true/false"), Kind.JUDGE),
    **dict.fromkeys(_words("填空 blank fill fillblank"), Kind.BLANK),
    **dict.fromkeys(
        _words("简答 问答 论述 名词解释 案例分析 材料分析 essay shortanswer"), Kind.ESSAY),
    **dict.fromkeys(["", "选择", "choice"]),
})
_TRUE = frozenset(_words("对 正确 √ ✓ ✔ 是 T TRUE 1 Y YES V"))
_FALSE = frozenset(_words("错 错误 × ✗ ✘ ✕ 否 F FALSE 0 N NO X 不对 不正确"))
_HEADING = re.compile(r"[(（]?[一二三四五六七八九十]{1,3}[)）]?[、.．:：]?")
_FINAL = "。.;,"  # squeezed
_KIND_NOTE = re.compile(r"([^()]{1,20})\(([^()]{1,20})\)$")
_ANSWER_PREFIX = re.compile(r"^[\[【(]?(?:正确|参考|标准)?答案[\]】)]?[是为]?[:]?\s*")
_SEPARATORS = re.compile(r"[\s,、|;/。.·]+")
_ONLY_LETTERS = re.compile(r"[A-Z]{1,26}$")
_LETTER_HEAD = re.compile(r"[A-Z](?:[\s,、|;/]*[A-Z])*(?=[^\w])")
_WORD_HEAD = re.compile(
    f"(?:{'|'.join(sorted(_TRUE | _FALSE, key=len, reverse=True))}|[A-H])(?=[^\\w])")
_GAP = re.compile(rf"_{{2,}}|[(（][{WHITE}]*[)）]")
_GAP_SPLIT = re.compile(r"[;；]|\n+(?=第.{1,2}空[:：])")
_GAP_PREFIX = re.compile(rf"^(?:第.{{1,2}}空[:：][{WHITE}]*)+")


def _canon(answer: str) -> str:
    """Half width, upper case, without `答案：`, brackets around it and a full stop behind it."""
    return _short_canon(answer) if len(answer) < 30 else _long_canon(answer)


def _long_canon(answer: str) -> str:
    text = unicodedata.normalize("NFKC", answer).upper().strip(WHITE)
    return _ANSWER_PREFIX.sub("", text).strip(WHITE + "()[]【】。.;,、")


_short_canon = lru_cache(maxsize=4_096)(_long_canon)  # a bank has few answers, again and again


def judge_value(text: str) -> bool | None:
    """What a judge word says: `√` True, `否` False, anything else None."""
    word = squeeze(text).upper()
    return True if word in _TRUE else False if word in _FALSE else None


def letters_of(answer: str) -> str:
    """`A、B` -> `AB` as written, also repeated ones; empty when it is not only letters."""
    packed = _SEPARATORS.sub("", answer)
    return packed if _ONLY_LETTERS.match(packed) else ""


def _head(row: Row, pattern: re.Pattern[str], answer: str) -> str | None:
    """The good beginning of an answer with text behind it; refused unless that is accepted."""
    found = pattern.match(answer)
    if found is None:
        row.say("answer_not_understood", "answer")
    elif not row.accept_trailing:
        row.say("answer_trailing_text", "answer")
    return found[0] if found and row.accept_trailing else None


def _by_text(row: Row) -> str:
    """The letter of the option whose full text the answer is, else nothing."""
    text, own = strip_prefix(row.text("answer"))
    wanted = squeeze(text)
    same = [letter for letter, option in row.options.items() if squeeze(option) == wanted] or [
        letter for letter, option in row.options.items()
        if squeeze(option).rstrip(_FINAL) == wanted.rstrip(_FINAL)]
    return (own if own in same else "") if own else (same[0] if same else "")


def _is_text(row: Row, letters: str) -> bool:
    """Whether an answer of Latin letters is a word: `Beijing`, or an option as it stands."""
    return not set(letters) <= set(row.options) or (
        len(letters) > 1 and row.text("answer") in row.options.values())


def _choice_key(row: Row) -> tuple[str, ...]:
    """The letters as in the file; what is wrong with them is said once, by its cause."""
    if len(row.options) < 2:
        return ()
    answer = _canon(row.text("answer"))
    if len(answer) == 1 and answer in row.options:
        return (answer,)
    letters = letters_of(answer)
    if not letters or _is_text(row, letters):
        letters = _by_text(row) or letters
    if not letters:
        letters = letters_of(_head(row, _LETTER_HEAD, answer) or "")
    if len(letters) != len(set(letters)):
        row.say("right_option_repeated", "answer")
    without = sorted(set(letters) - set(row.options))
    if without:
        row.say("answer_has_no_option", "answer", f"没有选项 {'、'.join(without)}。")
    return tuple(sorted(set(letters)))


def _single_key(row: Row) -> tuple[str, ...]:
    key = _choice_key(row)
    if len(key) > 1:
        row.say("single_with_many", "answer")
    return key


def _multi_key(row: Row) -> tuple[str, ...]:
    key = _choice_key(row)
    if len(key) == 1:
        row.say("multi_with_one_answer", "answer")
    return key


def _judge_key(row: Row) -> tuple[str, ...]:
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


def _blank_key(row: Row) -> tuple[str, ...]:
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


_KEYS: Mapping[Kind, Callable[[Row], tuple[str, ...]]] = MappingProxyType({
    Kind.SINGLE: _single_key, Kind.MULTI: _multi_key, Kind.JUDGE: _judge_key,
    Kind.BLANK: _blank_key, Kind.ESSAY: lambda row: (),
})


def key_of(row: Row, kind: Kind) -> tuple[str, ...]:
    """The key that the answer gives a question of this kind; what is wrong with it is said."""
    return _KEYS[kind](row)


def _derive_kind(row: Row) -> Kind:
    """What a row without 题型 is, from its options, its answer and the gaps in its stem."""
    answer = _canon(row.text("answer"))
    head = _LETTER_HEAD.match(answer)
    letters = letters_of(answer) or letters_of(head[0] if head else "")
    several = len(set(letters)) > 1 and not (_is_text(row, letters) and _by_text(row))
    choice = Kind.MULTI if several else Kind.SINGLE
    if row.options:
        words = sorted(str(judge_value(text)) for text in row.options.values())
        return Kind.JUDGE if words == ["False", "True"] else choice
    if "__" in row.text("stem"):
        return Kind.BLANK
    first_line = answer.split("\n", 1)[0]
    if judge_value(first_line) is not None:
        return Kind.JUDGE
    if letters_of(first_line) and set(letters) <= set(LETTERS):
        return choice
    return Kind.BLANK if _GAP.search(row.text("stem")) else Kind.ESSAY


def kind_of(row: Row) -> Kind | None:
    """What the 题型 says, else what the row looks like; None, and said so, for an unknown word."""
    word = _kind_word(row.text("kind"))
    if word not in KIND_WORDS:
        row.say("kind_unknown", "kind")
        return None
    return KIND_WORDS[word] or _derive_kind(row)


@lru_cache(maxsize=1_024)
def _kind_word(text: str) -> str:
    """`多选题` -> `多选`, `选择题（多选）` -> `多选`, `判断题（对错）` -> `判断`."""
    word = normalise(squeeze(text[:200]).lower())
    found = _KIND_NOTE.match(word)
    if found is None:
        return word.removesuffix("题")
    word, note = found[1].removesuffix("题"), found[2].removesuffix("题")
    return note if word in KIND_WORDS and not KIND_WORDS[word] and KIND_WORDS.get(note) else word


def heading_kind(text: str) -> str | None:
    """`一、单选题（每题2分）` -> `单选`; None when it is no heading over questions of one kind."""
    plain = clean(text)
    if "题" not in plain or len(plain) > 60:
        return None
    found = _HEADING.match(plain)
    word = _kind_word(plain[found.end():] if found else plain)
    return word if KIND_WORDS.get(word) else None
