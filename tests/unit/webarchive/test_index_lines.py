"""What indexes of web archives answer, in each of their writings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from harvester.webarchive.client import WebAnswer
from harvester.webarchive.index_lines import IndexLine, links_of, read_index

AT = datetime(2015, 6, 1, 12, 30, 45, tzinfo=UTC)
PAGE = "https://archive.example/document/a"
FULL = IndexLine(PAGE, AT, "text/html", 200, "B2LTWWPUOYAH7UIPQ7ZUPQ4VMBSVC36A")
BARE = IndexLine(PAGE, AT)

ROWS = [
    ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"],
    ["example,archive)/document/a", "20150601123045", PAGE, "text/html", "200", FULL.digest, "2043"],
]
PYWB = {
    "urlkey": "example,archive)/document/a",
    "timestamp": "20150601123045",
    "url": PAGE,
    "mime": "text/html",
    "status": "200",
    "digest": f"sha1:{FULL.digest}",
    "length": "2043",
    "offset": "333",
    "filename": "a.warc.gz",
}
LINKS = f"""<{PAGE}>; rel="original",
<https://wa.example/wb/timemap/link/{PAGE}>; rel="self"; type="application/link-format",
<https://wa.example/wb/{PAGE}>; rel="timegate",
<https://wa.example/wb/timemap/link/2/{PAGE}>; rel="timemap"; type="application/link-format",
<https://wa.example/wb/20150601123045/{PAGE}>; rel="first memento"; datetime="Mon, 01 Jun 2015 12:30:45 GMT"
"""
MEMENTO_JSON = {
    "original_uri": PAGE,
    "mementos": {"list": [{"datetime": "2015-06-01T12:30:45Z", "uri": "https://wa.example/x"}]},
    "pages": {"next": {"uri": "https://wa.example/wb/timemap/json/2"}},
}
IN_A_FILE = IndexLine(PAGE, AT, "text/html", 200, FULL.digest, "a.warc.gz", 333, 2043)


def test_half_characters_that_no_database_can_store_are_replaced() -> None:
    half = f"{PAGE}\ud800"
    rows = json.dumps(ROWS).replace(json.dumps(PAGE), json.dumps(half))
    mementos = json.dumps(MEMENTO_JSON | {"original_uri": half})
    for text in (rows, json.dumps(PYWB | {"url": half}), mementos):
        found = read_index(text)
        assert found is not None
        assert [line.address for line in found.lines] == [f"{PAGE}?"]
    whole = read_index(json.dumps(PYWB | {"url": f"{PAGE}\U0001f600"}))
    assert whole is not None
    assert whole.lines[0].address == f"{PAGE}\U0001f600"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (json.dumps(ROWS), replace(FULL, length=2043)),
        (json.dumps(PYWB), IN_A_FILE),
        (f"example,archive)/document/a 20150601123045 {json.dumps(PYWB)}", IN_A_FILE),
        (f"!OpenWayback-CDXJ 1.0\ncom,x)/ 20150601123045 {json.dumps({'url': PAGE})}", BARE),
        (f"example,archive)/document/a 20150601123045 {PAGE} text/html 200 {FULL.digest}", FULL),
        (
            f" CDX N b a m s k r M S V g\nexample,archive)/ 20150601123045 {PAGE} text/html 200 {FULL.digest} - - 2043 "
            "333 a.warc.gz",
            IN_A_FILE,
        ),
        (LINKS, BARE),
        (json.dumps(MEMENTO_JSON), BARE),
    ],
    ids=["rows", "objects", "cdxj", "cdxj file", "cdx", "cdx file", "links", "memento json"],
)
def test_each_writing_says_the_same(text: str, line: IndexLine) -> None:
    found = read_index(text)
    assert found is not None
    assert (found.lines, found.unreadable) == ([line], [])


def test_a_list_that_is_cut_off_says_how_it_goes_on() -> None:
    resumed = read_index(json.dumps([*ROWS, [], ["com,example)/a 2016"]]))
    assert resumed is not None
    assert (len(resumed.lines), resumed.resume_key) == (1, "com,example)/a 2016")
    text = read_index(f"k 20150601123045 {PAGE} text/html 200 X\n\ncom%2Cexample%29%2F+2016")
    assert text is not None
    assert (len(text.lines), text.resume_key) == (1, "com%2Cexample%29%2F+2016")


def test_time_maps_name_their_further_parts() -> None:
    links, memento = read_index(LINKS), read_index(json.dumps(MEMENTO_JSON))
    assert links is not None
    assert memento is not None
    assert links.more == [f"https://wa.example/wb/timemap/link/2/{PAGE}"]
    assert memento.more == ["https://wa.example/wb/timemap/json/2"]


@pytest.mark.parametrize("unknown", ["-", "", "unk", None])
def test_what_an_index_does_not_know_is_none(unknown: str | None) -> None:
    row = {"url": PAGE, "timestamp": "20150601123045", "mime": unknown, "status": unknown, "digest": unknown}
    found = read_index(json.dumps(row))
    assert found is not None
    assert found.lines == [BARE]


@pytest.mark.parametrize(
    "time", ["2015060112304", "20150931000000", "2015-06-01", "", "99999999999999", "２０１５0601123045"]
)
def test_a_line_without_a_time_is_kept_as_unreadable(time: str) -> None:
    found = read_index(json.dumps([ROWS[0], ["k", time, PAGE, "text/html", "200", "X", "1"], ROWS[1]]))
    assert found is not None
    assert (len(found.lines), len(found.unreadable)) == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "<html><title>Just a moment...</title></html>",
        "Too Many Requests",
        '{"error": "x"}',
        '[["no", "columns"]]',
        "[1, 2]",
    ],
)
def test_what_is_no_list_is_no_empty_list(text: str) -> None:
    assert read_index(text) is None


def test_a_page_that_nobody_captured_has_an_empty_list() -> None:
    for text in ("[]", "", "\n"):
        found = read_index(text)
        assert found is not None
        assert found.lines == []


def test_default_ports_go_without_saying() -> None:
    for address in ("http://archive.example:80/a", "https://archive.example:443/a"):
        found = read_index(json.dumps({"url": address, "timestamp": "20150601123045"}))
        assert found is not None
        assert found.lines[0].address == address.replace(":80/", "/").replace(":443/", "/")


def test_links_are_found_by_their_relation() -> None:
    header = f'<{PAGE}>; rel="original", <https://wa.example/tm>; rel="timemap"; type="application/link-format"'
    assert links_of(header) == {"original": PAGE, "timemap": "https://wa.example/tm"}


def test_the_time_of_a_capture_has_a_zone_however_it_is_written() -> None:
    """A date in -0000 is one of UTC, too (RFC 5322); without a zone it could not be compared with the others."""
    for zone in ("GMT", "-0000"):
        when = f"Mon, 01 Jun 2015 12:30:45 {zone}"
        answer = WebAnswer(PAGE, 200, httpx.Headers({"Memento-Datetime": when}), b"")
        assert answer.memento_time == datetime(2015, 6, 1, 12, 30, 45, tzinfo=UTC)
        links = read_index(f'<{PAGE}>; rel="original",\n<https://wa.example/wb/x>; rel="memento"; datetime="{when}"')
        assert links is not None
        assert [line.captured_at for line in links.lines] == [answer.memento_time]
    assert WebAnswer(PAGE, 200, httpx.Headers({"Memento-Datetime": "soon"}), b"").memento_time is None
