"""Zips with odd members, and zips that lost their directory."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from harvester.readers.file_signatures import ZIP_END
from tests.support.containers import (
    HOST,
    Unseekable,
    captures,
    ignored,
    packed_zstd,
    pages_of,
    problems,
    read,
    wacz,
    warc,
    warc_gz,
    zipped,
)

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {f"document/page-{number}": b"<html>%d" % number * 20 for number in range(3)}
AS_READ = [(f"https://{HOST}/{path}", body) for path, body in PAGES.items()]


def raw_zip(*members: tuple[str, int, bytes, int, int]) -> bytes:
    """Return a zip made by hand of members (name, method, packed bytes, checksum, flags)."""
    data, directory = b"", b""
    for name, method, packed, crc, flags in members:
        common = struct.pack("<5H3L2H", 20, flags, method, 0, 0, crc, len(packed), len(packed), len(name), 0)
        directory += b"PK\1\2\x14\x03" + common + struct.pack("<3H2L", 0, 0, 0, 0, len(data)) + name.encode()
        data += b"PK\3\4" + common + name.encode() + packed
    end = ZIP_END + struct.pack("<4H2LH", 0, 0, len(members), len(members), len(directory), len(data), 0)
    return data + directory + end


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_is_packed_and_what_is_not_are_read(tmp_path: Path, method: int) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(PAGES, method))
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == (AS_READ, [])


def test_zstd_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(raw_zip(("document/a", 93, packed_zstd(b"<html>"), zlib.crc32(b"<html>"), 0)))
    assert pages_of(read(tmp_path)) == [(f"https://{HOST}/document/a", b"<html>")]


def test_a_bad_member_never_stops_the_rest(tmp_path: Path) -> None:
    good = ("document/good", 8, deflated(b"<html>"), zlib.crc32(b"<html>"), 0)
    bad = [
        ("document/encrypted", 8, b"?" * 20, 0, 1),
        ("document/method", 99, b"?" * 20, 0, 0),
        ("document/checksum", 8, deflated(b"<html>"), 1, 0),
        ("document/garbage", 8, b"\xff" * 20, 0, 0),
        ("document/cut", 8, deflated(b"<html>" * 50)[:-3], zlib.crc32(b"<html>" * 50), 0),
    ]
    (tmp_path / "a.zip").write_bytes(raw_zip(good, *bad, good))
    found = read(tmp_path)
    assert [body for _, body in pages_of(found)] == [b"<html>", b"<html>"]
    assert problems(found) == ["unreadable-member"] * 2 + ["damaged-archive"] * 3


def test_links_and_names_that_lead_out_are_passed_over_and_counted(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("document/link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        for name in ("../document/a", "/document/b", "document/", "picture.png", "..\\document\\c"):
            archive.writestr(name, b"")
        archive.writestr("more.tar.gz", b"")
        archive.writestr("document/good", b"<html>")
    found = read(tmp_path)
    assert pages_of(found) == [(f"https://{HOST}/document/good", b"<html>")]
    assert (problems(found), ignored(found)) == (["unreadable-member"] * 4 + ["nested-archive"], 1)
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_names_that_stand_twice_are_both_given(tmp_path: Path) -> None:
    page = ("document/a", 0, b"1", zlib.crc32(b"1"), 0)
    (tmp_path / "a.zip").write_bytes(raw_zip(page, page))
    assert [body for _, body in pages_of(read(tmp_path))] == [b"1", b"1"]


def test_names_are_read_in_their_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"émigré.txt": b"1"}))
    (tmp_path / "b.zip").write_bytes(raw_zip(("old.txt", 0, b"1", zlib.crc32(b"1"), 0)).replace(b"old", b"o\x82d"))
    assert [capture.uri.rpartition("#")[2] for capture in captures(read(tmp_path))] == [
        "pages/%C3%A9migr%C3%A9.txt",
        "o%C3%A9d.txt",
    ]


@pytest.mark.parametrize("large", [False, True])
def test_a_large_zip_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    """Large ones have their true numbers elsewhere; zipfile can be told to take a small one for large."""
    if large:
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    (tmp_path / "a.zip").write_bytes(zipped(PAGES, zipfile.ZIP_STORED))
    assert (b"PK\6\6" in (tmp_path / "a.zip").read_bytes()) == large
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == (AS_READ, [])
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:-30])
    assert pages_of(read(tmp_path)) == AS_READ


def test_behind_a_program_that_unpacks_it_a_zip_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"MZ a program" * 100 + zipped(PAGES))
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == (AS_READ, [])


def test_cut_off_right_behind_a_zip_in_it_a_zip_is_not_taken_for_that_one(tmp_path: Path) -> None:
    inner = zipped({"document/inner": b"<html>inner"})
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("document/outer", b"<html>outer")
        archive.writestr("inner.zip", inner)
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[: whole.index(inner) + len(inner)])
    found = read(tmp_path)
    assert pages_of(found) == [(f"https://{HOST}/document/outer", b"<html>outer")]
    assert problems(found) == ["damaged-archive", "nested-archive"]


def test_a_member_whose_length_was_only_in_the_lost_directory_is_said_to_be_lost(tmp_path: Path) -> None:
    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path, body in PAGES.items():
            archive.writestr(path, body)
    (tmp_path / "a.zip").write_bytes(out.getvalue())
    assert pages_of(read(tmp_path)) == AS_READ
    (tmp_path / "a.zip").write_bytes(out.getvalue()[:-22])
    found = read(tmp_path)
    assert pages_of(found) == []
    assert problems(found) == ["damaged-archive"] + ["unreadable-member"] * len(PAGES)


def test_a_directory_that_is_damaged_is_noticed_and_done_without(tmp_path: Path) -> None:
    whole = zipped(PAGES)
    second = whole.index(b"PK\1\2", whole.index(b"PK\1\2") + 4)
    for byte, value in {second: b"X", second + 28: b"\xff", whole.index(ZIP_END) + 10: b"\2"}.items():
        (tmp_path / "a.zip").write_bytes(whole[:byte] + value + whole[byte + 1 :])
        found = read(tmp_path)
        assert (pages_of(found), problems(found)[0]) == (AS_READ, "damaged-archive")


def test_a_directory_that_points_elsewhere_costs_one_member(tmp_path: Path) -> None:
    whole = zipped(PAGES)
    second = whole.index(b"PK\1\2", whole.index(b"PK\1\2") + 4)
    for byte in (second + 42, second + 46):  # its offset, its name
        (tmp_path / "a.zip").write_bytes(whole[:byte] + b"x" + whole[byte + 1 :])
        found = read(tmp_path)
        assert (pages_of(found), problems(found)) == ([AS_READ[0], AS_READ[2]], ["damaged-archive"])


def test_numbers_beyond_every_file_lead_nowhere(tmp_path: Path) -> None:
    whole = zipped({"document/a": b"<html>"})
    at = whole.index(b"PK\1\2")
    extra = struct.pack("<2H3Q", 1, 24, 2**64 - 1, 2**64 - 1, 2**64 - 1)
    entry = bytearray(whole[at : whole.index(ZIP_END)])
    entry[20:28] = entry[42:46] * 0 + b"\xff" * 8
    entry[30:32], entry[42:46] = struct.pack("<H", len(extra)), b"\xff" * 4
    end = ZIP_END + struct.pack("<4H2LH", 0, 0, 1, 1, len(entry) + len(extra), at, 0)
    (tmp_path / "a.zip").write_bytes(whole[:at] + entry + extra + end)
    assert problems(read(tmp_path)) == ["damaged-archive"]
    header = bytearray(whole[:at])
    header[18:26], header[28:30] = b"\xff" * 8, struct.pack("<H", 20)
    name = 30 + len("pages/document/a")
    (tmp_path / "a.zip").write_bytes(header[:name] + struct.pack("<2H2Q", 1, 16, 2**64 - 1, 2**64 - 1) + header[name:])
    assert problems(read(tmp_path)) == ["damaged-archive"] * 2


def test_the_web_archives_in_a_wacz_are_read_packed_or_not(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for name, data in (("data.warc", warc(PAGES)), ("data.warc.gz", warc_gz(PAGES))):
            with zipfile.ZipFile(tmp_path / "a.wacz", "w", method) as archive:
                archive.writestr(f"archive/{name}", data)
                archive.writestr("pages/pages.jsonl", b"{}")
            found = read(tmp_path)
            assert (pages_of(found), problems(found), ignored(found)) == (AS_READ, [], 1)


def test_in_a_wacz_only_the_web_archives_count(tmp_path: Path) -> None:
    """Some have no index, or an empty description; others have bytes before or behind."""
    for members in ({}, {"datapackage.json": b""}, {"datapackage.json": b"{", "pages/pages.jsonl": b""}):
        with zipfile.ZipFile(tmp_path / "a.wacz", "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
            archive.writestr("archive/data.warc.gz", warc_gz(PAGES))
        whole = (tmp_path / "a.wacz").read_bytes()
        for data, outcome in ((whole, []), (b"junk" * 50 + whole, []), (whole + b"j" * 70_000, ["damaged-archive"])):
            (tmp_path / "a.wacz").write_bytes(data)
            found = read(tmp_path)
            assert (pages_of(found), problems(found)) == (AS_READ, outcome)
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as archive:
        archive.writestr("one.wacz", wacz(PAGES))
    assert problems(read(tmp_path)) == ["nested-archive"]


def test_damage_inside_a_wacz_is_noticed_and_gone_around(tmp_path: Path) -> None:
    whole = bytearray(wacz(PAGES))
    second = whole.index(b"\x1f\x8b\x08", whole.index(b"\x1f\x8b\x08") + 3)
    whole[second + 100] ^= 0xFF
    (tmp_path / "a.wacz").write_bytes(whole)
    found = read(tmp_path)
    assert pages_of(found) == [AS_READ[0], AS_READ[2]]
    assert problems(found) == ["damaged-archive"]


def test_an_empty_zip_has_no_pages_and_no_problem(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({}))
    assert read(tmp_path) == []
