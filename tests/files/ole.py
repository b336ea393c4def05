"""Small files of old Office programs, written byte by byte."""

import struct

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(**streams):
    """A file of streams by their names, each of at least eight sectors."""
    sectors, table, entries = [], [], []
    for name, content in streams.items():
        content = content.ljust(4_096, b"\0")
        first, count = len(sectors), -(-len(content) // 512)
        sectors += [content[at:at + 512].ljust(512, b"\0") for at in range(0, len(content), 512)]
        table += [*range(first + 1, first + count), END]
        entries.append((name, 2, first, len(content)))
    folder = b"".join(_entry(*one) for one in [("Root Entry", 5, END, 0), *entries])
    start = len(sectors)
    sectors += [folder[at:at + 512].ljust(512, b"\0") for at in range(0, len(folder), 512)]
    table += [*range(start + 1, len(sectors)), END]
    places = -(-(len(sectors) + 1) // 127)
    tables = list(range(len(sectors), len(sectors) + places))
    table += [FAT] * places
    table += [FREE] * (128 * places - len(table))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<5H6x3I4x5I", 0x3E, 3, 0xFFFE, 9, 6, 0, places, start, 4_096, END, 0, END, 0)
    head += struct.pack("<109I", *tables, *[FREE] * (109 - places))
    return head + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _entry(name, kind, first, length):
    raw = (name + "\0").encode("utf-16-le")
    return (raw.ljust(64, b"\0") + struct.pack("<HBB3I", len(raw), kind, 1, FREE, FREE, FREE)
            + bytes(36) + struct.pack("<IQ", first, length))


def record(kind, content=b""):
    return struct.pack("<HH", kind, len(content)) + content


def book(*sheets):
    """The records of a workbook; a sheet is (name, cells) with cells of (row, column, value)."""
    heads = [_name(name) for name, _ in sheets]
    bof = record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 6))
    size = len(bof) + sum(4 + 6 + len(head) for head in heads) + 4
    parts, places = [], []
    for _, cells in sheets:
        places.append(size)
        parts.append(record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 6))
                     + b"".join(map(_cell, cells)) + record(0x0A))
        size += len(parts[-1])
    listed = b"".join(record(0x85, struct.pack("<IBB", place, 0, 0) + head)
                      for place, head in zip(places, heads, strict=True))
    return bof + listed + record(0x0A) + b"".join(parts)


def _name(text):
    raw = text.encode("utf-16-le")
    return struct.pack("<BB", len(text), 1) + raw


def _cell(cell):
    row, column, value = cell
    if isinstance(value, bytes):  # a record of its own
        return value
    if isinstance(value, str):
        text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
        return record(0x0204, struct.pack("<HHH", row, column, 0) + text)
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def formula(row, column, value):
    """A cell whose number a formula says."""
    return record(0x06, struct.pack("<HHHdHIH", row, column, 0, value, 0, 0, 3) + b"\x1e\x01\x00")


def xls(*sheets):
    return compound(Workbook=book(*sheets))


def cells(*rows):
    """The cells of rows, from A1."""
    return [(row, column, value) for row, line in enumerate(rows)
            for column, value in enumerate(line) if value != ""]
