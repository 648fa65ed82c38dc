"""Broken and hostile HTML: no exception, no invented record, nothing takes long; and what is no address is none."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import Any

import pytest

from harvester.model import Capture, Listing, Refused
from harvester.parsers.html import limits
from harvester.parsers.parse import parse
from harvester.urls import read_address, read_file_address
from tests.support.archive_pages import listing_page, make_items
from tests.support.harvesting import SOURCE
from tests.support.trials import trials

pytestmark = pytest.mark.slow

LONGEST_SECONDS = 5
SEARCH = "https://digitalarchive.wilsoncenter.org/search"
MEMORY = 3 * 1024**3


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.fixture(scope="module")
def outcome() -> list[dict[str, Any]]:
    child = subprocess.run(
        [sys.executable, "-m", "tests.soak.html_fuzz", str(trials(1, 8)), str(trials(8, 1))],
        capture_output=True,
        text=True,
        timeout=240,
        preexec_fn=limited,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    return [json.loads(line) for line in child.stdout.splitlines()]


def test_broken_pages_give_no_invented_record(outcome: list[dict[str, Any]]) -> None:
    assert [one for one in outcome if one["invented"]] == []
    assert len(outcome) > 60


def test_no_page_takes_long(outcome: list[dict[str, Any]]) -> None:
    assert [one for one in outcome if one["seconds"] > LONGEST_SECONDS] == []


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/document/a-slug", "/document/a-slug"),
        ("/document/111780?x=1#y", "/document/111780"),
        ("https://wilson-center.drivingcreative.com/document/a-slug", "/document/a-slug"),
        ("HTTPS://digitalarchive.wilsoncenter.org/document/a", "/document/a"),
        ("//digitalarchive.wilsoncenter.org:443/node/5", "/node/5"),
        ("https://web.archive.org/web/2020id_/https://digitalarchive.wilsoncenter.org/document/a", "/document/a"),
        ("javascript:alert(1)//document/a", None),
        ("https://evil.example/document/a", None),
        ("https://digitalarchive.wilsoncenter.org.evil.example/document/a", None),
        ("https://evil.example@digitalarchive.wilsoncenter.org/document/a", None),
        ("/document/a/download", None),
        ("/document/", None),
        ("/documents/a", None),
        ("", None),
    ],
)
def test_addresses(href: str, url: str | None) -> None:
    found = read_address(href, SOURCE)
    assert (found and found.url) == (url and f"https://digitalarchive.wilsoncenter.org{url}")


def test_files() -> None:
    found = read_file_address("/document/89832/download", SOURCE)
    assert found
    assert found.node_id == "89832"
    assert read_file_address("/document/a-slug/download", SOURCE) is None


def test_limits() -> None:
    def code(data: bytes) -> str | None:
        refused = limits.check_limits(data)
        return refused.code if refused else None

    assert code(b"<div>" * 2000) is None
    assert code(b"<div>" * 3000) == "too-deep"
    assert code(b"<div><p>x</p></div>" * 3000) is None
    assert code(b"<p><b>x</p>" * 3000) == "too-deep"
    assert code(b"<p>x" * 50_000) == "too-many-tags"
    assert code(b"<script>" + b"'<div>'" * 3000 + b"</script>") is None
    assert code(b"<a " + b"x " * 100_000 + b">") == "too-many-attributes"
    assert code(b'<img src="data:' + b"A/" * 1_000_000 + b'">') is None


def test_what_is_outside_of_the_slice_is_no_matter() -> None:
    made = make_items(10)
    page = listing_page(made, 1, 40).replace(b"<footer", b"<div>" * 3000 + b"<footer")
    fast, reference = parse(Capture(SEARCH, page), SOURCE), parse(Capture(SEARCH, page), SOURCE, "reference")
    assert isinstance(fast, Listing)
    assert len(fast.records) == 10
    assert isinstance(reference, Refused)
    assert reference.code == "too-deep"


def test_a_marker_that_stands_twice_is_not_trusted() -> None:
    made = make_items(10)
    page = listing_page(made, 1, 40).replace(b"<main", b"<p>Results:</p><main").replace(b"<p>", b"<p>Pagination ", 4)
    fast, reference = parse(Capture(SEARCH, page), SOURCE, "fast"), parse(Capture(SEARCH, page), SOURCE, "reference")
    assert fast == reference
    assert isinstance(fast, Listing)
    assert len(fast.records) == 10


def test_utf_16() -> None:
    page = listing_page(make_items(10), 1, 40)
    read = parse(Capture(SEARCH, page.decode().replace('charset="utf-8"', "").encode("utf-16")), SOURCE)
    assert isinstance(read, Listing)
    assert len(read.records) == 10
    assert [problem.code for problem in read.problems] == ["encoding"]
