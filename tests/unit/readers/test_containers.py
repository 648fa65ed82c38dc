"""The same pages are the same whatever they come in; what is cut off or changed is noticed."""

from __future__ import annotations

import gzip
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.containers import (
    CONTAINERS,
    HOST,
    captures,
    ignored,
    messages,
    packed_zstd,
    pages_of,
    problems,
    read,
    read_cuts,
    tar_gz,
    warc,
    warc_gz,
    zipped,
)
from tests.support.trials import trials

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


PAGES = {f"document/page-{number}": b"<html><p>%d</p>" % number * (5 + 9 * number) for number in range(3)}
AS_READ = [(f"https://{HOST}/{path}", body) for path, body in PAGES.items()]

slugs = st.from_regex(r"document/[a-z0-9-]{1,30}|search\?page=[0-9]{1,3}", fullmatch=True)
some_pages = st.dictionaries(slugs, st.binary(max_size=3000), max_size=5)
in_one_folder = settings(
    max_examples=trials(10, 25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_every_container_gives_the_same_pages(tmp_path: Path) -> None:
    for name, make in CONTAINERS.items():
        (tmp_path / name).write_bytes(make(PAGES))
        found = read(tmp_path / name)
        assert (name, pages_of(found), problems(found)) == (name, AS_READ, [])


@in_one_folder
@given(some_pages)
def test_any_pages_are_the_same_in_every_container(tmp_path: Path, pages: dict[str, bytes]) -> None:
    expected = [(f"https://{HOST}/{path}", body) for path, body in pages.items()]
    for name, make in CONTAINERS.items():
        (tmp_path / name).write_bytes(make(pages))
        found = read(tmp_path / name)
        assert (name, pages_of(found)) == (name, expected)
        assert bool(problems(found)) == (not pages and "w" in name)  # a WARC file without a record is none


def test_a_folder_gives_the_same_pages_as_a_container(tmp_path: Path) -> None:
    for path, body in PAGES.items():
        (tmp_path / "pages" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pages" / path).write_bytes(body)
    assert pages_of(read(tmp_path)) == AS_READ
    assert pages_of(read(tmp_path / "pages" / "document" / "page-1")) == AS_READ[1:2]


@pytest.mark.parametrize("name", CONTAINERS)
def test_cut_off_anywhere_it_gives_what_stands_before_and_says_so(tmp_path: Path, name: str) -> None:
    whole = CONTAINERS[name](PAGES)
    for cut, found in read_cuts(tmp_path / name, whole, max(1, len(whole) // trials(200, 600))):
        assert pages_of(found) == AS_READ[: len(captures(found))], cut
        if "damaged-archive" not in problems(found):
            # A tar's last bytes are padding; between two records of a WARC file nothing tells that there was another.
            assert ".warc" in name or (name == "a.tar" and len(captures(found)) == len(PAGES)), cut
        elif name in ("a.tar", "a.tar.gz", "a.tar.zst", "a.zip", "piped.zip"):
            assert f"at byte {cut:,}" in messages(found), cut


def test_a_warc_cut_between_two_records_is_the_only_cut_that_nobody_can_see(tmp_path: Path) -> None:
    unseen = [cut for cut, found in read_cuts(tmp_path / "a.warc.gz", warc_gz(PAGES)) if not problems(found)]
    assert len(unseen) == len(PAGES) - 1


@in_one_folder
@given(st.sampled_from([*CONTAINERS]), st.data())
def test_changed_anywhere_it_never_fails(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """A wrong page is only possible where nothing vouches for the bytes: in a tar, in a WARC's header."""
    changed = bytearray(CONTAINERS[name](PAGES))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        length = data.draw(st.integers(0, 40))
        changed[at : at + length] = data.draw(st.binary(max_size=40))
    (tmp_path / name).write_bytes(changed)
    found = read(tmp_path / name)
    bodies = {capture.body for capture in captures(found)}
    assert bodies <= set(PAGES.values()) or problems(found) or name in ("a.tar", "a.warc")


def test_what_it_is_shows_in_its_bytes_and_not_in_its_name(tmp_path: Path) -> None:
    for name, make in CONTAINERS.items():
        file = tmp_path / f"{name}.html"
        file.write_bytes(make(PAGES))
        assert (name, pages_of(read(file))) == (name, AS_READ)


def test_an_archive_that_is_none_is_said_to_be_damaged(tmp_path: Path) -> None:
    for name in CONTAINERS:
        for content in (b"", b"<html>Please wait while we check your browser</html>" * 20):
            (tmp_path / name).write_bytes(content)
            found = read(tmp_path / name)
            assert (name, captures(found)) == (name, [])
            assert set(problems(found)) == {"damaged-archive"}


def test_a_page_packed_by_itself_is_a_page(tmp_path: Path) -> None:
    (tmp_path / "pages" / "document").mkdir(parents=True)
    (tmp_path / "pages" / "document" / "one.html.gz").write_bytes(gzip.compress(b"<html>1"))
    (tmp_path / "pages" / "two.html.zst").write_bytes(packed_zstd(b"<html>2"))
    (tmp_path / "pages" / "index.cdx.gz").write_bytes(gzip.compress(b"no page"))
    found = read(tmp_path)
    two = (tmp_path / "pages" / "two.html.zst").as_uri()
    assert pages_of(found) == [(two, b"<html>2"), (f"https://{HOST}/document/one", b"<html>1")]
    assert ignored(found) == 1


def test_folders_are_read_in_a_fixed_order_with_the_archives_in_them(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "page.html").write_bytes(b"<html>b")
    (tmp_path / "a.zip").write_bytes(zipped(PAGES))
    (tmp_path / "c.txt").write_bytes(b"text")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    found = read(tmp_path)
    assert [body for _, body in pages_of(found)] == [*PAGES.values(), b"text", b"<html>b"]
    assert ignored(found) == 1


def test_an_offset_is_where_the_page_can_be_read_again(tmp_path: Path) -> None:
    for name in ("a.tar", "a.zip", "a.warc", "a.warc.gz", "a.warc.zst", "a.wacz"):
        whole = CONTAINERS[name](PAGES)
        (tmp_path / name).write_bytes(whole)
        signs = {
            "a.tar": b"pages/",
            "a.zip": b"PK\3\4",
            "a.warc": b"WARC/",
            "a.warc.gz": b"\x1f\x8b",
            "a.wacz": b"\x1f\x8b",
        }
        for capture in captures(read(tmp_path / name)):
            assert capture.file == str(tmp_path / name)
            assert capture.offset is not None
            assert whole[capture.offset :].startswith(signs.get(name, b"\x28\xb5\x2f\xfd"))


def test_a_page_without_an_address_is_known_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"iran/first page.txt": b"1", "iran/second.txt": b"2"}))
    place = (tmp_path / "a.zip").as_uri() + "#pages/iran/"
    assert [capture.uri for capture in captures(read(tmp_path))] == [f"{place}first%20page.txt", f"{place}second.txt"]


def test_only_the_user_names_a_listing_and_only_of_pages_without_an_address(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"iran/1.txt": b"1", "search?page=3": b"2"}))
    assert [capture.listing for capture in captures(read(tmp_path))] == [None, None]
    assert [capture.listing for capture in captures(read(tmp_path, listing="Iran"))] == ["Iran", None]


def test_names_that_are_no_text_can_be_kept(tmp_path: Path) -> None:
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"text")
    [capture] = captures(read(tmp_path))
    assert capture.file is not None
    assert capture.file.encode().endswith(rb"caf\xe9/a.txt")
    assert capture.uri.endswith("caf%E9/a.txt")
    shutil.rmtree(folder)


def test_what_cannot_be_opened_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(tar_gz(PAGES))
    found = read(tmp_path / "gone.warc", tmp_path / "a.tar.gz")
    assert problems(found) == ["unreadable"]
    assert pages_of(found) == AS_READ


class Before:
    """Remembers in memory."""

    def __init__(self) -> None:
        self.hashes: list[str] = []

    def contains(self, _path: Path, sha256: str) -> bool:
        return sha256 in self.hashes

    def add(self, _path: Path, sha256: str) -> None:
        self.hashes.append(sha256)


def test_an_archive_read_whole_is_not_read_again(tmp_path: Path) -> None:
    before = Before()
    (tmp_path / "a.warc").write_bytes(warc(PAGES))
    (tmp_path / "b.warc").write_bytes(warc(PAGES))
    (tmp_path / "cut.warc").write_bytes(warc(PAGES)[:-100])
    (tmp_path / "page.html").write_bytes(b"<html>")
    first = read(tmp_path, before=before)
    assert len(captures(first)) == 3 + 2 + 1
    assert len(before.hashes) == 1
    assert len(captures(read(tmp_path, before=before))) == 2 + 1
