"""Which captures of a page are wanted, and where web archives have what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harvester.errors import UsageError
from harvester.store.web_captures import WebCapture
from harvester.webarchive.index_lines import IndexLine
from harvester.webarchive.listing import Versions, choose, is_wanted_kind
from harvester.webarchive.options import read_span_end, read_target
from harvester.webarchive.place import INTERNET_ARCHIVE, WebArchive, moment_of


def captures(digests: str, status: int = 200) -> list[WebCapture]:
    """Make a capture a year, with one letter each as its digest; `-` is unknown."""
    return [
        WebCapture(n, "p", "p", "p", datetime(2000 + n, 1, 1, tzinfo=UTC), "text/html", status, None if d == "-" else d)
        for n, d in enumerate(digests)
    ]


@pytest.mark.parametrize(
    ("digests", "versions", "wanted"),
    [
        ("AAA", "newest", "2"),
        ("AAA", "changed", "20"),
        ("AABBA", "changed", "420"),
        ("ABA", "changed", "210"),
        ("ABBB", "changed", "310"),
        ("A", "changed", "0"),
        ("---", "changed", "210"),
        ("A-A", "changed", "210"),
        ("AAA", "all", "210"),
    ],
)
def test_versions(digests: str, versions: Versions, wanted: str) -> None:
    assert "".join(str(one.id) for one in choose(captures(digests), versions)) == wanted


def test_a_missing_page_is_wanted_twice_because_that_takes_two_to_prove() -> None:
    assert [one.id for one in choose(captures("NNNN", 404), "changed")] == [3, 1, 0]
    first, *repeats = captures("NNNN", 404)
    as_before = [replace(one, media_type="warc/revisit", status=None) for one in repeats]
    assert [one.id for one in choose([first, *as_before], "changed")] == [3, 1, 0]


@pytest.mark.parametrize(
    ("media_type", "status", "wanted"),
    [
        ("text/html", 200, True),
        ("warc/revisit", None, True),
        (None, None, True),
        ("image/png", 404, True),
        ("text/html", 301, False),
        ("text/html", 503, False),
        ("text/html", 429, False),
        ("image/png", 200, False),
        ("application/pdf", 200, False),
    ],
)
def test_only_what_may_be_a_page_is_wanted(media_type: str | None, status: int | None, wanted: bool) -> None:
    line = IndexLine("https://a.example/x", datetime(2015, 1, 1, tzinfo=UTC), media_type, status)
    assert is_wanted_kind(line) is wanted


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://web.archive.org", INTERNET_ARCHIVE),
        ("http://web.archive.org/web/", INTERNET_ARCHIVE),
        ("https://archive.org/wayback", INTERNET_ARCHIVE),
        ("https://web.archive.org/cdx/search/cdx", INTERNET_ARCHIVE),
        ("https://wa.example/wayback/", "https://wa.example/wayback"),
        ("http://127.0.0.1:8080/wb/cdx?x=1", "http://127.0.0.1:8080/wb"),
        ("http://127.0.0.1:8080/cdx/search/cdx", "http://127.0.0.1:8080/web"),
    ],
)
def test_where_a_web_archive_plays_back(address: str, url: str) -> None:
    assert WebArchive.at(address).url == url


@pytest.mark.parametrize(
    "address", ["wilson", "", "ftp://a.example/", "http://[", "https://", "http://a.example:99999/"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address of a web archive"):
        WebArchive.at(address)


def test_an_index_leads_nowhere_else() -> None:
    archive = WebArchive("http://127.0.0.1:8080/wb")
    assert archive.has("http://127.0.0.1:8080/wb/2015/x")
    for other in ("http://127.0.0.1:8081/wb/", "file:///etc/passwd", "http://127.0.0.1:8080@evil.example/", "http://["):
        assert not archive.has(other)


@pytest.mark.parametrize(
    ("target", "place", "address", "since", "until"),
    [
        ("https://web.archive.org/web/20150601123045/https://a.example/x?y=1", INTERNET_ARCHIVE, "https://a.example/x?y=1",
         "2015-06-01T12:30:45", "2015-06-01T12:30:45"),
        ("https://web.archive.org/web/2015*/http://a.example/*", INTERNET_ARCHIVE, "http://a.example/*",
         "2015-01-01T00:00:00", "2015-12-31T23:59:59"),
        ("https://web.archive.org/web/*/a.example/x", INTERNET_ARCHIVE, "http://a.example/x", None, None),
        ("https://wa.example/wb/201502id_/http:/a.example/x", "https://wa.example/wb", "http://a.example/x",
         "2015-02-01T00:00:00", "2015-02-28T23:59:59"),
    ],
)  # fmt: skip
def test_an_address_copied_from_a_browser(
    target: str, place: str, address: str, since: str | None, until: str | None
) -> None:
    found = read_target(target)
    assert found is not None
    span = [moment and moment.isoformat().removesuffix("+00:00") for moment in (found.since, found.until)]
    assert (found.archive.url, found.address, span) == (place, address, [since, until])
    assert found.page == (None if address.endswith("*") else address)


@pytest.mark.parametrize(
    "target", ["https://a.example/search?page=1", "wilson", "seeds", "http://[", "https://a.example/2015/x"]
)
def test_other_targets_are_not_of_a_web_archive(target: str) -> None:
    assert read_target(target) is None


def test_the_ends_of_a_span_are_dates() -> None:
    assert read_span_end("2015").isoformat() == "2015-01-01T00:00:00+00:00"
    assert read_span_end("2016-02", end=True).isoformat() == "2016-02-29T23:59:59+00:00"
    for text in ("15", "June 2015", "2015-13", "x"):
        with pytest.raises(UsageError, match="is no date"):
            read_span_end(text)


def test_a_time_that_no_calendar_has_is_none() -> None:
    assert moment_of("20150931000000") is None
    assert moment_of("2015093") is None
