"""What a law is called: 档案法 and 中华人民共和国档案法（2020年修订） are the same law."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from legaled.domain.text import squeeze

KEY_MAX = 200
_NOTE = re.compile(r"[(\[][^()\[\]]*(?:修订|修正|修改|施行|公布|通过|版|\d{4})[^()\[\]]*[)\]]$")
_BARE_NOTE = re.compile(
    r"(?<=\D)(?:\d{4}年?)?(?:第[一二三四五六七八九十]+次)?(?:修订|修正)(?:版|本|文本)?$")
_QUOTES = str.maketrans("", "", "《》〈〉“”\"'<>「」『』*#")
# Short names in daily use that are no part of the full name.
COMMON: Mapping[str, str] = MappingProxyType({
    "档案行政处罚程序": "档案行政处罚程序规定",
    "保密法": "保守国家秘密法",
    "保密法实施条例": "保守国家秘密法实施条例",
    "国安法": "国家安全法",
    "普法法": "法治宣传教育法",
    "民诉法": "民事诉讼法",
    "刑诉法": "刑事诉讼法",
    "行诉法": "行政诉讼法",
    "个保法": "个人信息保护法",
    "网安法": "网络安全法",
    "数安法": "数据安全法",
})


def law_key(name: str) -> str:
    """By which laws are one: without 中华人民共和国, quotes, spaces and notes of a version."""
    plain = squeeze(name).translate(_QUOTES).replace("中华人民共和国", "")
    before = None
    while plain != before:
        before = plain
        plain = _BARE_NOTE.sub("", _NOTE.sub("", plain))
    return plain[:KEY_MAX]


def find_law(name: str, known: Mapping[str, int]) -> int | None:
    """The law of that name, by its key, a common short name, or the end of one name only.

    `known` holds the keys of all laws and of their other names.
    """
    key = law_key(name)
    if not key:
        return None
    if (found := known.get(key) or known.get(COMMON.get(key, ""))) is not None:
        return found
    if len(key) < 4:
        return None
    ends = {law for other, law in known.items() if other.endswith(key)}
    return ends.pop() if len(ends) == 1 else None
