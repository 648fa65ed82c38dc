"""Live walks of archives that only a definition describes, in the dress of platforms: the same proofs and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.archive_server import ArchiveServer
from tests.support.dressed_archive import DRESSES, DressedArchive, Row
from tests.support.live_processes import Done, in_process, rows

if TYPE_CHECKING:
    from pathlib import Path

CHECKED = {"atom": "range", "omeka-classic": "total", "dspace": "range", "diary": "nothing", "register": "pages"}
WALK = "SELECT status, proof, declared_total, distinct_records, checked_against, reason FROM walks ORDER BY id DESC"


def records(count: int) -> list[Row]:
    return [(f"{n}", f"Letter no. {n} to the mayor") for n in range(100, 100 + count)]


def harvest(folder: Path, name: str, archive: DressedArchive, *more: str) -> Done:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / f"{name}.toml").write_text(archive.dress.definition, "utf-8")
    (folder / "harvester.toml").write_text("", "utf-8")
    with ArchiveServer(archive) as server:  # type: ignore[arg-type]
        arguments = ["--config", str(folder / "harvester.toml"), "harvest", name, "--base-url", server.base]
        return in_process(folder, [*arguments, "--db", str(folder / "a.db"), "--delay", "0", "--no-documents", *more])


@pytest.mark.parametrize("name", DRESSES)
def test_a_defined_archive_is_walked_to_its_proof_and_says_what_was_checked(tmp_path: Path, name: str) -> None:
    archive = DressedArchive(DRESSES[name], records(23))
    done = harvest(tmp_path, name, archive)
    assert (done.status, done.err) == (0, "")
    total = 23 if CHECKED[name] in ("range", "total") else None
    assert rows(tmp_path / "a.db", WALK) == [("complete", "twice", total, 23, CHECKED[name], None)]
    assert rows(tmp_path / "a.db", "SELECT count(*), count(DISTINCT title) FROM documents") == [(23, 23)]
    if name == "diary":
        assert "the archive declares nothing, so two equal walks are all that proves it" in done.out
    if name == "register":
        assert rows(tmp_path / "a.db", "SELECT record_id, date, url FROM documents ORDER BY id LIMIT 1") == [
            ("100", "1950-04-03", None)
        ]
    if name == "atom":
        assert rows(tmp_path / "a.db", "SELECT archive_location FROM documents ORDER BY id LIMIT 1") == [("HY 100",)]


def test_a_correction_and_a_removal_are_noticed_where_nothing_is_declared(tmp_path: Path) -> None:
    archive = DressedArchive(DRESSES["diary"], records(23))
    harvest(tmp_path, "diary", archive)
    archive.records[3] = ("103", "Letter no. 103, corrected")
    del archive.records[20]
    for _ in range(2):
        assert harvest(tmp_path, "diary", archive).status == 0
    changes = "SELECT kind, field, after FROM changes WHERE kind IN ('changed', 'gone') ORDER BY id"
    assert rows(tmp_path / "a.db", changes)[0] == ("changed", "title", "Letter no. 103, corrected")
    assert rows(tmp_path / "a.db", "SELECT slug FROM documents WHERE gone_at IS NOT NULL") == [("120",)]


def test_a_walk_of_an_open_listing_goes_on_where_it_was_cut_short(tmp_path: Path) -> None:
    archive = DressedArchive(DRESSES["diary"], records(23))
    assert harvest(tmp_path, "diary", archive, "--max-requests", "4").status != 1
    assert harvest(tmp_path, "diary", archive).status == 0
    assert rows(tmp_path / "a.db", WALK)[0] == ("complete", "twice", None, 23, "nothing", None)
    assert rows(tmp_path / "a.db", "SELECT count(*) FROM walks") == [(1,)]


def test_fewer_records_than_asserted_make_a_run_partial(tmp_path: Path) -> None:
    dress = DRESSES["omeka-classic"]
    asserted = type(dress)(f"{dress.definition}[assert]\nmin_records = 30\n", dress.size, dress.number, dress.page)
    done = harvest(tmp_path, "omeka-classic", DressedArchive(asserted, records(23)))
    assert done.status == 3
    assert rows(tmp_path / "a.db", "SELECT code, message FROM problems WHERE severity = 'error'") == [
        ("fewer-than-asserted", "23 records in the listing, at least 30 are asserted: compare with the archive")
    ]
