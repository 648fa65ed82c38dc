"""A live harvest of a local archive: what it asks for, what it keeps, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from fastwarc.warc import WarcRecordType
from warcio.archiveiterator import ArchiveIterator

from harvester.store.database import open_to_read
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Manner, Site, html, item_of
from tests.support.forks import program, soak
from tests.support.kills import outcome
from tests.support.live_processes import Aim, Harvests, in_process, rows
from tests.support.trials import trials

if TYPE_CHECKING:
    from pathlib import Path

WALKS = trials(28, 56)
SIZE = 35
ANSWERS = ("response", "revisit")


@pytest.fixture
def site() -> Site:
    return Site(SIZE, "live", Manner(etags=True))


def targets(server: ArchiveServer, since: int = 0) -> list[str]:
    return [requested.target for requested in server.log[since:]]


def test_hostile_walks_lose_nothing_and_claim_nothing_false() -> None:
    assert "nothing lost" in soak("live", "--walks", str(WALKS))


def test_every_request_has_its_reason(archive: Harvests) -> None:
    assert archive.live("a.db").status == 0
    requested = targets(archive.server)
    assert requested[0] == "/robots.txt"
    assert sum("/search?" in target for target in requested) == 4 + 1
    assert sum("/document/" in target for target in requested) == 35 == len(requested) - 6
    reasons = rows(archive.folder / "a.db", "SELECT reason, count(*) FROM walk_pages GROUP BY 1 ORDER BY 1")
    assert reasons == [("proof: the first page again", 1), ("walk", 4)]
    assert rows(archive.folder / "a.db", "SELECT status, pages, new, changed FROM runs") == [("complete", 40, 35, 0)]


def test_the_page_of_a_document_is_parsed_once(archive: Harvests) -> None:
    """Whether it is a waiting room is seen before it is kept; the run takes what was parsed then."""
    pages_of_the_listing = 4
    more = Aim("harvester.ingest:parse", pages_of_the_listing + 1, "fail")
    assert archive.live("a.db", aim=more).status == 0
    assert archive.rows("SELECT count(*) FROM documents WHERE attached IS NOT NULL") == [(SIZE,)]


@pytest.mark.parametrize("manner", [Manner(etags=True), Manner(dated=True)], ids=["etags", "dates"])
def test_an_unchanged_archive_sends_no_bodies_and_changes_no_row(tmp_path: Path, manner: Manner) -> None:
    with ArchiveServer(Site(35, "still", manner)) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db")
        before, since = rows(tmp_path / "a.db", "SELECT * FROM documents"), len(server.log)
        assert archive.live("a.db").status == 0
        again = server.log[since:]
        assert [requested.target for requested in again if "/document/" in requested.target] == []
        assert [(requested.status, requested.sent) for requested in again if "/search" in requested.target] == [
            (304, 0)
        ] * 5
        assert rows(tmp_path / "a.db", "SELECT * FROM documents") == before
        assert rows(tmp_path / "a.db", "SELECT status, proof FROM walks") == [("complete", "ordered")] * 2


def test_live_its_captures_and_saved_pages_give_equal_databases(archive: Harvests) -> None:
    site = archive.server.site
    archive.live("a.db")
    saved = archive.folder / "saved"
    save(site, saved)
    in_process(archive.folder, ["harvest", str(saved), "--db", str(archive.folder / "saved.db")])
    one, other = outcome(archive.folder / "a.db"), outcome(archive.folder / "saved.db")
    for name in ("documents", "texts", "terms", "sightings"):
        assert one[name] == other[name], name
    site.listing.insert()
    site.listing.insert()
    site.listing.records.remove("r7")
    for _ in range(2):  # changed, and unchanged
        assert archive.live("a.db").status == 0
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")
    captures = str(archive.folder / "a.db-captures")
    assert in_process(archive.folder, ["harvest", captures, "--db", str(archive.folder / "a.db")]).status == 0
    assert rows(archive.folder / "a.db", "SELECT count(*) FROM walks") == [(3,)]


def save(site: Site, folder: Path) -> None:
    """Save all pages of an archive as files named after their addresses."""
    place = folder / "digitalarchive.wilsoncenter.org"
    (place / "document").mkdir(parents=True)
    for number in range(4):
        target = f"search?sort_bef_combine=created_DESC&page={number}"
        (place / target).write_bytes(site.answer(f"/{target}", {}).body)
    for name in site.listing.records:
        slug = item_of(name).slug
        (place / "document" / slug).write_bytes(site.answer(f"/document/{slug}", {}).body)


def test_new_records_are_found_with_their_pages(archive: Harvests) -> None:
    archive.live("a.db")
    archive.server.site.listing.insert()
    since = len(archive.server.log)
    assert archive.live("a.db", "--until-known", "1").status == 0
    requested = targets(archive.server, since)
    assert sum("/document/" in target for target in requested) == 1
    assert rows(archive.folder / "a.db", "SELECT status FROM walks") == [("complete",), ("bounded",)]
    assert "page=3" not in " ".join(requested)


def test_a_walk_can_be_bounded_and_goes_without_document_pages(archive: Harvests) -> None:
    done = archive.live("a.db", "--max-pages", "2", "--no-documents")
    assert (done.status, len(archive.server.log)) == (0, 1 + 2)
    assert "bounded: asked to stop after 2 pages; positions not read" not in done.out
    assert rows(archive.folder / "a.db", "SELECT status, proof, distinct_records FROM walks") == [("bounded", None, 20)]
    coverage = "SELECT held, declared_total, missing, first_missing, basis FROM coverage"
    assert rows(archive.folder / "a.db", coverage) == [(20, SIZE, SIZE - 20, 21, "positions")]
    archive.live("a.db", "--no-documents")
    archive.live("a.db", "--no-documents", "--max-pages", "1")
    assert rows(archive.folder / "a.db", coverage) == [(SIZE, SIZE, 0, None, "walk")]


def test_a_search_is_a_listing_of_its_own(archive: Harvests) -> None:
    assert archive.live("a.db", "--search", "Letter", "--no-documents").status == 0
    assert "search_api_fulltext=Letter" in targets(archive.server)[1]
    name, held, declared = rows(archive.folder / "a.db", "SELECT name, held, declared_total FROM coverage")[0]
    assert name == "“Letter”"
    assert held == declared > 0


def test_a_search_reads_the_document_pages_of_what_it_finds_only(archive: Harvests) -> None:
    archive.live("a.db", "--no-documents")
    since = len(archive.server.log)
    assert archive.live("a.db", "--search", "Letter").status == 0
    requested = [target for target in targets(archive.server, since) if "/document/" in target]
    letters = {item_of(name).slug for name in archive.server.site.listing.records if "Letter" in item_of(name).title}
    assert {target.rpartition("/")[2] for target in requested} == letters
    assert 0 < len(requested) == len(letters) < SIZE


def test_document_pages_are_read_again_when_they_are_old(archive: Harvests) -> None:
    archive.live("a.db", "--max-pages", "1")
    since = len(archive.server.log)
    assert archive.live("a.db", "--max-pages", "1", "--refresh-after", "0").status == 0
    again = [requested for requested in archive.server.log[since:] if "/document/" in requested.target]
    assert [(requested.status, requested.sent) for requested in again] == [(304, 0)] * 10


def test_document_pages_that_are_not_there_are_kept_as_answers_and_stop_nothing(archive: Harvests) -> None:
    site, whole = archive.server.site, archive.server.site.answer
    lost = {f"/document/{item_of(name).slug}" for name in site.listing.records[:5]}
    site.answer = lambda target, headers: (  # type: ignore[method-assign]
        html(404, b"<h1>Not found</h1>") if target in lost else whole(target, headers)
    )
    assert archive.live("a.db").status == 0
    assert len(archive.server.requested("/document/")) == SIZE
    reads = """SELECT DISTINCT http_status, refusal_code, "offset" IS NOT NULL FROM reads JOIN captures
        ON captures.id = capture_id WHERE reads.uri LIKE '%/document/%' ORDER BY 1"""
    with open_to_read(archive.folder / "a.db") as db:
        kept = db.execute(reads.replace('"offset"', 'reads."offset"')).fetchall()
        uris = {row[0] for row in db.execute("SELECT uri FROM reads WHERE http_status = 404")}
    assert kept == [(200, None, 1), (404, "http-404", 1)]
    assert uris == {f"https://digitalarchive.wilsoncenter.org{target}" for target in lost}
    codes = rows(archive.folder / "a.db", "SELECT DISTINCT code, severity FROM problems")
    assert codes == [("http-404", "warning")]


def test_an_empty_search_is_complete(archive: Harvests) -> None:
    assert archive.live("a.db", "--search", "Zanzibar").status == 0
    assert rows(archive.folder / "a.db", "SELECT status, distinct_records FROM walks") == [("complete", 0)]


def test_stopping_at_what_is_known_needs_new_records_first(archive: Harvests) -> None:
    listing = "https://digitalarchive.wilsoncenter.org/search"
    arguments = ["harvest", listing, "--base-url", archive.server.base, "--until-known", "1", "--delay", "0"]
    done = in_process(archive.folder, [*arguments, "--db", str(archive.folder / "a.db")])
    assert (done.status, done.err.count("\n"), len(archive.server.log)) == (2, 1, 0)
    assert "--until-known" in done.err


def test_a_dry_run_asks_for_nothing(archive: Harvests) -> None:
    done = archive.live("a.db", "--dry-run", delay=None)
    assert (done.status, archive.server.log, (archive.folder / "a.db").exists()) == (0, [], False)
    archive.live("a.db")
    done = archive.live("a.db", "--dry-run", delay="2")
    assert "about 4" in done.out
    assert "0:00:08" in done.out


def test_without_captures_none_are_kept_and_nothing_refers_to_them(archive: Harvests) -> None:
    assert archive.live("a.db", "--no-captures", "--no-documents").status == 0
    assert not list(archive.folder.glob("**/*.warc.gz"))
    since = len(archive.server.log)
    assert archive.live("a.db", "--no-documents").status == 0
    assert len(list(archive.folder.glob("a.db-captures/*.warc.gz"))) == 1
    assert {requested.status for requested in archive.server.log[since + 1 :]} == {200}


def test_a_page_that_is_never_shown_is_named_by_its_positions(archive: Harvests) -> None:
    site = archive.server.site
    whole = site.answer

    def withheld(target: str, headers: dict[str, str]) -> Any:
        return html(200, b"<html><body>Are you human?</body></html>") if "page=2" in target else whole(target, headers)

    site.answer = withheld  # type: ignore[method-assign]
    done = archive.live("a.db", "--no-documents")
    assert done.status == 3
    assert "positions not read: 21-30" in done.out
    status = in_process(archive.folder, ["status", "--db", str(archive.folder / "a.db")])
    assert status.status == 1
    assert "25 of 35 records, partial: pages that could not be read: 1; positions not read: 21-30" in status.out
    assert len(archive.server.requested("page=2")) == 2 * 2 * 3
    assert rows(archive.folder / "a.db", "SELECT status, distinct_records FROM walks") == [("partial", 25)]


def test_an_archive_that_goes_down_is_gone_on_with(archive: Harvests) -> None:
    site = archive.server.site
    whole = site.answer
    site.answer = lambda target, headers: (  # type: ignore[method-assign]
        html(503, b"", Retry_After="0") if "page=" in target and "page=0" not in target else whole(target, headers)
    )
    done = archive.live("a.db", "--no-documents")
    assert (done.status, rows(archive.folder / "a.db", "SELECT status FROM walks")) == (3, [("interrupted",)])
    site.answer = whole  # type: ignore[method-assign]
    since = len(archive.server.log)
    assert archive.live("a.db", "--no-documents").status == 0
    requested = [target[-6:] for target in targets(archive.server, since)[1:]]
    assert requested == ["page=0", "page=1", "page=2", "page=3", "page=0"]
    assert rows(archive.folder / "a.db", "SELECT status, distinct_records FROM walks") == [("complete", 35)]


def test_a_failure_of_ours_fails_the_run(archive: Harvests) -> None:
    done = archive.live("a.db", aim=Aim("committed", 2, "fail"))
    assert (done.status, done.err) == (1, "Error: a failure made for the test\n")
    assert rows(archive.folder / "a.db", "SELECT status FROM runs") == [("failed",)]
    assert archive.live("a.db").status == 0


def test_scrapy_crawls_the_same(archive: Harvests) -> None:
    assert archive.live("a.db").status == 0
    arguments = ["-a", f"base_url={archive.server.base}", "-a", "delay=0", "-a", "resume_within=6"]
    done = program("scrapy", "crawl", "wilson", *arguments, "-a", f"db={archive.folder / 'b.db'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert outcome(archive.folder / "a.db") == outcome(archive.folder / "b.db")


def test_the_local_archive_can_be_started_by_hand(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.archive_server", "--records", "12", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        stated = server.stdout.readline().split()
        done = in_process(tmp_path, [*stated[1:-1], str(tmp_path / "a.db")])
        server.terminate()
        log = server.stdout.read().split()
    assert stated[0] == "harvester"
    assert (done.status, len(log)) == (0, 1 + 2 + 1 + 12)
    assert rows(tmp_path / "a.db", "SELECT status FROM walks") == [("complete",)]


def test_other_tools_read_what_is_kept(archive: Harvests) -> None:
    archive.live("a.db", "--no-documents")
    archive.live("a.db", "--no-documents")
    files = sorted(archive.folder.glob("a.db-captures/*.warc.gz"))
    for file in files:
        subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(file)], check=True, capture_output=True)
    with files[-1].open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream)]
    assert kinds == ["warcinfo", "metadata", "response", *["revisit"] * 5, "metadata"]
    with files[0].open("rb") as stream:
        fast = [record.record_type for record in FastIterator(stream)]
    assert fast.count(WarcRecordType.response) == 1 + 4


def test_every_answer_is_kept_also_those_that_are_no_pages(archive: Harvests) -> None:
    site, whole = archive.server.site, archive.server.site.answer
    others = [html(503, b"", Retry_After="0"), html(429, b"", Retry_After="0"), html(200, b"")]
    moved = [html(302, b"", Location="/search?sort_bef_combine=created_DESC&page=1&again=1")]

    def spoiled(target: str, headers: dict[str, str]) -> Any:
        spoil = others if "page=0" in target else moved if "page=1" in target else []
        return spoil.pop() if spoil else whole(target, headers)

    site.answer = spoiled  # type: ignore[method-assign]
    assert archive.live("a.db").status == 0
    with next(archive.folder.glob("a.db-captures/*.warc.gz")).open("rb") as stream:
        kept = [int(r.http_headers.get_statuscode()) for r in ArchiveIterator(stream) if r.rec_type in ANSWERS]
    assert kept == [requested.status for requested in archive.server.log]
    assert set(kept) == {200, 302, 304, 404, 429, 503}
    assert outcome(archive.offline("a.db")) == outcome(archive.folder / "a.db")
    done = in_process(
        archive.folder, ["harvest", str(archive.folder / "a.db-captures"), "--db", str(archive.folder / "b.db")]
    )
    assert done.status == 0
