"""What is no listing is refused with its reason, whatever it is, at once, and never read as an empty listing.

Small inputs are kept as files; huge ones are made here. Of these each is so large that a pattern or a loop that
takes the square of its time would never come to an end.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.model import MAX_BYTES, Capture, Listing, Refused
from harvester.parsers.parse import parse
from harvester.spiders.wilson import WILSON
from tests.support.for_each import for_each
from tests.support.paths import FIXTURES
from tests.support.trials import trials

FOLDER = FIXTURES / "pages" / "hostile"
REFUSED = {
    "billion-records": "range-impossible",
    "byte-order-mark": "empty",
    "challenge": "not-a-listing",
    "challenge-with-header": "no-range-line",
    "degraded": "degraded",
    "digits-of-all-scripts": "no-range-line",
    "document-page": "no-range-line",
    "empty": "empty",
    "error-page": "no-range-line",
    "header-only": "no-records",
    "long-numbers": "range-impossible",
    "no-break-spaces": "empty",
    "only-marks": "no-records",
    "picture": "binary",
    "prose": "not-a-listing",
    "white-space": "empty",
}
HEADERS = {
    "none": "",
    "A": "Skip to content\n\nResults:\n\n1 - 10 of 40\n\nDocuments\n\n",
    "B": "Skip to content\n\n\n1 - 10 of 40\n\n\n",
    "D": "Search in\n\nDigital Archive International History Declassified\n\n  • ",
    "E": "SEARCH RESULTS\n-\n",
}
MANY = trials(40_000, 200_000)
LONGEST_SECONDS = trials(2, 10)
"""Of the processor: a hundred times what such a page takes; the square of its length takes more."""
HUGE = {
    "spaces": " " * MANY,
    "spaces before a word": " " * MANY + "x",
    "no-break spaces": "\u00a0" * MANY + "x",
    "tabs": "\t" * MANY + "x",
    "blank lines": "\n" * MANY,
    "blank lines before a word": "\n" * MANY + "x",
    "carriage returns": "\r" * MANY + "x",
    "lines of a space": " \n" * MANY + "x",
    "one line": "word " * MANY,
    "one word": "w" * (7 * MANY),
    "lines without a blank one": "word\n" * MANY,
    "blocks": "word\n\n" * MANY,
    "dates": "July 9, 1956\n\n" * MANY,
    "years": "1956\n\n" * MANY,
    "marks": "  • 1956\n\n" * MANY,
    "hyphens": "-\n1956\n" * MANY,
    "empty marks": "•\n" * MANY,
    "hyphens only": "-\n" * MANY,
    "digits": "1" * MANY,
    "digits and commas": "1,1." * MANY,
    "a range of digits": "1 - " * MANY,
    "a range of long numbers": f"{'1' * MANY} - {'1' * MANY} of {'1' * MANY}",
    "parentheses": "(1" * MANY,
    "a number in parentheses": "(" + "1" * MANY,
    "full stops": "." * MANY,
    "closing quotes": ".”" * MANY,
    "markup": "text <div> " * MANY,
    "NULs": "word" * MANY + "\0",
}
BODIES = {
    "no bytes of UTF-8": b"\xff" * MAX_BYTES,
    "every other byte is none": b"a\xff" * MANY,
    "unfinished characters": b"\xe9a" * MANY,
    "a mark of UTF-16 and nothing of it": b"\xff\xfe" + b"\x00\xd8" * MANY,
    "half a mark": b"\xef\xbb",
    "half a character": b"\xe2\x80",
    "a NUL": b"\0",
}


def read(body: bytes, charset: str | None = None) -> Listing | Refused:
    page = parse(Capture("file:page.txt", body, charset=charset), WILSON)
    assert isinstance(page, Listing | Refused)
    return page


def test_every_file_is_asked_for() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(REFUSED)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_reason(name: str) -> None:
    page = read((FOLDER / f"{name}.txt").read_bytes())
    assert isinstance(page, Refused)
    assert page.code == REFUSED[name]
    assert len(page.message) < 200
    assert len(page.extract) <= 200


@pytest.mark.slow
@for_each("content", HUGE)
@pytest.mark.parametrize("header", HEADERS)
def test_a_huge_page_is_answered(header: str, content: str) -> None:
    began = time.process_time()
    page = read((HEADERS[header] + HUGE[content]).encode())
    assert isinstance(page, Refused) or len(page.records) <= 10
    assert time.process_time() - began < LONGEST_SECONDS


@pytest.mark.parametrize("name", BODIES)
def test_bytes_that_are_no_text_are_answered(name: str) -> None:
    assert isinstance(read(BODIES[name]), Refused)


def test_a_page_that_is_too_large_is_refused() -> None:
    page = read(HEADERS["A"].encode() + b"x" * MAX_BYTES)
    assert isinstance(page, Refused)
    assert page.code == "too-large"


def test_the_widest_page_that_is_believed_is_read() -> None:
    header = "Skip to content\n\nResults:\n\n1 - 1000 of 40000\n\nDocuments\n\n"
    page = read((header + "An undated title\n\nWith a summary.\n\n" * 24_000 + "Pagination").encode())
    assert not isinstance(page, Refused)
    assert len(page.records) == 1000


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "unicode_escape", "utf-7", "zlib", "no such", "utf-16", "koi8-r"]
)
def test_what_a_header_declares_is_not_trusted(charset: str) -> None:
    assert isinstance(read(b"\xff" * MANY, charset), Refused)


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300))
def test_any_bytes_are_answered(body: bytes) -> None:
    assert read(body)


@pytest.mark.parametrize("header", HEADERS)
@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(
                ["\n", "\n\n", "July 9, 1956", "1979", "  • ", "-", "Pagination", "Title", "A summary.", "1 - 2 of 3"]
            ),
        ),
        max_size=30,
    )
)
def test_any_text_under_a_header_is_answered(header: str, parts: list[str]) -> None:
    assert read((HEADERS[header] + "".join(parts)).encode())
