"""Whole numbers from outside, kept within what a database column holds."""

from typing import overload

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.routing import IntegerConverter

LARGEST = 2**31 - 1  # PostgreSQL's integer


def up_to(largest: int) -> str:
    """A pattern of the whole numbers from 0 to this one, which has two digits or more."""
    digits = str(largest)
    smaller = [
        f"{digits[:place]}[0-{int(digit) - 1}][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"(?:{'|'.join([f'[0-9]{{1,{len(digits) - 1}}}', *smaller, digits])})"


class BoundedInteger(IntegerConverter):
    """What `<int:…>` means in our addresses: a number that can be an id; else there is no page.

    By the pattern, because a number that only its value rules out is 405 where two views share
    an address, and int() refuses what is far longer.
    """

    regex = up_to(LARGEST)


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = BoundedInteger


@overload
def whole(sent: MultiDict[str, str], name: str) -> int | None: ...
@overload
def whole(sent: MultiDict[str, str], name: str, default: int) -> int: ...
def whole(sent: MultiDict[str, str], name: str, default: int | None = None) -> int | None:
    """The number sent under this name, brought between 0 and the largest; else the default."""
    number = sent.get(name, type=int)
    return default if number is None else min(max(number, 0), LARGEST)
