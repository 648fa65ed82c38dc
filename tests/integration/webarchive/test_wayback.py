"""The Internet Archive's dialect: an archive captured at five times is as if its WARC files had been harvested."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from harvester.crawl.options import CrawlBudget
from harvester.db.pages.databases import read_metadata
from harvester.store.database import open_to_read
from harvester.store.integrity.check import run_checks
from harvester.webarchive import client, index
from harvester.webarchive.client import Manners, WebArchiveClient, only_process
from harvester.webarchive.index import Index, Target, Window
from harvester.webarchive.place import WebArchive
from tests.support.captured_archive import SOURCE, TIMES, captures_of, states, write_warcs
from tests.support.wayback_server import TRAPS, Reply, WaybackServer
from tests.support.web_archives import CRAWLED, facts_of, harvest, harvest_wayback, page_of, rows, without_changes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.captured_archive import Captured

RECORDS = 16
AS_KNOWN = read_metadata()["databases"]["harvest"]["queries"]["as_known"]["sql"]
EXPECTED = {
    "listed, not there": "not-there",
    "excluded": "excluded",
    "another time": "another-time",
    "another address": "another-address",
    "circle": "redirect",
    "redirected": "redirect",
    "pack cut off": "damaged-body",
    "truncated": "truncated",
    "connection cut": "no-answer",
    "challenge now": "no-capture",
    "revisit without original": "no-original",
    "picture": "another-kind",
}
"""The reason for each trap; the other traps are no obstacle, or the page in them is refused as anywhere."""


@pytest.fixture(scope="module")
def crawls() -> list[list[Captured]]:
    return captures_of(RECORDS)


@pytest.fixture(scope="module")
def from_files(crawls: list[list[Captured]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_warcs(folder / "warcs", crawls)
    assert harvest(folder, str(folder / "warcs"), db="files.db").status == 0
    return folder / "files.db"


@pytest.fixture
def server(crawls: list[list[Captured]]) -> Iterator[WaybackServer]:
    with WaybackServer([one for crawl in crawls for one in crawl], most_lines=11, out_of_time=14) as server:
        yield server


def test_it_is_as_if_the_warc_files_had_been_harvested(server: WaybackServer, from_files: Path, tmp_path: Path) -> None:
    done = harvest_wayback(tmp_path, server)
    assert (done.status, done.err) == (0, "")
    assert facts_of(tmp_path / "a.db") == facts_of(from_files)
    assert re.search(r"^\d+ changes of the past: see harvester history\.$", done.out, re.MULTILINE)
    # One request for each payload, and a second run asks the index alone: once for each year and host, resumed or not.
    played = [one.target for one in server.requests("id_/")]
    assert len(played) == len({(one.address, one.body) for one in server.captures})
    before = len(server.log)
    again = harvest_wayback(tmp_path, server)
    assert (again.status, again.out.splitlines()[-2].endswith(" held.")) == (0, True)
    assert [one.target for one in server.log[before:] if "id_/" in one.target] == []
    answered = [one for one in server.log[before:] if "resumeKey=" not in one.target]
    queries = [parse_qs(urlsplit(one.target).query) for one in answered]
    windows = Counter((one["url"][0], one["from"][0], one["to"][0][:8]) for one in queries)
    now = datetime.now(UTC)
    years = {(str(year), f"{year}1231") for year in range(1996, now.year)} | {(str(now.year), f"{now:%Y%m%d}")}
    whole = {(f"{host}/", f"{year}0101000000", end) for host in SOURCE.hosts for year, end in years}
    out_of_time = sum(one.status == 504 for one in answered)
    assert (max(windows.values()), out_of_time > 0) == (1, True)
    assert (whole <= windows.keys(), len(windows)) == (True, len(whole) + 2 * out_of_time)
    # The page of a document links its captures.
    corrected = next(one for one in server.captures if one.address == states(RECORDS)[0][-2].url)
    shown = page_of(tmp_path / "a.db", f"/document/{corrected.address.rpartition('/')[2]}")
    times = {one.stamp for one in server.captures if one.address == corrected.address}
    linked = dict(re.findall(rf'href="{server.url}/(\d{{14}})/{re.escape(corrected.address)}">([\d-]{{10}})', shown))
    assert {"20120603120000": "2012-06-03", "20230605120000": "2023-06-05"}.items() <= linked.items()
    assert linked.keys() <= times
    # What it kept, harvested as files, is the same once more; but files in another order log no changes of the past.
    assert harvest(tmp_path, str(tmp_path / "captures"), db="again.db").status == 0
    assert without_changes(tmp_path / "again.db") == without_changes(from_files)


def test_older_captures_read_later_leave_the_log_of_changes_whole(server: WaybackServer, tmp_path: Path) -> None:
    """Changes of the past come later in the log, and are no part of the chain that leads to the values of now."""
    held = "SELECT key, title, date, summary FROM documents"
    for number, at in enumerate(reversed(TIMES)):
        with time_machine.travel(datetime(2026, 3, 1 + number, 12, tzinfo=UTC)):
            assert harvest_wayback(tmp_path, server, "--from", str(at.year), "--to", str(at.year)).status == 0
        if number == 1:
            before = rows(tmp_path / "a.db", held)
    past = rows(tmp_path / "a.db", "SELECT field, observed_at FROM changes WHERE is_past")
    assert {("title", "2014-06-01T12:00:00Z"), ("date", "2017-06-09T12:00:00Z")} <= {*past}
    assert [str(one) for one in run_checks(tmp_path / "a.db")] == []
    with open_to_read(tmp_path / "a.db") as db:
        for key, *values in before:
            known = dict(db.execute(AS_KNOWN, {"document": key, "date": "2026-03-02"}).fetchall())
            assert [known["title"], known["date"], known["summary"]] == values


def test_each_trap_is_named_and_nothing_is_invented(tmp_path: Path) -> None:
    crawls = captures_of(24)
    newest = [one for one in crawls[-1] if "/document/" in one.address and one.status == 200]
    listing = [replace(one, kept="response") for one in crawls[-1] if "/search" in one.address]
    traps = {one.address: trap for one, trap in zip(newest, TRAPS, strict=False)}
    assert len(traps) == len(TRAPS)
    older = next(one for one in crawls[0] if traps.get(one.address) == "another time")
    kept = {url: "revisit" if "revisit" in trap else "response" for url, trap in traps.items()}
    captures = [*listing, *(replace(one, kept=kept.get(one.address, "response")) for one in newest), older]
    with WaybackServer(captures, traps=traps) as server:
        done = harvest_wayback(tmp_path, server, "--versions", "newest", "--from", "2012")
    assert done.status == 3
    found = dict(rows(tmp_path / "a.db", "SELECT page, reason FROM web_captures WHERE reason IS NOT NULL"))
    assert found == {one: EXPECTED[trap] for one, trap in traps.items() if trap in EXPECTED}
    problems = dict(rows(tmp_path / "a.db", "SELECT uri, code FROM problems WHERE severity = 'error'"))
    assert {one: code for one, code in found.items() if code != "another-kind"}.items() <= problems.items()
    # Own pages were read of exactly those that were played back as they are, however they were packed.
    own = "SELECT uri, captured_at FROM captures WHERE form = 'document'"
    refused = {"challenge archived", "429 archived"}
    read = {one.address: one.at for one in newest if traps.get(one.address) not in {*EXPECTED, *refused}}
    read[older.address] = older.at  # the capture that came instead, at its own time
    assert dict(rows(tmp_path / "a.db", own)) == {uri: at.strftime("%Y-%m-%dT%H:%M:%SZ") for uri, at in read.items()}
    titles = dict(rows(tmp_path / "a.db", "SELECT url, title FROM documents"))
    whole = facts_of_listing(captures, tmp_path)
    assert titles == whole


def test_what_was_not_playable_is_read_once_its_payload_is_held(crawls: list[list[Captured]], tmp_path: Path) -> None:
    """The same bytes at two times: the later capture is listed and not there, until the earlier one has been read."""
    one = next(one for one in crawls[0] if "/document/" in one.address)
    later = replace(one, at=crawls[1][0].at)
    with WaybackServer([later], traps={one.address: "listed, not there"}) as server:
        assert harvest_wayback(tmp_path, server, *CRAWLED).status == 3
        server.captures, server.traps = [one, later], {}
        assert harvest_wayback(tmp_path, server, *CRAWLED).status == 3
        requests = len(server.requests("id_/"))
        assert harvest_wayback(tmp_path, server, *CRAWLED).status == 0
        assert len(server.requests("id_/")) == requests
    assert rows(tmp_path / "a.db", "SELECT count(*) FROM reads") == [(2,)]


def facts_of_listing(captures: list[Captured], folder: Path) -> dict[str, str]:
    """Return the titles that the listing alone gives: no trap may have changed or added one."""
    write_warcs(folder / "listing", [[one for one in captures if "/search" in one.address]])
    assert harvest(folder, str(folder / "listing"), db="listing.db").status == 0
    return dict(rows(folder / "listing.db", "SELECT url, title FROM documents"))


def test_what_an_index_does_not_know_or_lists_twice_is_requested_once(
    crawls: list[list[Captured]], tmp_path: Path
) -> None:
    """Without digests nothing is known to be as before: each capture is a request, once."""
    captures = [one for crawl in crawls[:2] for one in crawl]
    write_warcs(tmp_path / "warcs", crawls[:2])
    assert harvest(tmp_path, str(tmp_path / "warcs"), db="files.db").status == 0
    with WaybackServer(captures, unknown_digests=True) as server:
        listed = json.loads(
            server.answer(f"/cdx/search/cdx?url={SOURCE.hosts[0]}/&matchType=host&from=2014&to=2015")[2]
        )
        assert len(listed) == 1 + 2 * len(crawls[1])
        for _ in range(2):
            assert harvest_wayback(tmp_path, server, *CRAWLED).status == 0
            assert len(server.requests("id_/")) == len(captures)
    assert facts_of(tmp_path / "a.db") == facts_of(tmp_path / "files.db")


def test_a_list_is_read_part_by_part(server: WaybackServer) -> None:
    """What one answer of the index lists is written before the next one is requested."""
    server.most_lines = 2
    manners = Manners(0, "test", lambda: False, print, lambda: None)
    place = f"{server.url.removesuffix('/web')}/cdx/search/cdx"
    with closing(WebArchiveClient(manners, CrawlBudget(None, None))) as connection:
        index = Index(WebArchive(server.url), connection, lambda _: None, "cdx", place)
        day = datetime(2012, 6, 3, tzinfo=UTC)
        parts = index.list_matching(Target.host(SOURCE.hosts[0]), Window(day, day + timedelta(days=1)))
        requests = [len(server.log) for _ in parts]
    assert (requests[0], requests) == (1, [*range(1, len(requests) + 1)])
    assert len(requests) > 2


def test_why_a_window_was_not_listed_is_a_problem_of_the_run(
    server: WaybackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MOST_BYTES", 500)
    assert harvest_wayback(tmp_path, server, "--from", "2012-06-03", "--to", "2012-06-03").status == 1
    problems = rows(tmp_path / "a.db", "SELECT DISTINCT severity, message FROM problems WHERE code = 'not-listed'")
    span = "from 20120603000000 to 20120603235959"
    assert problems == [
        ("error", f"{SOURCE.hosts[0]}/ {span}: more than 500 bytes: run it again later"),
    ]


def test_two_429_in_a_row_end_the_run_and_the_next_one_goes_on(
    server: WaybackServer, from_files: Path, tmp_path: Path
) -> None:
    server.slow_downs = 1
    assert harvest_wayback(tmp_path, server, *CRAWLED, "--max-requests", "65").status == 0
    held = rows(tmp_path / "a.db", "SELECT count(*) FROM reads")[0][0]
    assert 0 < held < 39
    server.slow_downs, before = 2, len(server.log)
    done = harvest_wayback(tmp_path, server, *CRAWLED)
    assert (done.status, len(server.log) - before) == (3, 2)
    assert harvest_wayback(tmp_path, server, *CRAWLED).status == 0
    assert facts_of(tmp_path / "a.db") == facts_of(from_files)
    played = [one.target for one in server.requests("id_/") if one.status == 200]
    assert len(played) == len(set(played))


def test_requests_keep_their_distance(crawls: list[list[Captured]], tmp_path: Path) -> None:
    few = [one for one in crawls[0] if "/document/" in one.address][:3]
    with WaybackServer(few, slow_downs=1, retry_after="1") as server:
        target = f"{server.url}/2012*/{few[0].address}"
        assert harvest(tmp_path, target, "--delay", "0.2").status == 0
    kinds = [("index" if "/cdx" in one.target else "capture", one.time) for one in server.log]
    gaps = [(kind, later - earlier) for (_, earlier), (kind, later) in pairwise(kinds)]
    assert [kind for kind, _ in gaps].count("capture") == 1
    assert (server.log[0].status, gaps[0][1] >= 1) == (429, True)
    assert all(gap >= (0.5 if kind == "index" else 0.2) for kind, gap in gaps)


def test_time_maps_alone_lead_from_page_to_page(crawls: list[list[Captured]], tmp_path: Path) -> None:
    """The first page of the listing names documents and its total, and so the next pages, at every time."""
    with WaybackServer([one for crawl in crawls for one in crawl], only_timemaps=True) as server:
        assert harvest_wayback(tmp_path, server).status == 0
    listed = {one.address for crawl in crawls for one in crawl if one.status == 200}
    assert {row[0] for row in rows(tmp_path / "a.db", "SELECT DISTINCT uri FROM reads")} == listed


def test_a_timemap_of_too_many_parts_is_a_problem_of_the_run(
    crawls: list[list[Captured]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MOST_PARTS", 1)
    with WaybackServer([one for crawl in crawls for one in crawl], only_timemaps=True) as server:
        assert harvest_wayback(tmp_path, server).status == 3
    problems = rows(tmp_path / "a.db", "SELECT DISTINCT severity, message FROM problems WHERE code = 'not-listed'")
    assert {severity for severity, _ in problems} == {"error"}
    assert all("has more than 1 parts: run it again later" in message for _, message in problems)


def test_a_web_archive_that_never_answers_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        done = harvest(tmp_path, "wilson", "--web-archive", f"http://{place}/wb", "--delay", "0")
    why = f"{place} does not answer (timed out): check the address, or run it again later"
    assert (done.status, done.out.splitlines()[-1]) == (1, why)
    assert rows(tmp_path / "a.db", "SELECT queries FROM web_archive_runs") == [(1,)]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((503, {}, b"busy"), "the index of 127.0.0.1:{} answered 503: run it again later"),
        ((200, {}, b"<html>Just a moment...</html>"), "has no index that is known (CDX, CDXJ, TimeMap)"),
    ],
)
def test_what_stands_where_an_index_should_be_is_named(
    answer: Reply, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WaybackServer, "answer", lambda *_: answer)
    with WaybackServer([]) as server:
        done = harvest_wayback(tmp_path, server)
    assert (done.status, why.format(server.url.split(":")[2].removesuffix("/web")) in done.out + done.err) == (1, True)


def test_one_process_at_a_web_archive(server: WaybackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with only_process(WebArchive(server.url)):
        done = harvest_wayback(tmp_path, server, db="other.db")
    assert (done.status, "one at a time is polite" in done.err, server.log) == (4, True, [])
    assert not (tmp_path / "other.db").exists()


def test_a_dry_run_asks_the_index_and_says_what_the_rest_would_take(server: WaybackServer, tmp_path: Path) -> None:
    done = harvest_wayback(tmp_path, server, *CRAWLED, "--dry-run")
    payloads = len({(one.address, one.body) for one in server.captures})
    assert (done.status, f"{payloads} requests would be sent" in done.out) == (0, True), done.out
    assert server.requests("id_/") == []


def test_where_nothing_is_listed_the_run_has_failed(crawls: list[list[Captured]], tmp_path: Path) -> None:
    with WaybackServer(crawls[0]) as server:
        done = harvest_wayback(tmp_path, server, "--from", "2020", "--json")
    row = json.loads(done.out)
    assert (done.status, row["status"], row["web_archive"]["listed"]) == (1, "failed", 0)
    assert row["reason"].startswith(f"{server.url} lists no page of wilson from 2020-01-01 to ")


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_of_a_web_archive_that_is_down_only_that_is_printed(more: tuple[str, ...], tmp_path: Path) -> None:
    with WaybackServer([]) as server:
        pass
    done = harvest_wayback(tmp_path, server, *more)
    why = "no answer from 127.0.0.1 (Connection refused): check the address and the connection, then run it again"
    assert (done.status, done.out.splitlines()[-1]) == (1, why)
    assert "lists" not in done.out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--web-archive",), "name one archive"),
        (("wilson", "--web-archive", "wilson"), "no address of a web archive"),
        (("nowhere", "--web-archive"), "no archive nowhere"),
        (("wilson", "--web-archive", "--search", "Mao"), "--search is for live harvests"),
        (("wilson", "--web-archive", "--from", "2020", "--to", "2015"), "--from 2020 is after --to"),
        (("wilson", "--web-archive", "--from", "soon"), "is no date"),
        (("wilson", "--web-archive", "--delay", "0.5"), "faster than the archive is asked at most"),
        (("wilson", "--from", "2015"), "--from is for web archives"),
        (("seeds", "--versions", "all"), "--versions is for web archives"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    arguments: tuple[str, ...], hint: str, tmp_path: Path
) -> None:
    done = harvest(tmp_path, *arguments)
    assert (done.status, hint in done.err, done.err.count("\n")) == (2, True, 1), done.err
