"""What cannot be read is divided until it is known; files that have changed are named."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from harvester.bulk.limits import TimeLimit
from harvester.bulk.load import load_parts
from harvester.bulk.read import Shard
from harvester.bulk.reading import read_part
from harvester.bulk.status import read_status, refusals
from harvester.ingest import Stop, read_page
from harvester.readers.ranges import MemberRange
from harvester.readers.warc import WarcRange
from harvester.store.database import open_to_write
from tests.support.bulk import Here, load_here, pages, plan, read_here, records, rows
from tests.support.containers import zipped

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from harvester.bulk.folder import BulkFolder
    from harvester.bulk.parts import Part
    from harvester.model import Capture, Page
    from harvester.source import Source
    from harvester.store.run import Run


def killed_by(bulk: BulkFolder, poison: int) -> Here:
    """Read parts, and die of the record or member at an offset or number."""

    def attempt(part: Part) -> str | None:
        for piece in part.pieces:
            cut = piece.cut
            if isinstance(cut, WarcRange) and cut.start <= poison < cut.end:
                return "SIGSEGV"
            if isinstance(cut, MemberRange) and cut.first <= poison < cut.end:
                return "SIGKILL"
        read_part(bulk, part)
        return None

    return Here(bulk, attempt)


def test_a_record_that_kills_its_reader_is_found_and_refused(tmp_path: Path) -> None:
    made = records(pages(20), gz=True)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(made))
    at = len(b"".join(made[:18]))
    assert len(made[18]) > 5000  # a page, no record of another host
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 60_000)
    assert killed_by(bulk, at).read(bulk.planned(), lambda: None) == []
    status = read_status(bulk)
    assert (status.missing, status.verdict) == ([], "partial")
    assert status.totals.refused == {"ends-its-reader": 1}
    assert status.totals.counts["pages"] == 21
    (refused,) = refusals(bulk)
    assert refused["message"].startswith(
        f"bytes {at:,} to {at + len(made[18]):,} of {tmp_path}/a.warc.gz: ends what reads"
    )
    assert "(SIGSEGV)" in refused["message"]
    row = load_here(bulk, tmp_path / "a.db")
    assert row is not None
    assert (row["status"], row["pages"]) == ("partial", 21)


def test_a_member_that_kills_its_reader_is_found_and_refused(tmp_path: Path) -> None:
    names = {f"digitalarchive.wilsoncenter.org/{uri.split('/', 3)[3]}": body for uri, body in pages(10).items()}
    (tmp_path / "a.zip").write_bytes(zipped(names, 0))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.zip"], 300_000)
    killed_by(bulk, 7).read(bulk.planned(), lambda: None)
    assert read_status(bulk).totals.refused == {"ends-its-reader": 1}
    assert read_status(bulk).totals.counts["pages"] == 10
    assert next(refusals(bulk))["message"].startswith(f"members 8 to 8 of {tmp_path}/a.zip")


def test_a_part_that_dies_twice_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(pages(10), gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 10**9)
    deaths, here = iter(["SIGKILL", "SIGKILL"]), Here(bulk)
    read_here(bulk, lambda part: next(deaths, None) or here.read_one(part))
    assert read_status(bulk).verdict == "complete"
    assert [len(bulk.deaths(part)) for part in bulk.planned()] == [2]


def test_a_file_that_has_changed_since_is_named_and_missing(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.warc.gz").write_bytes(b"".join(records(pages(10), gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz", tmp_path / "b.warc.gz"], 50_000)
    (tmp_path / "b.warc.gz").write_bytes(b"other")
    changed = read_here(bulk)
    assert {f"{tmp_path}/b.warc.gz is another file than was planned: plan again with the same --out"} == set(changed)
    assert {piece.path for part in read_status(bulk).missing for piece in part.pieces} == {f"{tmp_path}/b.warc.gz"}
    row = load_here(bulk, tmp_path / "a.db")
    assert row is not None
    assert row["status"] == "partial"  # what is not read is missing


def test_a_new_plan_keeps_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(pages(10), gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 40_000)
    read_here(bulk)
    load_here(bulk, tmp_path / "a.db")
    before = rows(tmp_path / "a.db")
    (tmp_path / "b.warc.gz").write_bytes(b"".join(records(pages(10, seed=2), gz=True)))
    plan(tmp_path / "bulk", [tmp_path / "a.warc.gz", tmp_path / "b.warc.gz"], 40_000)
    missing = read_status(bulk).missing
    assert {piece.path for part in missing for piece in part.pieces} == {f"{tmp_path}/b.warc.gz"}
    read_here(bulk)
    row = load_here(bulk, tmp_path / "a.db")
    assert row is not None
    assert row["skipped"] == 0  # nothing of a.warc.gz is loaded again
    assert len(rows(tmp_path / "a.db")["reads"]) == len(before["reads"]) + 11


def test_a_load_that_is_killed_goes_on_and_takes_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(pages(20), gz=True)))
    monkeypatch.setattr("harvester.bulk.rows.GROUP_ROWS", 4)
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 60_000)
    read_here(bulk)
    process = os.fork()
    if process == 0:
        groups = iter(range(100))

        def die(_: object) -> None:
            if next(groups) == 3:
                os.kill(os.getpid(), signal.SIGKILL)

        with open_to_write(tmp_path / "a.db") as db:
            load_parts(db, bulk, "test", Stop(), die)
        os._exit(1)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
    load_here(bulk, tmp_path / "a.db")
    load_here(bulk, tmp_path / "b.db")
    first, second = rows(tmp_path / "a.db"), rows(tmp_path / "b.db")
    assert len(first["runs"]) == 2
    assert [row[:3] for row in first["captures"]] == [row[:3] for row in second["captures"]]
    assert len(first["reads"]) == len(second["reads"]) == 22


def test_a_part_that_is_read_during_a_load_counts_as_missing_from_it(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(pages(20), gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 40_000)
    first, *others = bulk.planned()
    assert others
    read_part(bulk, first)

    def read_others(_: Run) -> None:
        read_here(bulk)

    with open_to_write(tmp_path / "bulk.db") as db:
        row = load_parts(db, bulk, "test", Stop(), read_others)
        assert row is not None
        assert row["status"] == "partial"
        problems = db.execute("SELECT code, message FROM problems").fetchall()
    assert [(code, message.split()[0]) for code, message in problems] == [("parts-missing", str(len(others)))]


def test_every_part_is_in_one_share(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(pages(10), gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 20_000)
    shares = [[part.id for part in bulk.planned() if Shard(number, 3).holds(part)] for number in (1, 2, 3)]
    assert sorted(one for share in shares for one in share) == sorted(part.id for part in bulk.planned())


def test_a_page_that_takes_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(capture: Capture, sources: tuple[Source, ...]) -> tuple[Source, Page]:
        while "page=1" in capture.uri:
            pass
        return read_page(capture, sources)

    monkeypatch.setattr("harvester.bulk.reading.read_page", slow)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(pages(20), gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 10**9)
    (part,) = bulk.planned()
    read_part(bulk, part, TimeLimit(0.5))
    status = read_status(bulk)
    assert status.totals.refused == {"too-slow": 1}
    assert status.totals.counts["pages"] == 21
