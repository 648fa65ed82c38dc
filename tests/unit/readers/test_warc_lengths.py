"""Records as other tools write them: lengths a little off, other line ends, ARC; warcio reads them, too."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.support.containers import HOST, captures, messages, pages_of, problems, read, warc_record

if TYPE_CHECKING:
    from pathlib import Path

PAGE = f"https://{HOST}/document/a"
OTHER = f"https://{HOST}/document/b"
BODY = b"<html>a page</html>"
MOMENT = datetime(2004, 1, 1, 12, 30, 5, tzinfo=UTC)


def with_length(record: bytes, off: int) -> bytes:
    """Return a record whose length is as many bytes too large; without the digest, which the length changes."""
    record = re.sub(rb"WARC-(?:Block|Payload)-Digest: [^\r]*\r\n", b"", record)
    return re.sub(
        rb"(\r\nContent-Length: )(\d+)", lambda found: found[1] + b"%d" % (int(found[2]) + off), record, count=1
    )


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("off", [-1, -2, -5, -16])
def test_a_length_a_little_too_small_leaves_nothing_out(tmp_path: Path, off: int, gz: bool) -> None:
    records = [with_length(warc_record(uri, BODY), off) for uri in (PAGE, OTHER)]
    name = "a.warc.gz" if gz else "a.warc"
    (tmp_path / name).write_bytes(b"".join(map(gzip.compress, records) if gz else records))
    found = read(tmp_path)
    assert pages_of(found) == [(PAGE, BODY), (OTHER, BODY)]
    assert problems(found) == ["length-off", "length-off"]
    assert f"{-off} bytes too small" in messages(found)


@pytest.mark.parametrize("off", [1, 2, 3, 4])
def test_a_length_that_counts_the_line_ends_is_read(tmp_path: Path, off: int) -> None:
    (tmp_path / "a.warc").write_bytes(b"".join(with_length(warc_record(uri, BODY), off) for uri in (PAGE, OTHER)))
    found = read(tmp_path)
    assert [(uri, body.rstrip()) for uri, body in pages_of(found)] == [(PAGE, BODY), (OTHER, BODY)]
    assert problems(found) == ["short-ends"]


@pytest.mark.parametrize("off", [-17, 5, 400])
def test_a_length_that_is_wrong_by_more_costs_its_record_and_is_named(tmp_path: Path, off: int) -> None:
    first = with_length(warc_record(PAGE, BODY), off)
    (tmp_path / "a.warc").write_bytes(first + warc_record(OTHER, BODY))
    found = read(tmp_path)
    assert (pages_of(found), problems(found)) == ([(OTHER, BODY)], ["damaged-archive"])
    assert "at byte 0" in messages(found)


def test_a_file_that_ends_within_a_length_gives_what_its_answer_proves_whole(tmp_path: Path) -> None:
    stated = ("200 OK", (("Content-Type", "text/html"), ("Content-Length", str(len(BODY)))))
    whole = with_length(warc_record(PAGE, BODY, stated), 20)
    (tmp_path / "a.warc").write_bytes(whole)
    found = read(tmp_path)
    assert [(uri, body.rstrip()) for uri, body in pages_of(found)] == [(PAGE, BODY)]
    assert problems(found) == ["damaged-archive"]  # it is still cut off
    (tmp_path / "a.warc").write_bytes(whole[: whole.index(BODY) + len(BODY) - 1])
    assert captures(read(tmp_path)) == []


@pytest.mark.parametrize("end", [b"\n", b"\r\r\n"])
def test_other_line_ends_are_read(tmp_path: Path, end: bytes) -> None:
    fields = [b"WARC/1.0", b"WARC-Type: response", f"WARC-Target-URI: {PAGE}".encode(), b"WARC-Date: 2024-01-01T12:30Z"]
    block = end.join([b"HTTP/1.0 200 ", b"Content-Type: text/html", b"", BODY])
    record = end.join([*fields, b"Content-Length: %d" % len(block), b"", block, b"", b""])
    (tmp_path / "a.warc").write_bytes(record * 2)
    found = read(tmp_path)
    assert pages_of(found) == [(PAGE, BODY), (PAGE, BODY)]
    assert problems(found) == ["short-ends"]
    assert captures(found)[0].captured_at == datetime(2024, 1, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize("status", ["HTTP/1.1 302", "HTTP/1.1 302 ", "HTTPX/1.1 302 Found", "HTTP/2 302"])
def test_odd_status_lines_are_read(tmp_path: Path, status: str) -> None:
    record = with_length(warc_record(PAGE, b"<html>").replace(b"HTTP/1.1 200 OK", status.encode()), len(status) - 15)
    (tmp_path / "a.warc").write_bytes(record)
    [capture] = captures(read(tmp_path))
    assert (capture.http_status, capture.body) == (302, b"<html>")


def test_an_answer_that_is_only_a_header_is_read(tmp_path: Path) -> None:
    record = warc_record(PAGE, b"", ("404 Not Found", (("Content-Type", "text/html"),)))
    (tmp_path / "a.warc").write_bytes(with_length(record, -2))  # without the empty line
    [capture] = captures(read(tmp_path))
    assert (capture.http_status, capture.body) == (404, b"")


def arc(*records: tuple[str, bytes], date: str = "20040101123005") -> list[bytes]:
    """Return the records of an ARC file of version 1, as crawlers wrote them until 2008."""
    about = b"1 0 Internet Archive\nURL IP-address Archive-date Content-type Archive-length\n"
    made = [b"filedesc://a.arc 0.0.0.0 20040101000000 text/plain %d\n%s\n" % (len(about), about)]
    for uri, body in records:
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        made.append(f"{uri} 192.0.2.1 {date} text/html {len(block)}\n".encode() + block + b"\n")
    return made


@pytest.mark.parametrize("gz", [False, True])
def test_an_arc_file_is_read(tmp_path: Path, gz: bool) -> None:
    records = arc((PAGE, BODY), (f"https://{HOST}/a.png", b"PNG"), (f"https://{HOST}/search?q=a b", BODY))
    data = b"".join(map(gzip.compress, records) if gz else records)
    for name in ("a.arc.gz" if gz else "a.arc", "named otherwise"):
        (tmp_path / name).write_bytes(data)
        found = read(tmp_path / name)
        assert (pages_of(found), problems(found)) == ([(PAGE, BODY), (f"https://{HOST}/search?q=a%20b", BODY)], [])
        assert {capture.captured_at for capture in captures(found)} == {MOMENT}
        assert [capture.offset for capture in captures(found)] == [
            data.index(records[1] if not gz else gzip.compress(records[1])),
            data.rindex(records[3] if not gz else gzip.compress(records[3])),
        ]
    theirs = [one.content_stream().read() for one in ArchiveIterator(io.BytesIO(data), arc2warc=True)]
    assert theirs[1:] == [BODY, b"PNG", BODY]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a.arc.gz" if gz else "a.arc", data)
    assert len(captures(read(tmp_path / "a.zip"))) == 2


@pytest.mark.parametrize("gz", [False, True])
def test_damage_in_an_arc_file_is_named_and_reading_goes_on(tmp_path: Path, gz: bool) -> None:
    records = arc(*((f"https://{HOST}/document/{letter}", BODY * 9) for letter in "abcd"))
    packed = [*map(gzip.compress, records)] if gz else records
    garbage = b"\0garbage\n" * 20
    (tmp_path / "a.arc").write_bytes(packed[0] + packed[1] + garbage + packed[2] + packed[3][:-30] + packed[4])
    found = read(tmp_path)
    assert [uri[-1] for uri, _ in pages_of(found)] == ["a", "b", "d"]
    assert set(problems(found)) == {"damaged-archive"}
    assert f"at byte {len(packed[0] + packed[1]):,}" in messages(found)


@pytest.mark.parametrize(
    ("date", "moment"), [("200401011230", MOMENT.replace(second=0)), ("20040101", None), ("20041301000000", None)]
)
def test_short_dates_of_arc_are_read(tmp_path: Path, date: str, moment: datetime | None) -> None:
    (tmp_path / "a.arc").write_bytes(b"".join(arc((PAGE, BODY), date=date)))
    found = read(tmp_path)
    wanted = moment or (datetime(2004, 1, 1, tzinfo=UTC) if len(date) == 8 else None)
    assert ([capture.captured_at for capture in captures(found)], problems(found)) == (
        [wanted],
        [] if wanted else ["no-date"],
    )
