"""Whole numbers from outside, kept within what a database column holds."""

from typing import overload

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # PostgreSQL's integer


class BoundedInteger(IntegerConverter):
    """What `<int:…>` means in our addresses: a number that can be an id; else there is no page."""

    regex = "[0-9]{1,10}"  # int() refuses what is far longer

    def __init__(
        self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = LARGEST
    ) -> None:
        super().__init__(map, fixed_digits, min, max)


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
