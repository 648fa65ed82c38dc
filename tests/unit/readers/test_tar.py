"""Tars with odd members, and what the writer of one can do to its reader."""

from __future__ import annotations

import io
import random
import tarfile
from typing import TYPE_CHECKING, Literal

import pytest

from harvester.readers.tar import header_in, pax_records
from tests.support.containers import HOST, captures, ignored, messages, pages_of, problems, read, tar, zipped

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {f"document/page-{number}": b"<html>%d" % number for number in range(3)}
AS_READ = [(f"https://{HOST}/{path}", body) for path, body in PAGES.items()]
END = bytes(1024)


def member(name: str, body: bytes = b"<html>", kind: bytes = tarfile.REGTYPE, declared: int | None = None) -> bytes:
    """Return a member with a header made by hand, without the end of the archive."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, len(body) if declared is None else declared, "target"
    return info.tobuf(tarfile.GNU_FORMAT) + body + bytes(-len(body) % 512)


def without_end(archive: bytes) -> bytes:
    return archive[: len(archive.rstrip(b"\0")) + -len(archive.rstrip(b"\0")) % 512]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_are_read_in_every_format(tmp_path: Path, form: int) -> None:
    names = ["document/" + "a" * 80, "documents/" * 12 + "document/b"]
    names += ["émigré/" * 30 + "document/c"] if form != tarfile.USTAR_FORMAT else []
    with tarfile.open(tmp_path / "a.tar", "w", format=form) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = 6, 0.5 if form == tarfile.PAX_FORMAT else 0
            archive.addfile(info, io.BytesIO(b"<html>"))
    found = read(tmp_path)
    expected = [f"https://{HOST}/document/{name.rpartition('/')[2]}" for name in names]
    assert ([capture.uri for capture in captures(found)], problems(found)) == (expected, [])


def test_links_to_nothing_devices_and_names_that_lead_out_are_passed_over_and_counted(tmp_path: Path) -> None:
    odd = [member(f"document/{kind}", b"", bytes([kind])) for kind in b"12346"]
    odd += [member(name) for name in ("/document/a", "../document/a", "a/../document/a", "document/\0a")]
    odd += [member("document/sparse", kind=tarfile.GNUTYPE_SPARSE), member("document/", b"", tarfile.DIRTYPE)]
    (tmp_path / "a.tar").write_bytes(b"".join(odd) + tar(PAGES))
    found = read(tmp_path)
    assert pages_of(found)[-3:] == AS_READ
    assert all(uri.startswith(f"https://{HOST}/document/") for uri, _ in pages_of(found))
    assert (problems(found), ignored(found)) == (["unreadable-member"] * 9, 1)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.tar"]


def test_an_archive_in_an_archive_is_said_to_be_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(member("more.zip", zipped(PAGES)) + tar(PAGES))
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == (AS_READ, ["nested-archive"])


def test_names_that_stand_twice_are_both_given(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(member("document/a", b"1") + member("document/a", b"2") + END)
    assert [body for _, body in pages_of(read(tmp_path))] == [b"1", b"2"]


def test_behind_a_broken_header_reading_goes_on(tmp_path: Path) -> None:
    archive = bytearray(tar(PAGES))
    archive[1024 + 150] ^= 1  # the checksum of the second header
    (tmp_path / "a.tar").write_bytes(archive)
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == ([AS_READ[0], AS_READ[2]], ["damaged-archive"])
    assert "a broken header behind pages/document/page-0, at byte 1,024" in messages(found)


def test_tars_written_one_behind_the_other_are_read(tmp_path: Path) -> None:
    more = {"document/more": b"<html>more"}
    (tmp_path / "a.tar").write_bytes(tar(PAGES) + tar(more))
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == ([*AS_READ, (f"https://{HOST}/document/more", b"<html>more")], [])


def test_something_else_behind_the_end_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tar(PAGES) + b"something else" * 100)
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == (AS_READ, ["damaged-archive"])
    assert "something else behind the end, at byte 10,240" in messages(found)


def test_a_tar_without_its_end_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(without_end(tar(PAGES)))
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == (AS_READ, ["damaged-archive"])


@pytest.mark.parametrize("size", [10**9, 10**18, 8**11 - 1])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_length_that_is_not_there_is_noticed(tmp_path: Path, size: int, kind: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(member("document/a") + member("document/b", b"b" * 512, kind, declared=size) + END)
    found = read(tmp_path)
    assert [body for _, body in pages_of(found)] == [b"<html>"]
    assert "damaged-archive" in problems(found)


def test_a_negative_length_leads_nowhere(tmp_path: Path) -> None:
    info = tarfile.TarInfo("document/a")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 11 + b"\x00"  # base 256: minus 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(tar(PAGES)[:1024] + bytes(header) + tar(PAGES)[1024:])
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == (AS_READ, ["damaged-archive"])


def test_ten_thousand_extensions_of_one_header_are_no_depth(tmp_path: Path) -> None:
    record = b"13 path=x/a/b"
    (tmp_path / "a.tar").write_bytes(member("pax", record, tarfile.XHDTYPE) * 10_000 + tar(PAGES))
    assert len(captures(read(tmp_path))) >= len(PAGES) - 1


def test_broken_headers_by_the_thousand_end_the_reading(tmp_path: Path) -> None:
    broken = bytearray(member("document/x", b""))
    broken[150] ^= 1
    (tmp_path / "a.tar").write_bytes((bytes(broken) + member("document/a")) * 1000 + END)
    found = read(tmp_path)
    assert len(problems(found)) == 101
    assert "not read on" in messages(found)


@pytest.mark.parametrize("data", [b"", b"x", b"0 a=b\n", b"-3 a=b\n", b"99999 path=a\n", b"6 a=b\n6 c=d", b"9" * 5000])
def test_records_of_any_kind_end(data: bytes) -> None:
    assert len(pax_records(data)) <= 2


def python_header(block: bytes) -> tarfile.TarInfo | None:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError:
        return None
    return header if header.size >= 0 else None


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_header_is_what_python_reads_whole_or_broken(form: Literal[0, 1, 2]) -> None:
    chance, files = random.Random(form), 0
    for _ in range(2000):
        member = tarfile.TarInfo("".join(chance.choices("abé/.-0 ", k=chance.choice((1, 20, 90)))))
        member.size, member.type = chance.choice((0, 5, 8**11 - 1)), chance.choice((b"0", b"0", b"\0", b"2", b"5"))
        block = bytearray(member.tobuf(form, "utf-8")[:512])
        for _ in range(chance.choice((0, 0, 1, 2, 5))):
            block[chance.randrange(512)] = chance.choice(b"\0 0178\xc8")
        if chance.random() < 0.5:
            block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256)
        for data in (bytes(block), bytes(block[:400])):
            one, other = header_in(data), python_header(data)
            assert (one and (one.name, one.size, one.type)) == (other and (other.name, other.size, other.type))
            files += one is not None
    assert files > 500
