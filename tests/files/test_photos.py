"""Photographs: what is kept of them, and what is refused in words."""

import hashlib
import io
import random
import struct
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image, PngImagePlugin

from legaled.files import photos
from legaled.files.photos import PhotoError, read_photo
from legaled.web.words import MESSAGES
from tests.sessions_world import camera_exif, jpeg


def opened(data):
    return Image.open(io.BytesIO(data))


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def refused(data):
    with pytest.raises(PhotoError) as found:
        read_photo(data)
    return found.value.code


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) \
        + chunk(b"IEND", b"")


def test_the_place_and_the_camera_are_gone_the_time_is_kept():
    data = jpeg(exif=camera_exif(), comment=b"somebody's desk")
    assert opened(data).getexif().get_ifd(0x8825)[2] == (30.0, 35.0, 12.5)
    assert b"SecretPhone" in data
    found = read_photo(data)
    assert found.taken == datetime(2026, 11, 23, 6, 5, 6, tzinfo=UTC)  # Beijing's clock
    for kept in (found.picture, found.thumb):
        image = opened(kept)
        assert (dict(image.getexif()), image.info.get("comment"), image.format) == (
            {}, None, "JPEG")
        for word in (b"Exif", b"SecretPhone", b"GPS", b"somebody", b"2026:11:23", b"http://ns"):
            assert word not in kept
    assert found.digest == hashlib.sha256(found.picture).hexdigest()


@pytest.mark.parametrize(("offset", "hours"), [
    ("+08:00", 8), ("+00:00", 0), ("-05:30", -5.5), ("junk", 8), ("+99:99", 8), ("+1", 8)])
def test_a_camera_may_name_its_own_zone(offset, hours):
    local = datetime(2026, 11, 23, 14, 5, 6, tzinfo=UTC)
    assert read_photo(jpeg(exif=camera_exif(offset))).taken == local - timedelta(hours=hours)


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "", "gestern", "1970:01:01 00:00:00"])
def test_a_clock_that_was_never_set_says_nothing(written):
    exif = camera_exif()
    exif.get_ifd(0x8769)[0x9003] = written
    assert read_photo(jpeg(exif=exif)).taken is None


def test_a_picture_is_turned_upright_and_made_small():
    image = Image.new("RGB", (3000, 1500), "white")
    image.paste("red", (0, 0, 300, 1500))  # the left edge
    found = read_photo(saved(image, "JPEG", exif=camera_exif(orientation=6)))
    assert (found.width, found.height) == (1280, 2560)
    kept = opened(found.picture)
    assert kept.size == (1280, 2560)
    red, _, blue = kept.getpixel((640, 20))  # now the upper edge
    assert red > 200 > 100 > blue
    assert max(opened(found.thumb).size) == 480


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK", "I;16", "RGB"])
def test_every_kind_of_picture_becomes_a_plain_one(mode):
    image = Image.new("L", (40, 30), 200).convert(mode) if mode != "I;16" else \
        Image.new("I;16", (40, 30), 50_000)
    kind = "JPEG" if mode == "CMYK" else "PNG"
    kept = opened(read_photo(saved(image, kind)).picture)
    assert (kept.mode, kept.size) == ("RGB", (40, 30))


def test_what_is_clear_becomes_white():
    clear = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    for kind in ("PNG", "WEBP"):
        assert opened(read_photo(saved(clear, kind)).picture).getpixel((9, 9)) == (255,) * 3


def test_the_same_picture_has_the_same_name_whatever_was_written_into_it():
    assert read_photo(jpeg()).digest == read_photo(jpeg(exif=camera_exif())).digest
    assert read_photo(jpeg()).digest != read_photo(jpeg("blue")).digest


def test_text_in_a_png_does_not_come_along():
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "somebody's desk")
    found = read_photo(saved(Image.new("RGB", (30, 30)), "PNG", pnginfo=words))
    assert b"somebody" not in found.picture


@pytest.mark.parametrize(("data", "code"), [
    (b"", "photo_empty"),
    ("这是一段文字，名字叫 a.jpg".encode(), "photo_unknown"),
    (b"GIF89a" + b"\0" * 50, "photo_unknown"),
    (b"%PDF-1.7\n", "photo_unknown"),
    (b"\0\0\0\x18ftypheic\0\0\0\0", "photo_heic"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo_unknown"),
    (png_that_says(60_000, 60_000), "photo_huge"),
    (png_that_says(12_000, 8_000), "photo_huge"),
    (png_that_says(400, 400), "photo_broken"),
    (jpeg(size=(400, 400), quality=95)[:-400], "photo_broken"),
    (b"\xff\xd8\xff\xe0" + b"\0" * 200, "photo_unknown"),
])
def test_what_cannot_be_kept_is_refused_in_words(data, code):
    assert refused(data) == code
    assert code in MESSAGES


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow tells of tags that it leaves out
def test_no_damage_does_anything_but_be_refused():
    chance = random.Random(7)
    for whole in (jpeg(exif=camera_exif()), saved(Image.new("RGB", (64, 64)), "PNG"),
                  saved(Image.new("RGB", (64, 64)), "WEBP")):
        for _ in range(150):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 9)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            with suppress(PhotoError):
                read_photo(bytes(data[:chance.randrange(1, len(data) + 1)]))


def test_files_lie_in_a_folder_of_their_own(tmp_path):
    folder, found = tmp_path / "photos", read_photo(jpeg())
    with photos.alone(folder):
        photos.store(folder, found)
        photos.store(folder, found)
    names = {path.name for path in folder.iterdir()} - {"lock"}
    assert names == {f"{found.digest}.jpg", f"{found.digest}.small.jpg"}
    assert photos.picture_path(folder, found.digest).read_bytes() == found.picture
    assert photos.picture_path(folder, found.digest).stat().st_mode & 0o777 == 0o600
    photos.drop(folder, found.digest)
    photos.drop(folder, found.digest)
    assert {path.name for path in folder.iterdir()} == {"lock"}
