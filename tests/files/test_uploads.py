"""Files that wait for their owner."""

import os
from datetime import timedelta

import pytest

from legaled.files import uploads
from tests.factories import NOW

WEEK = timedelta(days=7)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "uploads"


def keep(folder, owner=1, now=NOW, **options):
    return uploads.keep(folder, owner, "题库.csv", b"abc", options, now)


def test_a_file_comes_back_with_its_notes_and_for_its_owner_only(folder):
    kept = keep(folder, bank="档案法")
    assert uploads.find(folder, 1, kept.token) == kept
    assert uploads.find(folder, 2, kept.token) is None
    assert uploads.content(folder, kept) == b"abc"
    changed = uploads.change(folder, kept, bank="宪法")
    assert uploads.waiting(folder, 1) == [changed]
    assert uploads.waiting(folder, 2) == []
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*/*")} == {0o600}


def test_the_newest_comes_first(folder):
    later = keep(folder, now=NOW + timedelta(hours=1))
    earlier = keep(folder)
    assert uploads.waiting(folder, 1) == [later, earlier]


def test_a_dropped_file_is_gone(folder):
    kept = keep(folder)
    uploads.drop(folder, kept)
    uploads.drop(folder, kept)
    assert uploads.find(folder, 1, kept.token) is None
    assert uploads.content(folder, kept) is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("token", ["", "..", "../secret_key", "a" * 32, "columns.known", "\0" * 32])
def test_a_wrong_token_finds_nothing(folder, token):
    keep(folder)
    assert uploads.find(folder, 1, token) is None


@pytest.mark.parametrize("notes", [b"", b"{", b"[]", b"{}", b'{"stored": 1}', b"\xff"])
def test_notes_that_are_not_ours_are_passed_over(folder, notes):
    kept = keep(folder)
    (folder / kept.token / "notes.json").write_bytes(notes)
    assert uploads.waiting(folder, 1) == []
    assert uploads.find(folder, 1, kept.token) is None


def test_after_seven_days_a_file_goes_with_the_next_upload(folder):
    old, young = keep(folder), keep(folder, now=NOW + timedelta(seconds=1))
    orphan = folder / (f"{'x' * 32}.new")
    orphan.mkdir()
    (orphan / "file").write_bytes(b"left by a crash")
    lost = folder / "columns.known.12ab34cd"
    lost.write_bytes(b"{}")
    for path in (orphan, lost):
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    uploads.remember(folder, ["题"], {"题": "stem"})
    keep(folder, now=NOW + WEEK)
    assert uploads.find(folder, 1, old.token) == old
    keep(folder, now=NOW + WEEK + timedelta(seconds=1))
    assert uploads.find(folder, 1, old.token) is None
    assert uploads.find(folder, 1, young.token) == young
    assert not orphan.exists()
    assert not lost.exists()
    assert uploads.remembered(folder, ["题"]) == {"题": "stem"}


def test_what_a_header_means_is_remembered_by_the_whole_header(folder):
    keep(folder)
    assert uploads.remembered(folder, ["题", "答"]) == {}
    uploads.remember(folder, ["题", "答"], {"题": "stem", "答": "answer"})
    uploads.remember(folder, ["题", "答"], {"题": "stem", "答": ""})
    assert uploads.remembered(folder, ["题", "答"]) == {"题": "stem", "答": ""}
    assert uploads.remembered(folder, ["题,答"]) == {}
    for number in range(uploads.HEADERS):
        uploads.remember(folder, [str(number)], {})
    assert uploads.remembered(folder, ["题", "答"]) == {}


def test_nobody_has_more_than_twenty_waiting(folder):
    first, *_ = [keep(folder, now=NOW + timedelta(minutes=place)) for place in range(uploads.MOST)]
    with pytest.raises(uploads.TooManyError):
        keep(folder)
    keep(folder, owner=2)
    uploads.set_state(folder, first, uploads.State(import_id=1))
    keep(folder, now=NOW + timedelta(hours=1))
    assert uploads.find(folder, 1, first.token) is None
    assert len(uploads.waiting(folder, 1)) == uploads.MOST


def test_how_far_the_work_has_come_is_kept_beside_the_file(folder):
    kept = keep(folder)
    assert uploads.state(folder, kept) == uploads.State()
    state = uploads.State("checking", 5, 10, key="k")
    uploads.set_state(folder, kept, state)
    assert uploads.state(folder, kept) == state
    uploads.drop(folder, kept)
    with pytest.raises(FileNotFoundError):
        uploads.set_state(folder, kept, state)
    assert uploads.change(folder, kept, a=1).options == {"a": 1}
    assert not list(folder.iterdir())


def test_one_at_a_time_works_on_a_file(folder):
    kept = keep(folder)
    with uploads.alone(folder, kept) as first, uploads.alone(folder, kept) as second:
        assert (first, second) == (True, False)
    with uploads.alone(folder, kept) as again:
        assert again
    uploads.drop(folder, kept)
    with uploads.alone(folder, kept) as gone:
        assert not gone
