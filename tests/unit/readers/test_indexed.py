"""An index of WARC files leads to what is wanted and to nothing else, and where it lies nothing is lost."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from random import Random
from typing import TYPE_CHECKING

import pytest

from harvester.model import Skipped
from harvester.readers import indexed
from tests.support.containers import (
    HOST,
    captures,
    ignored,
    messages,
    packed_zstd,
    pages_of,
    problems,
    read,
    warc_record,
    zstd_with_dictionary,
)

if TYPE_CHECKING:
    from pathlib import Path

OWN = [(f"https://{HOST}/document/{number}", b"<html>own %d</html>" % number * 90) for number in range(4)]
FOREIGN = [(f"https://other.example/{number}", Random(number).randbytes(20_000)) for number in range(5)]
MIXED = [FOREIGN[0], OWN[0], OWN[1], FOREIGN[1], FOREIGN[2], OWN[2], FOREIGN[3], OWN[3], FOREIGN[4]]
Line = dict[str, str]


def records_of(pages: list[tuple[str, bytes]], packing: str | None = "gz") -> list[bytes]:
    made = [warc_record(uri, body, gz=packing == "gz") for uri, body in pages]
    return [packed_zstd(record) for record in made] if packing == "zst" else made


def lines_of(pages: list[tuple[str, bytes]], made: list[bytes], filename: str = "a.warc.gz", at: int = 0) -> list[Line]:
    """Return what a true index says of records one after the other."""
    lines = []
    for (uri, _), record in zip(pages, made, strict=True):
        line = {"url": uri, "mime": "text/html", "status": "200", "filename": filename}
        lines.append(line | {"offset": str(at), "length": str(len(record))})
        at += len(record)
    return lines


def cdxj(lines: list[Line]) -> str:
    return "".join(f"{line['url']} 20250316120000 {json.dumps(line)}\n" for line in lines)


def cdx(lines: list[Line]) -> str:
    names = ("url", "mime", "status", "length", "offset", "filename")
    rows = (" ".join(["key", "20250316120000", *(line[name] for name in names)]) for line in lines)
    return "\n".join([" CDX N b a m s S V g", *rows, ""])


def wacz(path: Path, warc: bytes, index: str | bytes, name: str = "indexes/index.cdx.gz") -> Path:
    """Write a WACZ: its WARC as it is, its index packed by itself."""
    packed = gzip.compress(index.encode() if isinstance(index, str) else index) if name.endswith(".gz") else index
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/a.warc.gz", warc)
        archive.writestr(name, packed)
        archive.writestr("indexes/index.idx", "")
        archive.writestr("datapackage.json", "{}")
    return path


@pytest.mark.parametrize("packing", ["gz", "zst", None])
@pytest.mark.parametrize("name", ["all.cdxj", "all.cdx", "all.cdxj.gz", "all.cdx.gz"])
def test_of_a_file_only_the_own_records_are_read(tmp_path: Path, name: str, packing: str | None) -> None:
    made = records_of(MIXED, packing)
    lines = lines_of(MIXED, made, f"crawls/2025/a.warc.{packing}")
    # What is not wanted is overwritten: reading it would be noticed.
    whole = b"".join(one if page in OWN else b"\xff" * len(one) for page, one in zip(MIXED, made, strict=True))
    (tmp_path / f"a.warc.{packing}").write_bytes(whole)
    text = (cdxj if "cdxj" in name else cdx)([*reversed(lines), lines[1]]).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    found = read(tmp_path / name)
    assert (pages_of(found), problems(found), ignored(found)) == (OWN, [], 5)
    places = {one.uri: (one.file, one.offset) for one in captures(found)}
    assert places == {
        line["url"]: (str(tmp_path / f"a.warc.{packing}"), int(line["offset"])) for line in lines if HOST in line["url"]
    }


@pytest.mark.parametrize("time", ["20250316120000123", "202503161200", "20250316", ""])
def test_times_of_other_lengths_are_those_of_the_records_too(tmp_path: Path, time: str) -> None:
    made = records_of(OWN)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(made))
    (tmp_path / "all.cdxj").write_text(cdxj(lines_of(OWN, made)).replace(" 20250316120000 ", f" {time} "))
    found = read(tmp_path / "all.cdxj")
    assert (pages_of(found), problems(found)) == (OWN, [])


def test_records_that_need_a_dictionary_are_read_by_their_places(tmp_path: Path) -> None:
    plain = records_of(MIXED, None)
    whole = zstd_with_dictionary(plain, packed=True)
    starts = [at for at in range(len(whole)) if whole.startswith(b"\x28\xb5\x2f\xfd", at)][-len(MIXED) :]
    ends = [*starts[1:], len(whole)]
    lines = lines_of(MIXED, plain, "a.warc.zst")
    for line, start, end in zip(lines, starts, ends, strict=True):
        line |= {"offset": str(start), "length": str(end - start)}
    (tmp_path / "a.warc.zst").write_bytes(whole)
    (tmp_path / "all.cdxj").write_text(cdxj(lines))
    found = read(tmp_path / "all.cdxj")
    assert (pages_of(found), problems(found)) == (OWN, ["unlisted"])  # the dictionary


def test_what_an_index_does_not_list_is_said_to_be_unread(tmp_path: Path) -> None:
    made = records_of(MIXED)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(made))
    lines = lines_of(MIXED, made)
    (tmp_path / "all.cdxj").write_text(cdxj(lines[:2]))
    found = read(tmp_path / "all.cdxj")
    assert (pages_of(found), problems(found)) == (OWN[:1], ["unlisted"])
    assert f"{sum(map(len, made[2:])):,} bytes of its WARC files are in no line of it" in messages(found)
    # A folder is read whole, whatever index lies in it.
    assert pages_of(read(tmp_path)) == OWN


def test_a_file_that_is_damaged_does_not_hide_the_next_one(tmp_path: Path) -> None:
    made = records_of(OWN)
    (tmp_path / "a.warc.zst").write_bytes(b"\x5d\x2a\x4d\x18\xff\xff\xff\xff")
    (tmp_path / "b.warc.gz").write_bytes(b"".join(made))
    lines = [*lines_of(OWN[:1], made[:1], "a.warc.zst"), *lines_of(OWN, made, "b.warc.gz")]
    (tmp_path / "all.cdxj").write_text(cdxj(lines))
    found = read(tmp_path / "all.cdxj")
    assert (pages_of(found), problems(found)) == (OWN, ["damaged-archive"])


def test_an_index_in_the_folder_of_a_web_archive_finds_its_files(tmp_path: Path) -> None:
    made = records_of(MIXED)
    for folder in ("archive", "indexes"):
        (tmp_path / folder).mkdir()
    (tmp_path / "archive" / "a.warc.gz").write_bytes(b"".join(made))
    (tmp_path / "indexes" / "index.cdxj").write_text(cdxj(lines_of(MIXED, made)))
    assert pages_of(read(tmp_path / "indexes" / "index.cdxj")) == OWN


@pytest.mark.parametrize(
    "filename",
    ["gone.warc.gz", "../outside.warc.gz", "ABSOLUTE", "..", "a\0b", "x" * 5000, "\ud800.warc.gz", "link.warc.gz"],
)
def test_a_file_that_is_not_in_the_folder_is_named_with_each_capture(tmp_path: Path, filename: str) -> None:
    made = records_of(OWN)
    (tmp_path / "outside.warc.gz").write_bytes(b"".join(made))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.warc.gz").symlink_to(tmp_path / "outside.warc.gz")
    named = filename.replace("ABSOLUTE", str(tmp_path / "outside.warc.gz"))
    (tmp_path / "in" / "all.cdxj").write_text(cdxj(lines_of(OWN, made, named)))
    found = read(tmp_path / "in" / "all.cdxj")
    assert (pages_of(found), problems(found)) == ([], ["unreadable"] * 4)
    assert {item.uri for item in found} == {uri for uri, _ in OWN}
    assert "which is not beside all.cdxj: get that file, too" in messages(found)


@pytest.mark.parametrize("lie", ["shifted", "swapped", "behind the end", "of another file", "one single gzip"])
def test_where_the_index_does_not_fit_the_file_is_read_whole(tmp_path: Path, lie: str) -> None:
    made = records_of(MIXED)
    lines = lines_of(MIXED, made)
    if lie == "shifted":
        lines[1]["offset"] = str(int(lines[1]["offset"]) + 7)
    elif lie == "swapped":
        lines[0]["offset"], lines[1]["offset"] = lines[1]["offset"], lines[0]["offset"]
    elif lie == "behind the end":
        lines[-2]["offset"] = str(10**17)
    elif lie == "of another file":
        lines = lines_of(MIXED[::-1], made[::-1])
    whole = gzip.compress(b"".join(records_of(MIXED, None))) if lie == "one single gzip" else b"".join(made)
    (tmp_path / "a.warc.gz").write_bytes(whole)
    (tmp_path / "all.cdxj").write_text(cdxj(lines))
    for target in (tmp_path / "all.cdxj", wacz(tmp_path / "a.wacz", whole, cdxj(lines))):
        found = read(target)
        assert (pages_of(found), problems(found)[0]) == (OWN, "index-off"), target
        assert "so it was read whole" in messages(found)
        skipped = [item.problem for item in found if isinstance(item, Skipped) and item.problem]
        assert "error" not in {problem.severity for problem in skipped}


def test_what_is_listed_and_nowhere_in_the_file_is_named(tmp_path: Path) -> None:
    made = records_of(MIXED)
    lines = lines_of(MIXED, made)
    lines.append(lines[1] | {"url": f"https://{HOST}/document/never"})
    (tmp_path / "a.warc.gz").write_bytes(b"".join(made))
    (tmp_path / "all.cdxj").write_text(cdxj(lines))
    for target in (tmp_path / "all.cdxj", wacz(tmp_path / "a.wacz", b"".join(made), cdxj(lines))):
        found = read(target)
        assert pages_of(found) == OWN
        lost = [item.uri for item in found if problems([item]) == ["not-in-file"]]
        assert lost == [f"https://{HOST}/document/never"]


def test_lines_that_make_no_sense_are_counted_and_the_others_read(tmp_path: Path) -> None:
    made = records_of(OWN)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(made))
    good = cdxj(lines_of(OWN, made))
    for bad in ("<html>", "{" * 100_000, "x" * 200_000, cdxj([{"url": f"https://{HOST}/document/9"}])):
        (tmp_path / "all.cdxj").write_text(good + bad)
        found = read(tmp_path / "all.cdxj")
        assert (pages_of(found), problems(found)) == (OWN, ["index-line"])
        assert "line 5 " in messages(found)
    (tmp_path / "all.cdx.gz").write_bytes(gzip.compress(good.encode())[:-20])
    found = read(tmp_path / "all.cdx.gz")
    assert "damaged-archive" in problems(found)


def test_of_an_index_that_lists_too_much_the_rest_is_named_and_of_a_wacz_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexed, "MOST_PAGES", 2)
    made = records_of(MIXED)
    lines = lines_of(MIXED, made)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(made))
    (tmp_path / "all.cdxj").write_text(cdxj(lines))
    found = read(tmp_path / "all.cdxj")
    assert (pages_of(found), problems(found)) == (OWN[:2], ["too-many-pages", "unlisted"])
    assert "more than 2 pages are listed, at byte" in messages(found)
    found = read(wacz(tmp_path / "a.wacz", b"".join(made), cdxj(lines)))
    assert (pages_of(found), problems(found)) == (OWN, ["index-off"])


@pytest.mark.parametrize("name", ["indexes/index.cdx.gz", "indexes/index.cdxj", "indexes/index.cdx"])
def test_of_a_wacz_everything_is_read_but_what_is_listed_as_no_page(tmp_path: Path, name: str) -> None:
    made = records_of(MIXED)
    # Only the beginning of what is not wanted is looked at.
    unread = [one[:8192] + b"\xff" * (len(one) - 8192) for one in made]
    whole = b"".join(one if page in OWN else bad for page, one, bad in zip(MIXED, made, unread, strict=True))
    lines = lines_of(MIXED, made)
    style = cdx if name.endswith(".cdx") else cdxj
    found = read(wacz(tmp_path / "a.wacz", whole, style(lines), name))
    assert (pages_of(found), problems(found), ignored(found)) == (OWN, [], 5 + 3)  # three members are no pages
    named = style([line | {"filename": "archive/a.warc.gz"} for line in lines])
    assert problems(read(wacz(tmp_path / "c.wacz", whole, named, name))) == []
    # Own records that it does not list are read all the same.
    found = read(wacz(tmp_path / "b.wacz", whole, style([*lines[:1], *lines[3:]]), name))
    assert (pages_of(found), problems(found)) == (OWN, [])
    assert {one.file for one in captures(found)} == {str(tmp_path / "b.wacz")}


def test_a_wacz_with_a_false_or_damaged_index_loses_nothing(tmp_path: Path) -> None:
    made = records_of(MIXED)
    lines, whole = lines_of(MIXED, made), b"".join(made)
    lines[3]["length"] = str(len(made[3]) + 9)  # of a record that is not wanted
    found = read(wacz(tmp_path / "a.wacz", whole, cdxj(lines)))
    assert ([*dict(pages_of(found)).items()], problems(found)) == (OWN, ["index-off"])
    index = gzip.compress(cdxj(lines_of(MIXED, made)).encode())
    for damaged in (index[: len(index) // 2], b"no index", b"\x1f\x8b\x08damaged"):
        found = read(wacz(tmp_path / "b.wacz", whole, damaged, "indexes/index.cdx"))
        assert (pages_of(found), len(problems(found))) == (OWN, 1)


def test_a_revisit_is_resolved_by_what_the_index_lists(tmp_path: Path) -> None:
    uri, body = OWN[0]
    original = warc_record(uri, body, gz=True)
    digest = re.search(rb"WARC-Payload-Digest: (\S+)", gzip.decompress(original))
    assert digest is not None
    stated = digest[1].decode()
    again = warc_record(uri, b"", kind="revisit", date="2026-03-16T12:00:00Z", gz=True, WARC_Payload_Digest=stated)
    (tmp_path / "a.warc.gz").write_bytes(original + again)
    lines = lines_of([OWN[0], OWN[0]], [original, again])
    later = cdxj([lines[1] | {"mime": "warc/revisit", "status": "-"}]).replace("2025", "2026")
    (tmp_path / "all.cdxj").write_text(later + cdxj(lines[:1]))
    found = captures(read(tmp_path / "all.cdxj"))
    assert problems(read(tmp_path / "all.cdxj")) == []
    assert [(one.body, one.captured_at.year if one.captured_at else 0) for one in found] == [(body, 2025), (body, 2026)]
