"""Web archives: what a capture says of itself, revisits, and records that are not as they say."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import struct
import zipfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from harvester.ingest import Stop, harvest_captures
from harvester.model import Skipped
from harvester.readers.targets import read_targets
from harvester.store.capture_files import find_record_locations
from harvester.store.database import open_to_write
from harvester.store.run import Run
from tests.support.containers import (
    HOST,
    OK,
    SOURCE,
    captures,
    ignored,
    messages,
    packed_zstd,
    pages_of,
    problems,
    read,
    warc,
    warc_gz,
    warc_record,
    warc_records,
    zstd_with_dictionary,
)

PAGES = {f"document/page-{number}": b"<html>%d" % number * 50 for number in range(4)}
AS_READ = [(f"https://{HOST}/{path}", body) for path, body in PAGES.items()]
PAGE = f"https://{HOST}/document/a"
DIGEST = "sha1:" + base64.b32encode(hashlib.sha1(b"<html>1").digest()).decode()  # as warcio writes it


def test_a_capture_tells_when_it_was_had_and_what_came_with_it(tmp_path: Path) -> None:
    answer = (
        "404 Not Found",
        (("content-type", 'Text/HTML; Charset="windows-1252"'), ("ETag", '"x"'), ("Last-Modified", "yesterday")),
    )
    (tmp_path / "a.warc").write_bytes(warc_record(PAGE, b"<html>", answer, date="2025-03-16T12:00:01.5Z"))
    [capture] = captures(read(tmp_path))
    assert (capture.uri, capture.body, capture.http_status) == (PAGE, b"<html>", 404)
    assert capture.captured_at == datetime(2025, 3, 16, 12, 0, 1, 500000, UTC)
    assert (capture.media_type, capture.charset) == ("text/html", "windows-1252")
    assert (capture.etag, capture.last_modified) == ('"x"', "yesterday")


def test_only_pages_of_the_archive_are_taken_and_the_rest_is_counted(tmp_path: Path) -> None:
    picture = ("200 OK", (("Content-Type", "image/png"),))
    records = [
        warc_record(PAGE, b"\x89PNG", picture),
        warc_record("https://elsewhere.example/document/a", b"<html>"),
        warc_record(f"https://{HOST}/about", b"<html>"),
        warc_record("dns:archive.example", b"1.2.3.4", kind="resource"),
        warc_record(PAGE, b"GET / HTTP/1.1\r\n\r\n", kind="request"),
        warc_record(PAGE, b"<html>saved", kind="resource"),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    found = read(tmp_path)
    assert (pages_of(found), problems(found), ignored(found)) == ([(PAGE, b"<html>saved")], [], 4)


def test_that_a_page_is_gone_is_a_capture_of_any_type(tmp_path: Path) -> None:
    gone = ("410 Gone", (("Content-Type", "application/json"),))
    (tmp_path / "a.warc").write_bytes(warc_record(PAGE, b"{}", gone))
    assert [(capture.http_status, capture.body) for capture in captures(read(tmp_path))] == [(410, b"{}")]


def test_all_captures_of_one_address_are_given_with_their_times(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(
        b"".join(warc_record(PAGE, b"<html>%d" % year, date=f"{year}-01-01T00:00:00Z") for year in (2024, 2021, 2025))
    )
    years = [(c.captured_at.year, c.body) for c in captures(read(tmp_path)) if c.captured_at]
    assert years == [(2024, b"<html>2024"), (2021, b"<html>2021"), (2025, b"<html>2025")]


def test_fastwarc_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(warc_gz(PAGES))
    theirs = [
        (record.headers["WARC-Target-URI"], record.reader.read(), record.stream_pos)
        for record in ArchiveIterator(io.BytesIO(warc_gz(PAGES)))
    ]
    assert [(c.uri, c.body, c.offset) for c in captures(read(tmp_path))] == theirs


def test_an_offset_is_right_wherever_the_reading_of_the_file_pauses(tmp_path: Path) -> None:
    """A file is read 4,096 bytes at a time: the checksum of a record may come apart from what it is of."""
    uris = [f"https://{HOST}/document/{name}" for name in ("first", "second")]
    for length in range(3600, 3650):
        first, second = (
            gzip.compress(warc_record(uri, b"<html>" + b"x" * (length if uri == uris[0] else 9)), 0) for uri in uris
        )
        (tmp_path / "a.warc.gz").write_bytes(first + second)
        found = [(capture.uri, capture.offset) for capture in captures(read(tmp_path))]
        assert found == [(uris[0], 0), (uris[1], len(first))], len(first)


def revisit(uri: str, date: str, answer: str = "200 OK", gz: bool = False, **fields: str) -> bytes:
    return warc_record(uri, b"", (answer, OK[1]), "revisit", date, gz, **fields)


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_a_revisit_is_the_page_that_it_refers_to_seen_again(tmp_path: Path, packing: str) -> None:
    gz = packing == ".gz"
    records = [
        warc_record(PAGE, b"<html>1", date="2021-01-01T00:00:00Z", gz=gz),
        warc_record(PAGE, b"<html>2", date="2022-01-01T00:00:00Z", gz=gz),
        revisit(PAGE, "2023-01-01T00:00:00Z", gz=gz, WARC_Payload_Digest=DIGEST),
        revisit(
            f"https://{HOST}/document/b",
            "2024-01-01T00:00:00Z",
            "304 Not Modified",
            gz,
            WARC_Refers_To_Target_URI=PAGE,
            WARC_Refers_To_Date="2022-01-01T00:00:00Z",
        ),
    ]
    records = [packed_zstd(record) for record in records] if packing == ".zst" else records
    (tmp_path / "a.warc").with_suffix(f".warc{packing}").write_bytes(b"".join(records))
    found = read(tmp_path)
    again = captures(found)[2:]
    assert [(c.uri, c.body, c.http_status) for c in again] == [
        (PAGE, b"<html>1", 200),
        (f"https://{HOST}/document/b", b"<html>2", 200),
    ]
    assert [c.captured_at.year for c in again if c.captured_at] == [2023, 2024]
    assert [c.offset for c in again] == [c.offset for c in captures(found)[:2]]
    assert problems(found) == []


def test_a_revisit_finds_its_page_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "1.warc.gz").write_bytes(warc_record(PAGE, b"<html>1", gz=True))
    (tmp_path / "2.warc").write_bytes(revisit(PAGE, "2026-01-01T00:00:00Z", WARC_Payload_Digest=DIGEST))
    found = captures(read(tmp_path))
    assert [(c.body, c.file) for c in found] == [(b"<html>1", str(tmp_path / "1.warc.gz"))] * 2


def test_a_revisit_of_a_page_that_is_nowhere_is_an_error(tmp_path: Path) -> None:
    lost = revisit(PAGE, "2026-01-01T00:00:00Z", WARC_Payload_Digest=DIGEST)
    picture = warc_record(
        PAGE, b"", ("200 OK", (("Content-Type", "image/png"),)), "revisit", WARC_Payload_Digest=DIGEST
    )
    (tmp_path / "a.warc").write_bytes(lost + picture + warc(PAGES))
    found = read(tmp_path)
    assert (pages_of(found), problems(found), ignored(found)) == (AS_READ, ["revisit-without-original"], 1)
    assert [item.problem.severity for item in found if isinstance(item, Skipped) and item.problem] == ["error"]


def test_a_revisit_finds_its_page_in_what_is_read_after_it(tmp_path: Path) -> None:
    again = revisit(PAGE, "2026-01-01T00:00:00Z", WARC_Payload_Digest=DIGEST)
    (tmp_path / "0.warc").write_bytes(again + warc(PAGES))
    with zipfile.ZipFile(tmp_path / "1.wacz", "w") as wacz:
        wacz.writestr("archive/data.warc", again)
    (tmp_path / "2.warc.gz").write_bytes(gzip.compress(again) + warc_record(PAGE, b"<html>1", gz=True))
    found = read(tmp_path)
    assert problems(found) == []
    again_read = [c for c in captures(found) if c.captured_at and c.captured_at.year == 2026]
    assert [(c.body, Path(c.file or "").name) for c in again_read] == [(b"<html>1", "2.warc.gz")] * 3


def test_a_revisit_finds_its_page_where_an_earlier_run_has_read_it(tmp_path: Path) -> None:
    packs = zstd_with_dictionary([warc_record(PAGE, b"<html>1")], packed=True)
    (tmp_path / "1.warc.zst").write_bytes(packs)
    [first] = captures(read(tmp_path / "1.warc.zst"))
    (tmp_path / "2.warc").write_bytes(revisit(PAGE, "2026-01-01T00:00:00Z", WARC_Payload_Digest=DIGEST))
    with open_to_write(tmp_path / "a.db") as db:
        run = Run(db, "test")
        harvest_captures(run, [first], (SOURCE,), Stop())
        found = list(read_targets([tmp_path / "2.warc"], None, (SOURCE,), None, partial(find_record_locations, db)))
        assert ([c.body for c in captures(found)], problems(found)) == ([b"<html>1"], [])
        (tmp_path / "1.warc.zst").unlink()
        found = list(read_targets([tmp_path / "2.warc"], None, (SOURCE,), None, partial(find_record_locations, db)))
        assert problems(found) == ["revisit-without-original"]


def test_a_page_in_one_single_gzip_cannot_be_found_again(tmp_path: Path) -> None:
    records = warc(PAGES) + warc_record(PAGE, b"<html>1")
    records += revisit(PAGE, "2026-01-01T00:00:00Z", WARC_Payload_Digest=DIGEST)
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(records))
    assert problems(read(tmp_path)) == ["revisit-without-original"]


@pytest.mark.parametrize("length", ["10", "1000000000", "999999999999999999", "-1", "1e3", "", "9" * 5000])
def test_a_false_length_costs_its_own_record_only(tmp_path: Path, length: str) -> None:
    records = re.split(rb"(?=WARC/1.0)", warc(PAGES))[1:]
    records[1] = re.sub(rb"(\r\nContent-Length: )\d+", rb"\g<1>" + length.encode(), records[1], count=1)
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    found = read(tmp_path)
    assert pages_of(found) == [AS_READ[0], *AS_READ[2:]]
    assert problems(found) == ["damaged-archive"]
    assert f"at byte {len(records[0]):,}" in messages(found)


@pytest.mark.parametrize(
    "garbage", [b"garbage\r\n" * 30, b"\0" * 700, b"\x1f\x8b\x08\x00 no gzip", b"WARC/1.0\r\nno colon\r\n"]
)
@pytest.mark.parametrize("gz", [False, True])
def test_behind_garbage_reading_goes_on(tmp_path: Path, garbage: bytes, gz: bool) -> None:
    records = [warc_record(f"https://{HOST}/{path}", body, gz=gz) for path, body in PAGES.items()]
    records.insert(2, garbage)
    (tmp_path / f"a.warc{'.gz' if gz else ''}").write_bytes(b"".join(records))
    found = read(tmp_path)
    assert pages_of(found) == AS_READ
    assert set(problems(found)) == {"damaged-archive"}


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_crawler_that_died_writing_costs_one_record(tmp_path: Path, packing: str) -> None:
    """It began anew behind a record that breaks off."""
    records = [warc_record(f"https://{HOST}/{path}", body, gz=packing == ".gz") for path, body in PAGES.items()]
    records = [packed_zstd(record) for record in records] if packing == ".zst" else records
    (tmp_path / f"a.warc{packing}").write_bytes(records[0] + records[1][:-20] + records[2] + records[3])
    found = read(tmp_path)
    assert pages_of(found) == [AS_READ[0], *AS_READ[2:]]
    assert set(problems(found)) == {"damaged-archive"}


def test_changed_bytes_are_noticed_by_their_digest(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(warc(PAGES).replace(b"<html>2<html>2", b"<html>2<html>3", 1))
    found = read(tmp_path)
    assert len(captures(found)) == len(PAGES)
    assert problems(found) == ["wrong-digest"]


@pytest.mark.parametrize("written", ["sha1:{:x}", "SHA-1:{:X}", "other:{:x}", "nothing"])
def test_digests_may_be_written_in_several_ways(tmp_path: Path, written: str) -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\n<html>"
    digest = written.format(int(hashlib.sha1(block).hexdigest(), 16))
    (tmp_path / "a.warc").write_bytes(
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: <{PAGE}>\r\nWARC-Date: 2025-01-01T00:00:00Z\r\n"
        f"WARC-Block-Digest: {digest}\r\nContent-Length: {len(block)}\r\n\r\n".encode()
        + block
        + b"\r\n\r\n"
    )
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == ([(PAGE, b"<html>")], [])


def test_what_is_odd_about_a_record_is_said(tmp_path: Path) -> None:
    records = {
        "no-date": warc_record(PAGE, b"<html>", date="some day"),
        "cut-capture": warc_record(PAGE, b"<html>", WARC_Truncated="length"),
        "damaged-record": warc_record(PAGE, b"<html>").replace(b"HTTP/1.1 200", b"HTTP what so"),
        "too-large": warc_record(PAGE, b"x" * (9 * 1024**2)),
    }
    for code, record in records.items():
        (tmp_path / "a.warc").write_bytes(re.sub(rb"WARC-Block-Digest: [^\r]*\r\n", b"", record))
        found = read(tmp_path / "a.warc")
        assert (problems(found), len(captures(found))) == ([code], code in ("no-date", "cut-capture"))


def test_a_dictionary_unpacks_what_was_packed_with_it(tmp_path: Path) -> None:
    records = [*warc_records(PAGES), warc_record(PAGE, b"<html>1")]
    again = revisit(PAGE, "2026-01-01T00:00:00Z", WARC_Payload_Digest=DIGEST)
    for packed in (False, True):
        (tmp_path / "a.warc.zst").write_bytes(zstd_with_dictionary([*records, again], packed))
        found = read(tmp_path / "a.warc.zst")
        assert (pages_of(found), problems(found)) == ([*AS_READ, (PAGE, b"<html>1"), (PAGE, b"<html>1")], [])


def test_a_dictionary_that_claims_gigabytes_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.warc.zst").write_bytes(b"\x5d\x2a\x4d\x18" + struct.pack("<L", 2**32 - 1) + b"x" * 100)
    assert problems(read(tmp_path)) == ["damaged-archive"]


def test_damaged_records_by_the_thousand_end_the_reading(tmp_path: Path) -> None:
    broken = b"WARC/1.0\r\nContent-Length: no\r\n\r\n\r\n\r\n"
    (tmp_path / "a.warc").write_bytes(broken * 1000 + warc(PAGES))
    found = read(tmp_path)
    assert (len(problems(found)), captures(found)) == (101, [])
    assert "not read on" in messages(found)


def test_headers_without_an_end_are_not_followed(tmp_path: Path) -> None:
    for endless in (b"A: b\r\n" * 100_000, b"x" * 1_000_000, b"\r\n" * 100_000):
        (tmp_path / "a.warc").write_bytes(b"WARC/1.0\r\n" + endless)
        assert set(problems(read(tmp_path))) == {"damaged-archive"}


@pytest.mark.parametrize("ending", [b"\r\n", b"\n\n", b"\n", b""])
@pytest.mark.parametrize("gz", [False, True])
def test_records_that_end_with_fewer_line_ends_are_whole(tmp_path: Path, ending: bytes, gz: bool) -> None:
    records = [record.removesuffix(b"\r\n\r\n") + ending for record in warc_records(PAGES)]
    packed = [gzip.compress(record) for record in records]
    name = "a.warc.gz" if gz else "a.warc"
    (tmp_path / name).write_bytes(b"".join(packed if gz else records))
    found = read(tmp_path)
    assert [(one.uri, one.body) for one in captures(found)] == AS_READ
    assert problems(found) == ["short-ends"]


def test_a_file_with_line_feeds_only_is_read(tmp_path: Path) -> None:
    records = [record.replace(b"\r\n", b"\n") for record in warc_records({"document/a": b"<html>" * 9})]
    length = re.search(rb"Content-Length: (\d+)\n", records[0])
    assert length
    lost = (
        warc_records({"document/a": b"<html>" * 9})[0]
        .partition(b"\r\n\r\n")[2]
        .removesuffix(b"\r\n\r\n")
        .count(b"\r\n")
    )
    shorter = b"Content-Length: %d\n" % (int(length[1]) - lost)
    (tmp_path / "a.warc").write_bytes(records[0].replace(length[0], shorter) * 2)
    assert len(captures(read(tmp_path))) == 2


@pytest.mark.parametrize(
    ("stated", "moment"), [("2024", datetime(2024, 1, 1, tzinfo=UTC)), ("2024-05", datetime(2024, 5, 1, tzinfo=UTC))]
)
def test_a_date_of_a_year_or_a_month_is_read(tmp_path: Path, stated: str, moment: datetime) -> None:
    (tmp_path / "a.warc").write_bytes(warc_record(PAGE, b"<html>", date=stated))
    found = read(tmp_path)
    assert [one.captured_at for one in captures(found)] == [moment]
    assert problems(found) == []


@pytest.mark.parametrize("status", ["0 OK", "000 -", "200"])
def test_answers_of_a_browser_without_a_status(tmp_path: Path, status: str) -> None:
    (tmp_path / "a.warc").write_bytes(
        warc_record(PAGE, b"<html>").replace(b"HTTP/1.1 200 OK", f"HTTP/1.1 {status:<6}".encode()[:15])
    )
    [capture] = captures(read(tmp_path))
    assert capture.http_status == int(status.split()[0])
