"""Where a page of a list lies."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """The page shown, how many there are (at least one), and how many entries in all."""

    number: int
    pages: int
    total: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


def page_of(total: int, wanted: int, size: int) -> Page:
    """The wanted page, or the nearest there is."""
    pages = max(1, -(-total // size))
    return Page(min(max(wanted, 1), pages), pages, total, size)
