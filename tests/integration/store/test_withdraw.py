"""`harvester withdraw`: nothing that is served or exported holds a word of it, whatever is harvested later."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from harvester.cli import run
from harvester.store.backup import back_up
from harvester.store.database import fold_log, open_to_read, open_to_write
from harvester.store.integrity.check import run_checks
from harvester.store.withdrawal.restore import present_withdrawals, reapply_withdrawals, restore_all
from harvester.store.withdrawal.vault import vault_of
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site, item_of
from tests.support.captured_archive import TIMES, Captured
from tests.support.harvesting import dump
from tests.support.live_processes import Harvests
from tests.support.publishing import harvester_serve
from tests.support.wayback_server import WaybackServer
from tests.support.web_archives import harvest_wayback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.publishing import Site as Served

WORDS = ("qxvarlo", "qxvimbe", "qxvoruk", "qxvuneb", "qxvesto", "qxvaddi")
SECRET = replace(
    make_items(30, seed=3)[7],
    slug="telegram-qxvarlo-to-qxvimbe",
    title="Telegram, Qxvarlo to Qxvimbe",
    date="March 4, 1961",
    summary=("About Qxvoruk, which nobody is to read.",),
    people=("Qxvuneb",),
    transcript=("He said: Qxvesto.",),
    location="AVPRF, f. Qxvaddi",
)
ITEMS = [SECRET if item.number == 7 else item for item in make_items(30, seed=3)]
CLOCKS = {"documents": ("last_changed",), "captures": ("parser_version",)}


def pages(folder: Path, items: Iterable[Any] = ITEMS, *, single: bool = True) -> Path:
    """Write listing pages and document pages, as they are saved."""
    held = list(items)
    (folder / "document").mkdir(parents=True)
    for first in range(0, len(held), 10):
        body = listing_page(held[first : first + 10], first + 1, len(held))
        (folder / f"listing-{first // 10}.html").write_bytes(body)
    for item in held if single else ():
        (folder / "document" / f"{item.slug}.html").write_bytes(document_page(item))
    return folder


def text_page(folder: Path, title: str, date: str | None, summary: str = "Something.") -> Path:
    """Write a page without addresses, of form A, that holds one record."""
    folder.mkdir(exist_ok=True)
    lines = ["Skip to content", "Results:", "1 - 1 of 1", "Documents", *([date] if date else []), title, summary]
    path = folder / f"page-{len(list(folder.iterdir()))}.txt"
    path.write_text("\n\n".join([*lines, "Pagination"]), "utf-8")
    return path


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Harvest the pages, with a table of the user's own that refers to documents; return the folder of both."""
    folder = tmp_path_factory.mktemp("saved")
    made = folder / "harvest.db"
    assert run(["harvest", str(pages(folder / "pages")), "seeds", "--db", str(made)]) == 0
    with open_to_write(made) as db:
        db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, about INTEGER REFERENCES documents (id), note TEXT)")
        sql = "INSERT INTO notes (about, note) SELECT id, 'note on ' || title FROM documents WHERE id < 20"
        db.execute(sql)
        fold_log(db)
    return folder


@pytest.fixture
def path(tmp_path: Path, saved: Path) -> Path:
    """Return a copy of the harvest."""
    made = tmp_path / "harvest.db"
    shutil.copy(saved / "harvest.db", made)
    return made


def number(path: Path) -> int:
    with open_to_read(path) as db:
        return int(db.execute("SELECT id FROM documents WHERE slug = ?", [SECRET.slug]).fetchone()[0])


def withdraw(path: Path, *more: str) -> int:
    document = number(path)
    assert run(["withdraw", str(document), "--db", str(path), *more]) == 0
    return document


def outcome_of(file: Path, words: Iterable[str] = WORDS) -> list[str]:
    """Name every table that holds a word, in any column, shadow tables of the index and raw bytes included."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
        found = []
        for table in tables:
            for row in db.execute(f'SELECT * FROM "{table}"'):
                text = b"\0".join(v if isinstance(v, bytes) else str(v).encode() for v in row).lower()
                # The index keeps of a word only what differs from the one before it.
                found += [table for word in words if (word[1:5] if "_fts" in table else word).encode() in text]
    return sorted(set(found))


def test_all_words_are_everywhere_before(path: Path) -> None:
    assert {"documents", "texts", "document_terms", "sightings", "statements", "changes", "identities", "notes"} <= {
        *outcome_of(path)
    }
    assert {"documents_fts_data", "captures", "reads"} <= {*outcome_of(path)}


def test_no_table_holds_a_word_afterwards(path: Path) -> None:
    document = withdraw(path, "--reason", "asked for by the heirs of Qxvarlo")
    assert outcome_of(path) == []
    assert run_checks(path, fast=True) == []
    with open_to_read(path) as db:
        assert db.execute("SELECT id FROM withdrawn").fetchall() == [(document,)]
        assert (
            db.execute("SELECT held, declared_total FROM coverage WHERE declared_total = 30").fetchall()
            == [(10, 30)] * 3
        )


def test_runs_and_problems_tell_nothing_either(path: Path, tmp_path: Path) -> None:
    single = tmp_path / "single"
    named = pages(single) / "document" / f"{SECRET.slug}.html"
    named.write_bytes(named.read_bytes() + b"<!-- again -->")
    assert run(["harvest", str(named), "--db", str(path)]) == 0
    with open_to_write(path) as db:
        db.execute("UPDATE runs SET command = ? WHERE id = 2", [f"harvester harvest {named}"])
        uri = db.execute("SELECT uri FROM captures WHERE id = 1").fetchone()[0]
        sql = (
            "INSERT INTO problems (run_id, uri, severity, code, message, extract) VALUES (1, ?, 'notice', 'x', 'y', ?)"
        )
        db.execute(sql, [uri, "an extract with Qxvarlo in it"])
        db.execute(sql, [named.as_uri(), "Qxvarlo"])
    withdraw(path)
    assert outcome_of(path) == []


def addresses(path: Path, document: int) -> Iterator[str]:
    """Yield the addresses at which Datasette may show the document, in every way that it has."""
    with open_to_read(path) as db:
        tables = [name for name in (*db.table_names(), *db.view_names()) if "_fts" not in name]
    yield from ("/", "/DB", "/DB.json", "/coverage", "/syncs", "/search", "/feed.atom", "/search.json", "/-/health")
    yield from (f"/DB/{table}{ending}" for table in tables for ending in ("", ".json?_shape=array&_size=max"))
    yield from (f"/DB/{table}.csv?_stream=on&_size=max" for table in tables)
    for word in ("Qxvarlo", "Qxvesto", "Qxvuneb", "qxv*"):
        yield from (f"/search?q={word}", f"/search.json?q={word}", f"/feed.atom?q={word}", f"/search.csv?q={word}")
        yield from (f"/DB/{table}.json?_search={word}" for table in ("documents", "texts"))
    yield from (f"/document/{SECRET.slug}", f"/document/{document}", f"/document/{SECRET.slug}.json")
    yield from (f"/DB/documents/{document}", f"/DB/documents/{document}.json", "/DB.db", "/DB.db?_raw=1")


QUERIES = (
    "SELECT * FROM main.documents WHERE title LIKE '%qxv%'",
    "SELECT * FROM documents_fts WHERE documents_fts MATCH 'qxvarlo'",
    "SELECT * FROM documents_fts WHERE rowid = {document}",
    "SELECT hex(block) FROM documents_fts_data WHERE instr(block, x'717876')",
    "SELECT * FROM changes WHERE document_id = {document}",
    "SELECT title, summary FROM documents_unindexed",
    "SELECT content FROM statements WHERE content LIKE '%qxv%'",
    "SELECT uri, file FROM captures WHERE uri || file LIKE '%qxv%'",
    "SELECT * FROM notes WHERE about = {document}",
    "SELECT name FROM pragma_database_list",
    "SELECT * FROM sqlite_dbpage",
    "ATTACH '{vault}' AS vault",
    "SELECT readfile('{vault}')",
    "SELECT load_extension('{vault}')",
)


def spoken(site: Served, requested: Iterable[str]) -> list[str]:
    """Return the addresses whose response contains a word that is not in the address itself."""
    outcome = []
    for address in requested:
        _, text, _ = site.get(address)
        # A page shows what was asked for: the words of the question are no answer.
        outcome += [address] * any(word in text.lower() for word in WORDS if word not in address.lower())
    return outcome


def test_datasette_shows_no_word_of_it(path: Path) -> None:
    document = number(path)
    everything = list(addresses(path, document))
    vault = vault_of(path)
    sql = [f"/DB.json?sql={quote(q.format(document=document, vault=vault))}&_shape=array" for q in QUERIES]
    with harvester_serve(path) as (site, _):
        assert len(spoken(site, [one for one in everything if "json" in one])) > 20, "the test must be able to find it"
        withdraw(path)
        assert vault.exists()
        assert spoken(site, everything) == []
        assert [site.get(address)[0] for address in everything if SECRET.slug in address] == [410, 410]
        assert [site.get(f"/document/{document}")[0], site.get(f"/DB/documents/{document}")[0]] == [410, 410]
        answers = {question: site.get(question)[1] for question in sql}
        assert [question for question, text in answers.items() if "qxv" in text.lower().replace("%qxv%", "")] == []
        assert [q for q in sql[:2] if site.json(q) != []] == []
        assert site.get(f"/{quote(vault.name)}")[0] == 404


@pytest.mark.parametrize("kind", ["bibtex", "ris", "csl-json", "csv", "jsonl"])
def test_no_export_holds_it(path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    def exported() -> str:
        capsys.readouterr()
        assert run(["export", kind, "--db", str(path)]) == 0
        return capsys.readouterr().out.lower()

    assert "qxvarlo" in exported()
    withdraw(path)
    out = exported()
    assert "qxv" not in out
    assert "mikoyan" in out


def test_what_is_published_holds_no_byte_of_it(path: Path, tmp_path: Path) -> None:
    withdraw(path)
    assert run(["publish", str(tmp_path / "public"), "--yes", "--db", str(path)]) == 0
    files = [file for file in (tmp_path / "public").rglob("*") if file.is_file()]
    assert [file.name for file in files if b"qxv" in file.read_bytes().lower()] == []
    assert [file.name for file in files if "withdrawn" in file.name] == []


def test_the_vault_is_for_its_owner_only_and_says_who_and_why(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = withdraw(path, "--reason", "asked for by the heirs")
    assert stat.S_IMODE(vault_of(path).stat().st_mode) == 0o600
    capsys.readouterr()
    assert run(["withdraw", "--list", "--db", str(path)]) == 0
    stated = capsys.readouterr().out
    assert stated.startswith(f"{document}  20")
    assert all(part in stated for part in ("asked for by the heirs", SECRET.title, " on "))


def test_later_harvests_keep_it_hidden(path: Path, tmp_path: Path, saved: Path) -> None:
    withdraw(path)
    renamed = replace(SECRET, title="Telegram, Qxvarlo to Qxvimbe (Revised)", summary=("More on Qxvoruk.",))
    items = [renamed if item.number == 7 else item for item in reversed(ITEMS)]
    again = pages(tmp_path / "again", items)
    text = text_page(tmp_path / "texts", SECRET.title, SECRET.date, "Qxvoruk again.")
    assert run(["harvest", str(again), str(text), str(saved / "pages"), "--db", str(path)]) == 0
    assert outcome_of(path) == []
    assert run_checks(path, fast=True) == []
    (again / "document" / f"{SECRET.slug}.html").write_bytes(b"<html><title>Just a moment...</title></html>")
    (again / f"{SECRET.slug}.zip").write_bytes(b"PK\x03\x04 and nothing more")
    assert run(["harvest", str(again), "--db", str(path)]) in (0, 3)
    assert outcome_of(path) == []
    with open_to_read(path) as db:
        assert db.execute("SELECT count(*) FROM sightings WHERE title = '[withdrawn]'").fetchone()[0] == 3
        held = db.execute("SELECT held FROM coverage WHERE declared_total = 30 ORDER BY 1").fetchall()
        assert held == [(10,)] * 6
        assert db.execute("SELECT max(id) FROM documents").fetchone()[0] < 82 + 1


def test_what_is_known_by_its_title_alone_stays_hidden_when_it_gets_an_address(
    path: Path, tmp_path: Path, saved: Path
) -> None:
    made = tmp_path / "loose.db"
    assert run(["harvest", str(text_page(tmp_path / "a", SECRET.title, SECRET.date)), "--db", str(made)]) == 0
    assert run(["withdraw", SECRET.title, "--db", str(made)]) == 0
    for folder in (pages(tmp_path / "b", single=False), saved / "pages"):
        assert run(["harvest", str(folder), "--db", str(made)]) == 0
        assert outcome_of(made) == []
    moved = replace(SECRET, title="Qxvarlo, another title", date="1962")
    assert run(["harvest", str(pages(tmp_path / "c", [moved])), "--db", str(made)]) == 0
    assert outcome_of(made) == []
    assert run_checks(made, fast=True) == []


def test_another_document_of_that_title_is_not_hidden(path: Path, tmp_path: Path) -> None:
    withdraw(path)
    other = replace(SECRET, number=900, slug="another", summary=("Of another one.",), people=(), transcript=())
    assert run(["harvest", str(pages(tmp_path / "other", [replace(other, location="")])), "--db", str(path)]) == 0
    with open_to_read(path) as db:
        assert db.execute("SELECT title FROM documents WHERE slug = 'another'").fetchall() == [(SECRET.title,)]


def test_an_undated_record_of_that_title_is_hidden_where_it_may_be_the_same(tmp_path: Path) -> None:
    made = tmp_path / "undated.db"
    assert run(["harvest", str(pages(tmp_path / "a", [replace(SECRET, date="1961")])), "--db", str(made)]) == 0
    assert run(["withdraw", SECRET.slug, "--db", str(made)]) == 0
    lines = ["Skip to content", "1 - 1 of 1", SECRET.title, "A summary."]
    (tmp_path / "b.txt").write_text("\n\n".join(lines), "utf-8")
    run(["harvest", str(tmp_path / "b.txt"), "--db", str(made)])
    with open_to_read(made) as db:
        assert db.execute("SELECT form FROM captures ORDER BY id DESC LIMIT 1").fetchone() == ("B",)
    assert outcome_of(made) == []


def test_undone_all_is_as_it_was(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_to_read(path) as db:
        before = dump(db, "containers_read")
    document = withdraw(path)
    capsys.readouterr()
    assert run(["withdraw", str(document), "--undo", "--db", str(path)]) == 0
    assert SECRET.title in capsys.readouterr().out
    with open_to_read(path) as db:
        after = dump(db, "containers_read")
    assert [name for name in before if "_fts" not in name and before[name] != after[name]] == []
    assert run_checks(path, fast=True) == []
    with open_to_read(path) as db:
        sql = "SELECT rowid FROM documents_fts WHERE documents_fts MATCH ?"
        assert db.execute(sql, ["qxvarlo"]).fetchall() == [(document,)]
        assert db.execute(sql, ["text:qxvesto"]).fetchall() == [(document,)]


def test_what_pages_said_meanwhile_comes_after_it_is_undone(path: Path, tmp_path: Path) -> None:
    document = withdraw(path)
    renamed = replace(SECRET, summary=("Qxvoruk, and more.",))
    later = pages(tmp_path / "later", [renamed if item.number == 7 else item for item in ITEMS])
    assert run(["harvest", str(later), "--db", str(path)]) == 0
    assert run(["withdraw", SECRET.slug, "--undo", "--db", str(path)]) == 0
    assert run_checks(path, fast=True) == []
    assert run(["harvest", str(later), "--db", str(path)]) == 0
    with open_to_read(path) as db:
        (row,) = db.query("SELECT * FROM documents WHERE id = ?", [document])
        seen = db.execute("SELECT count(*) FROM sightings WHERE document_id = ?", [document]).fetchone()
    assert (row["slug"], row["summary"]) == (SECRET.slug, "Qxvoruk, and more.")
    assert seen == (3,)
    assert run_checks(path, fast=True) == []


def test_numbers_that_were_given_away_meanwhile_do_no_harm(tmp_path: Path) -> None:
    made = tmp_path / "last.db"
    first = pages(tmp_path / "first", [*ITEMS[:5], SECRET])
    assert run(["harvest", str(first), "--db", str(made)]) == 0
    document = number(made)
    with open_to_read(made) as db:
        assert db.execute("SELECT max(id) FROM documents").fetchone() == (document,)
        sql = "SELECT kind, field, before, after FROM changes WHERE document_id = ? ORDER BY id"
        outcome = db.execute(sql, [document]).fetchall()
        texts = db.execute("SELECT kind, text FROM texts WHERE document_id = ?", [document]).fetchall()
    withdraw(made)
    assert run(["harvest", str(pages(tmp_path / "more", make_items(40, seed=99)[30:])), "--db", str(made)]) == 0
    assert run(["withdraw", str(document), "--undo", "--db", str(made)]) == 0
    with open_to_read(made) as db:
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (16,)
        assert db.execute(sql, [document]).fetchall() == outcome
        assert db.execute("SELECT kind, text FROM texts WHERE document_id = ?", [document]).fetchall() == texts
    assert run_checks(made, fast=True) == []


def test_a_live_harvest_neither_asks_for_it_nor_misses_it(tmp_path: Path) -> None:
    with ArchiveServer(Site(35, "live", Manner(etags=True))) as server:
        archive = Harvests(tmp_path, server)
        assert archive.live("a.db").status == 0
        made, item = tmp_path / "a.db", item_of("r11")
        assert run(["withdraw", item.slug, "--db", str(made)]) == 0
        server.site.listing.insert()
        since = len(server.log)
        assert archive.live("a.db").status == 0
        assert [requested.target for requested in server.log[since:] if item.slug in requested.target] == []
        held = outcome_of(made, [item.slug, item.title.lower()])
        assert [table for table in held if "_fts" not in table] == []
        with open_to_read(made) as db:
            sql = "SELECT status, declared_total, distinct_records FROM walks ORDER BY id"
            assert db.execute(sql).fetchall() == [("complete", 35, 35), ("complete", 36, 36)]
            assert db.execute("SELECT count(*), count(gone_at) FROM documents").fetchone() == (35, 0)
        assert run_checks(made) == []
        assert run(["withdraw", item.slug, "--undo", "--db", str(made)]) == 0
        assert archive.live("a.db").status == 0
        with open_to_read(made) as db:
            assert db.execute("SELECT count(*), count(gone_at) FROM documents").fetchone() == (36, 0)
        assert run_checks(made) == []


def test_what_web_archives_list_of_it_is_forgotten_and_not_listed_again(path: Path, tmp_path: Path) -> None:
    """A held capture with another text, of another spelling of its address, and some that are listed only."""
    other, body = ITEMS[3], document_page(SECRET)
    captures = [Captured(SECRET.url, at, 200, body) for at in TIMES[:3]]
    anew = document_page(replace(SECRET, transcript=("He said once more: Qxvesto.",)))
    captures.append(Captured(SECRET.url.replace("https://", "http://"), TIMES[3], 200, anew))
    captures.append(Captured(other.url, TIMES[3], 200, document_page(other)))
    with WaybackServer(captures, listed_twice="never") as server:
        assert harvest_wayback(tmp_path, server, "--versions", "newest", db="harvest.db").status == 0
        assert {"web_captures", "attachments", "changes"} <= {*outcome_of(path)}
        withdraw(path)
        assert outcome_of(path) == []
        before = len(server.log)
        done = harvest_wayback(tmp_path, server, "--versions", "all", "--json", db="harvest.db")
        assert json.loads(done.out)["web_archive"]["left_out"] == {"of withdrawn documents": len(captures) - 1}
        assert [one.target for one in server.log[before:] if "id_/" in one.target] == []
    assert outcome_of(path) == []
    assert run(["withdraw", "8", "--undo", "--db", str(path)]) == 0
    listed = "SELECT count(*) FROM web_captures WHERE page = ?"
    with open_to_read(path) as db:
        assert db.execute(listed, [SECRET.url]).fetchone()[0] == len(captures) - 1


def test_a_backup_takes_along_what_is_withdrawn_in_a_file_of_its_own(path: Path, tmp_path: Path) -> None:
    document = withdraw(path)
    copy = tmp_path / "copy.db"
    assert run(["backup", str(copy), "--db", str(path)]) == 0
    assert outcome_of(copy) == []
    assert stat.S_IMODE(vault_of(copy).stat().st_mode) == 0o600
    assert run(["withdraw", str(document), "--undo", "--db", str(copy)]) == 0
    assert number(copy) == document
    assert run_checks(copy, fast=True) == []


def test_a_database_that_is_made_again_is_laid_open_for_it_and_hides_it_again(path: Path, tmp_path: Path) -> None:
    document = withdraw(path, "--reason", "heirs")
    copy = tmp_path / "copy.db"
    back_up(path, copy)
    with open_to_write(copy) as db:
        laid_open = restore_all(db, path)
        assert db.execute("SELECT slug FROM documents WHERE id = ?", [document]).fetchone() == (SECRET.slug,)
        assert db.execute("SELECT count(*) FROM captures WHERE file IS NULL").fetchone() == (0,)
        reapply_withdrawals(db, path, laid_open)
    assert outcome_of(copy) == []
    with open_to_write(path) as db, open_to_write(copy) as again:
        assert dump(again, "withdrawn") == dump(db, "withdrawn")
        (before,), _ = present_withdrawals(db, path)
        (after,), _ = present_withdrawals(again, path)
    assert (after.withdrawn_at, after.by, after.reason) == (before.withdrawn_at, before.by, "heirs")
    assert run(["withdraw", str(document), "--undo", "--db", str(path)]) == 0
    assert run_checks(path, fast=True) == []


def test_a_rebuild_keeps_it_hidden_and_it_can_still_be_shown_again(path: Path) -> None:
    with open_to_read(path) as db:
        before = dump(db, "containers_read")
    document = withdraw(path)
    assert run(["rebuild", "--db", str(path)]) == 0
    assert outcome_of(path) == []
    assert run_checks(path) == []
    assert run(["withdraw", str(document), "--undo", "--db", str(path)]) == 0
    assert run_checks(path) == []
    with open_to_read(path) as db:
        after = dump(db, "containers_read")
    for table in ("documents", "texts", "document_terms", "identities", "changes", "captures", "reads", "notes"):
        assert after[table] == before[table], table


def test_an_older_backup_that_was_put_back_is_noticed(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(path, tmp_path / "older.db")
    document = withdraw(path)
    assert run_checks(path, fast=True) == []
    for left in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        left.unlink(missing_ok=True)
    (tmp_path / "older.db").rename(path)
    capsys.readouterr()
    assert run(["check", "--fast", "--db", str(path)]) == 1
    stated = capsys.readouterr().out
    assert f"withdrawn: 1 documents that were withdrawn and can be seen (document {document})" in stated
    withdraw(path)
    assert run_checks(path, fast=True) == []
    assert run(["withdraw", str(document), "--undo", "--db", str(path)]) == 0
    assert run_checks(path, fast=True) == []


def test_what_cannot_be_meant_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, stated in (
        (["nothing of that name"], "no document"),
        ([], "no document named"),
        (["17", "--undo"], "is withdrawn: see"),
    ):
        assert run(["withdraw", *arguments, "--db", str(path)]) == 2
        assert stated in capsys.readouterr().err
    document = withdraw(path)
    vault_of(path).unlink()
    assert run(["withdraw", str(document), "--undo", "--db", str(path)]) == 2
    assert "missing" in capsys.readouterr().err
