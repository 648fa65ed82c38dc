"""The database made again: the same, but for what a better parser reads, or what a bad run brought."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from harvester.errors import DatabaseError
from harvester.rebuild import Rebuilt, rebuild
from harvester.store.database import open_to_write
from harvester.store.integrity.check import run_checks
from harvester.store.withdrawal.restore import present_withdrawals
from harvester.store.withdrawal.withdraw import withdraw
from tests.integration.live.test_gone import Losing
from tests.support.archive_pages import HOST, document_page, listing_page, make_items
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site
from tests.support.captured_archive import Captured, write_warcs
from tests.support.harvesting import dump, sound
from tests.support.kills import outcome
from tests.support.live_processes import Harvests, in_process
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEEDS = ROOT / "seeds"
CLOCKS = ("started_at", "finished_at", "read_at", "last_changed", "first_seen")


def harvest(path: Path, *targets: Path) -> None:
    done = in_process(path.parent, ["harvest", *map(str, targets), "--db", str(path)])
    assert done.status in (0, 3), done.err


def all_rows(path: Path) -> dict[str, Any]:
    """Return every row, except the rebuild's runs and the bookkeeping of search."""
    with open_to_write(path) as db:
        assert sound(db)
        return dump(db, "runs", "_sqlite_migrations", "sqlite_stat1", "fill_rates")


def again(path: Path, without: int | None = None, progress: Callable[[], None] = lambda: None) -> Rebuilt:
    return rebuild(path, "test", without, progress=progress)


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as db:
        for sql in statements:
            db.execute(sql)


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """Harvest a copy of the seeds, which a test may spoil."""
    shutil.copytree(SEEDS, tmp_path / "seeds")
    harvest(tmp_path / "a.db", tmp_path / "seeds")
    return tmp_path / "a.db"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Make an archive file of listings and document pages, as mirrors are."""
    items = make_items(25, seed=11)
    path = tmp_path / "mirror.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        pages = {f"documents/document/{item.slug}": document_page(item) for item in items}
        pages |= {
            f"listings/search?page={n}": listing_page(items[n * 10 : n * 10 + 10], n * 10 + 1, 25) for n in range(3)
        }
        for name, body in pages.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return path


def test_the_seeds_made_again_are_the_same(seeds: Path) -> None:
    before = all_rows(seeds)
    assert again(seeds) == Rebuilt(5, 0, 0, 0, 0, 0)
    assert all_rows(seeds) == before
    assert run_checks(seeds) == []


def test_a_mirror_made_again_is_the_same(tmp_path: Path, mirror: Path) -> None:
    path = tmp_path / "a.db"
    harvest(path, mirror)
    before = all_rows(path)
    assert (len(before["documents"]), len(before["texts"]) > 0) == (25, True)
    assert again(path) == Rebuilt(28, 0, 0, 0, 0, 0)
    assert all_rows(path) == before


def test_a_live_harvest_made_again_is_the_same(tmp_path: Path) -> None:
    site = Losing()
    with ArchiveServer(site) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db")
        site.lost.add(site.take_off(7))
        site.take_off(3)
        site.listing.insert()
        archive.live("a.db")
        archive.live("a.db")
    before, shown = all_rows(tmp_path / "a.db"), outcome(tmp_path / "a.db")
    rebuilt = again(tmp_path / "a.db")
    assert (rebuilt.kept, rebuilt.new, rebuilt.changed, rebuilt.merged, rebuilt.dropped) == (0, 0, 0, 0, 0)
    assert outcome(tmp_path / "a.db") == shown
    assert all_rows(tmp_path / "a.db") == before


def test_a_listing_that_was_walked_in_another_order_is_sound_and_made_again_the_same(tmp_path: Path) -> None:
    with ArchiveServer(Site(35, "ties", Manner(etags=True, tied="newest", orders=True))) as server:
        archive = Harvests(tmp_path, server)
        assert archive.live("a.db").status == 0
        orders = {"sort_bef_combine" in requested.target for requested in server.requested("/search?")}
    path = tmp_path / "a.db"
    assert orders == {True, False}
    assert archive.rows("SELECT status, distinct_records FROM walks") == [("complete", 35)]
    assert run_checks(path) == []
    before, shown = all_rows(path), outcome(path)
    rebuilt = again(path)
    assert (rebuilt.kept, rebuilt.new, rebuilt.changed, rebuilt.merged, rebuilt.dropped) == (0, 0, 0, 0, 0)
    assert (all_rows(path), outcome(path)) == (before, shown)
    assert run_checks(path) == []


def test_a_document_that_its_slug_alone_identifies_keeps_its_id(tmp_path: Path) -> None:
    """The page first read at its address proves to be of another document, so that its key is made up."""
    items, at = make_items(10, seed=11), datetime(2024, 1, 1, tzinfo=UTC)
    item = replace(items[4], date="March 1988")
    listed = [*items[:4], item, *items[5:]]
    pages = {
        item.url: document_page(replace(item, date=None)),
        f"{HOST}/document/{item.record_id}": document_page(item),
        f"{HOST}/search?page=0": listing_page(listed, 1, 10),
    }
    write_warcs(tmp_path / "warcs", [[Captured(url, at, 200, body) for url, body in pages.items()]])
    harvest(tmp_path / "a.db", tmp_path / "warcs")
    before = all_rows(tmp_path / "a.db")["documents"]
    assert sum("--" in key for _, key, *_ in before) == 1
    assert (again(tmp_path / "a.db").new, all_rows(tmp_path / "a.db")["documents"]) == (0, before)


def test_what_was_spoilt_comes_again_under_its_id(seeds: Path) -> None:
    before = all_rows(seeds)
    change(
        seeds,
        "DELETE FROM statements WHERE id % 3 = 0",
        "DELETE FROM sightings WHERE position % 4 = 0",
        "DELETE FROM documents WHERE id IN (7, 9)",
        "UPDATE documents SET title = 'spoilt' WHERE id = 11",
    )
    again(seeds)
    after = all_rows(seeds)
    assert {table: after[table] for table in ("statements", "sightings", "identities")} == {
        table: before[table] for table in ("statements", "sightings", "identities")
    }
    assert [row[:5] for row in after["documents"]] == [row[:5] for row in before["documents"]]


def test_pages_whose_files_are_gone_or_changed_are_kept_as_they_were(seeds: Path) -> None:
    before = all_rows(seeds)
    files = sorted((seeds.parent / "seeds").glob("*.txt"))
    files[0].unlink()
    files[1].write_text("something else")
    assert again(seeds) == Rebuilt(3, 2, 0, 0, 0, 0)
    after = all_rows(seeds)
    tables = ("documents", "document_terms", "identities", "changes", "captures", "reads", "listings")
    assert {table: after[table] for table in tables} == {table: before[table] for table in tables}
    assert sorted(row[:6] for row in after["sightings"]) == sorted(row[:6] for row in before["sightings"])
    shutil.rmtree(seeds.parent / "seeds")
    assert again(seeds) == Rebuilt(0, 5, 0, 0, 0, 0)
    assert all_rows(seeds)["documents"] == before["documents"]


def test_what_a_better_parser_reads_is_a_change(seeds: Path) -> None:
    change(
        seeds,
        "UPDATE statements SET content = json_set(content, '$.summary', 'as read before'), hash = 'old'"
        " WHERE document_id = 3",
        "UPDATE documents SET summary = 'as read before' WHERE id = 3",
        "UPDATE captures SET parser_version = 1",
    )
    assert again(seeds) == Rebuilt(5, 0, 0, 1, 0, 0)
    with open_to_write(seeds) as db:
        sql = "SELECT document_id, field, before, substr(after, 1, 16) FROM changes WHERE kind = 'changed'"
        assert db.execute(sql).fetchall() == [(3, "summary", "as read before", "Their discussion")]
    assert run_checks(seeds) == []


def test_without_a_bad_run_nothing_is_left_of_it(tmp_path: Path) -> None:
    """A saved page was spoilt: half of its records are gone, the others say something else."""
    folder = tmp_path / "pages"
    folder.mkdir()
    items = make_items(10, seed=3)
    good = listing_page(items, 1, 10)
    (folder / "one.html").write_bytes(good)
    path = tmp_path / "a.db"
    harvest(path, folder)
    before = all_rows(path)
    (folder / "two.html").write_bytes(good.replace(b'class="title">', b'class="title">Bad ').replace(b"slug", b"gulp"))
    (folder / "three.html").write_bytes(listing_page(make_items(14, seed=3)[10:], 1, 4))
    harvest(path, folder)
    assert all_rows(path)["changes"] != before["changes"]
    rebuilt = again(path, 2)
    assert rebuilt.dropped == 4
    after = all_rows(path)
    tables = ("statements", "sightings", "captures", "reads", "identities", "changes")
    assert {table: after[table] for table in tables} == {table: before[table] for table in tables}
    assert [row[:4] for row in after["documents"]] == [row[:4] for row in before["documents"]]
    assert [finding for finding in run_checks(path) if not finding.notice] == []


def test_a_dry_run_changes_nothing(seeds: Path) -> None:
    before = seeds.read_bytes()
    rebuild(seeds, "test", dry_run=True, progress=lambda: None)
    assert seeds.read_bytes() == before


def test_tables_of_the_users_stay(seeds: Path) -> None:
    change(
        seeds, "CREATE TABLE mine (document_id REFERENCES documents, note)", "INSERT INTO mine VALUES (3, 'read it')"
    )
    again(seeds)
    with open_to_write(seeds) as db:
        assert db.execute("SELECT * FROM mine").fetchall() == [(3, "read it")]


def test_who_reads_meanwhile_goes_on(seeds: Path) -> None:
    reader = sqlite3.connect(seeds)
    rows = reader.execute("SELECT id, title FROM documents ORDER BY id")
    first = rows.fetchone()
    again(seeds)
    assert [first, *rows] == reader.execute("SELECT id, title FROM documents ORDER BY id").fetchall()
    reader.close()


def test_if_somebody_writes_meanwhile_nothing_is_lost(seeds: Path) -> None:
    with pytest.raises(DatabaseError, match="somebody wrote"):
        again(
            seeds,
            progress=lambda: change(seeds, "CREATE TABLE IF NOT EXISTS written (x)", "INSERT INTO written VALUES (1)"),
        )
    with open_to_write(seeds) as db:
        assert db.execute("SELECT count(*) FROM written").fetchone() == (5,)
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_what_is_withdrawn_stays_so(seeds: Path) -> None:
    with open_to_write(seeds) as db:
        (row,) = db.query("SELECT * FROM documents WHERE id = 3")
        withdraw(db, seeds, row, "me", "rights")
    again(seeds)
    with open_to_write(seeds) as db:
        assert db.execute("SELECT 1 FROM documents WHERE id = 3 OR title = ?", [row["title"]]).fetchall() == []
        assert [one.document_id for one in present_withdrawals(db, seeds)[0]] == [3]
    assert row["title"].encode() not in seeds.read_bytes()


def test_the_command_says_what_came_of_it(seeds: Path) -> None:
    done = in_process(seeds.parent, ["rebuild", "--db", str(seeds)])
    assert done.out == "made again: 5 pages read again; documents: 0 new, 0 changed, 0 merged, 0 dropped\n"
