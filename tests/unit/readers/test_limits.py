"""Bombs stop at a stated limit; whatever is read, memory stays flat. Each in a process that is measured."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from harvester.model import MAX_BYTES
from harvester.readers import damage
from tests.support.containers import (
    HOST,
    captures,
    packed_zstd,
    problems,
    read,
    read_measured,
    tar,
    warc_gz,
    warc_record,
)
from tests.support.trials import trials
from tests.unit.readers.test_zip import deflated, raw_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


MB = 1024**2


def page(number: int, filler: bytes) -> bytes:
    return b"<html>%d" % number + filler


def tar_member(name: str, body: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = len(body)
    return info.tobuf() + body + bytes(-len(body) % 512)


def test_100_mb_of_pages_in_a_tar_zst_take_no_memory(tmp_path: Path) -> None:
    """Frame by frame the same 30 pages: that is quickly made, and 25 times smaller than what it unpacks to."""
    text = zlib.compress(b"".join(b"%d " % (number * 7919) for number in range(4000)))
    members = b"".join(tar_member(f"document/{number}", page(number, (text + b" " * 90_000))) for number in range(30))
    frame = packed_zstd(members)
    with (tmp_path / "a.tar.zst").open("wb") as file:
        for _ in range(trials(40, 100)):
            file.write(frame)
        file.write(packed_zstd(bytes(1024)))
    found = read_measured(tmp_path / "a.tar.zst")
    assert (found["pages"], found["codes"]) == (trials(1200, 3000), {})
    assert found["bytes"] > 100_000_000
    assert found["mb"] < 20


def test_100_mb_of_pages_in_a_warc_gz_take_no_memory(tmp_path: Path) -> None:
    records = b"".join(
        warc_record(f"https://{HOST}/document/{number}", page(number, b"<p>text</p>" * 9_200), gz=True)
        for number in range(30)
    )
    with (tmp_path / "a.warc.gz").open("wb") as file:
        for _ in range(trials(40, 100)):
            file.write(records)
    found = read_measured(tmp_path / "a.warc.gz")
    assert (found["pages"], found["codes"]) == (trials(1200, 3000), {})
    assert found["bytes"] > 100_000_000
    assert found["mb"] < 20


def test_a_window_of_128_mb_is_read_and_a_larger_one_refused(tmp_path: Path) -> None:
    for log, codes in ((27, {}), (28, {"damaged-archive": 1})):
        (tmp_path / "a.tar.zst").write_bytes(packed_zstd(tar({"document/a": b"<html>"}), log))
        found = read_measured(tmp_path / "a.tar.zst")
        assert (found["pages"], found["codes"]) == (log == 27, codes)
        assert found["mb"] < 20 + (128 if log == 27 else 0)


def bomb(pack: Callable[[bytes], bytes]) -> bytes:
    """Return a tar of 3 GB of zeros in one member, compressed in 192 equal segments."""
    info = tarfile.TarInfo("document/bomb")
    info.size = 3 * 1024 * MB
    return pack(info.tobuf()) + pack(bytes(16 * MB)) * 192 + pack(bytes(1024))


@pytest.mark.parametrize("packing", ["zst", "gz"])
def test_a_bomb_in_a_tar_stops_at_the_limit(tmp_path: Path, packing: str) -> None:
    (tmp_path / f"a.tar.{packing}").write_bytes(bomb(packed_zstd if packing == "zst" else gzip.compress))
    found = read_measured(tmp_path / f"a.tar.{packing}")
    assert found["codes"] == {"archive-bomb": 1}
    assert (found["pages"], found["bytes"]) == (1, MAX_BYTES + 1)  # shown to be too large, for the parser to refuse
    assert found["mb"] < 60
    assert found["seconds"] < 20


def test_a_zip_whose_members_share_their_bytes_stops_at_the_limit(tmp_path: Path) -> None:
    body = bytes(8 * MB)
    kernel, crc = deflated(body), zlib.crc32(body)
    whole = raw_zip(("document/a", 8, kernel, crc, 0))
    at = whole.index(b"PK\1\2")
    entry = whole[at : whole.index(b"PK\5\6")]
    end = b"PK\5\6" + b"\0" * 4 + (500).to_bytes(2, "little") * 2 + (500 * len(entry)).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(whole[:at] + entry * 500 + end + at.to_bytes(4, "little") + b"\0\0")
    found = read_measured(tmp_path / "a.zip")
    assert found["codes"] == {"archive-bomb": 1}
    assert found["bytes"] <= 256 * MB
    assert found["mb"] < 60


def test_a_revisit_that_is_met_a_million_times_stops_at_the_limit(tmp_path: Path) -> None:
    original = warc_record(f"https://{HOST}/document/a", bytes(8 * MB), gz=True)
    again = warc_record(
        f"https://{HOST}/document/a",
        b"",
        kind="revisit",
        gz=True,
        WARC_Refers_To_Target_URI=f"https://{HOST}/document/a",
        WARC_Refers_To_Date="2025-03-16T12:00:00Z",
    )
    (tmp_path / "a.warc.gz").write_bytes(original + again * 1000)
    found = read_measured(tmp_path / "a.warc.gz")
    assert found["codes"] == {"archive-bomb": 1}
    assert found["pages"] <= 256 / 8
    assert found["mb"] < 60


def tiny_members(count: int) -> Iterator[tuple[str, bytes]]:
    return ((f"document/{number}", b"<html>") for number in range(count))


def test_tiny_members_by_the_ten_thousand_take_no_memory(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, body in tiny_members(trials(4000, 10_000)):
            archive.writestr(zipfile.ZipInfo(name), body)
    members = b"".join(tar_member(name, body) for name, body in tiny_members(1000))
    (tmp_path / "a.tar.zst").write_bytes(packed_zstd(members) * trials(20, 50) + packed_zstd(bytes(1024)))
    for name, count in (("a.zip", trials(4000, 10_000)), ("a.tar.zst", trials(20_000, 50_000))):
        found = read_measured(tmp_path / name)
        assert (found["pages"], found["codes"]) == (count, {})
        assert found["mb"] < 8


def test_tiny_records_by_the_ten_thousand_take_little_memory(tmp_path: Path) -> None:
    record = warc_gz({"document/a": b"<html>"})
    (tmp_path / "a.warc.gz").write_bytes(record * 10_000)
    found = read_measured(tmp_path / "a.warc.gz")
    assert (found["pages"], found["codes"]) == (10_000, {})
    assert found["mb"] < 8


@pytest.mark.parametrize("kind", ["tar", "warc"])
def test_a_page_that_declares_gigabytes_takes_no_memory(tmp_path: Path, kind: str) -> None:
    """The file is as long as it says, but holds nothing: the holes of a sparse file."""
    length = 10**9
    info = tarfile.TarInfo("document/a")
    info.size = length
    head = f"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: https://{HOST}/document/a\r\n"
    head += f"Content-Length: {length}\r\n\r\n"
    with (tmp_path / f"a.{kind}").open("wb") as file:
        file.write(info.tobuf() if kind == "tar" else head.encode())
        file.seek(length, io.SEEK_CUR)
        file.write(bytes(-length % 512 + 1024) if kind == "tar" else b"\r\n\r\n")
    found = read_measured(tmp_path / f"a.{kind}")
    assert (found["pages"], found["codes"]) == ((1, {}) if kind == "tar" else (0, {"too-large": 1}))
    assert found["mb"] < 60
    assert found["seconds"] < 5


def test_no_harm_in_an_archive_makes_a_bomb_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was unpacked is compared with what was read before, also when reading goes back or begins anew."""
    monkeypatch.setattr(damage, "RATIO_COUNTS_FROM", 100_000)
    monkeypatch.setattr(damage, "MAX_RATIO", 10)
    first = warc_record(f"https://{HOST}/document/first", random.Random(1).randbytes(5000).hex().encode(), gz=True)
    many = [
        warc_record(f"https://{HOST}/document/{number}", random.Random(number).randbytes(5000).hex().encode(), gz=True)
        for number in range(100)
    ]
    again = warc_record(
        f"https://{HOST}/document/first",
        b"",
        kind="revisit",
        gz=True,
        WARC_Refers_To_Target_URI=f"https://{HOST}/document/first",
        WARC_Refers_To_Date="2025-03-16T12:00:00Z",
    )
    (tmp_path / "a.warc.gz").write_bytes(b"".join([first, *many, again, many[0][:-50], *many, again]))
    found = read(tmp_path)
    assert len(captures(found)) == 203
    assert problems(found) == ["damaged-archive"]
