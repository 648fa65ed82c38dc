"""What names of files and addresses of captures say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.readers.filenames import Names, archive_kind, is_safe
from harvester.registry import load_sources
from harvester.source import Source

WILSON = load_sources()["wilson"]
SITE = f"https://{WILSON.hosts[0]}"
NAMES = Names((WILSON,))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("documents/document/letter-stalin-mao-0", "/document/letter-stalin-mao-0"),
        ("document/111780", "/document/111780"),
        ("./mirror/document/letter.html", "/document/letter"),
        ("search-results/search?page=3", "/search?page=3"),
        ("search_page=3.html", "/search?page=3"),
        ("search@page=3&f%5B0%5D=topics%3A12.html", "/search?page=3&f%5B0%5D=topics%3A12"),
        ("search%3Fpage=3", "/search?page=3"),
        ("search/index.html?page=3", "/search?page=3"),
        (
            "search?search_api_fulltext=émigré letters&page=1",
            "/search?search_api_fulltext=%C3%A9migr%C3%A9%20letters&page=1",
        ),
        ("collection/12/cuba/3", "/collection/12/cuba/3"),
        (
            "search-results/3/%7B%22a%22%3A1%7D?recordType=Record",
            "/search-results/3/%7B%22a%22%3A1%7D?recordType=Record",
        ),
        ("C:\\mirror\\document\\letter.htm", "/document/letter"),
    ],
)
def test_a_name_made_from_an_address_tells_it(name: str, path: str) -> None:
    assert NAMES.find(name) == (True, SITE + path)


def test_a_folder_named_after_a_host_tells_even_that() -> None:
    alias = WILSON.hosts[1]
    assert NAMES.find(f"wget/{alias}/document/letter.html") == (True, f"https://{alias}/document/letter")
    assert NAMES.find(f"{alias}/search/index.html") == (True, f"https://{alias}/search")
    assert NAMES.find(f"{alias}/search?page=3.txt") == (True, f"https://{alias}/search?page=3")


@pytest.mark.parametrize(
    "name",
    [
        "first page.txt",
        f"{WILSON.hosts[0]}/Letter, X to Y.html",
        "document/letter.txt",
        "search.html",
        "a/Letter from X to Y.htm",
    ],
)
def test_names_that_people_give_are_pages_without_an_address(name: str) -> None:
    assert NAMES.find(name) == (True, None)


@pytest.mark.parametrize(
    "name",
    [
        "search",
        "files/a.pdf",
        "document/letter.pdf",
        "document/12/download",
        "__MACOSX/document/letter",
        "document/._letter",
        ".DS_Store",
        f"{WILSON.hosts[0]}/topics/cold-war.html",
        f"{WILSON.hosts[0]}/index.html",
    ],
)
def test_other_things_are_no_pages(name: str) -> None:
    assert NAMES.find(name) == (False, None)


def test_a_name_that_fits_two_archives_tells_no_address() -> None:
    other = Source("other", "Another", ("other.example",), paths=(r"document/[\w-]+",))
    assert Names((WILSON, other)).find("document/letter.html") == (True, None)
    assert Names((WILSON, other)).find("other.example/document/letter") == (
        True,
        "https://other.example/document/letter",
    )


def test_without_archives_only_endings_count() -> None:
    assert Names(()).find("document/letter") == (False, None)
    assert Names(()).find("document/letter.html") == (True, None)
    assert Names(()).address("https://anywhere.example/x")


def test_addresses_of_pages_are_told_from_others() -> None:
    assert NAMES.address(f"http://{WILSON.hosts[2]}/search?page=3")
    assert NAMES.address(f"{SITE}/document/letter")
    for other in (
        f"{SITE}/about",
        "https://other.example/search?page=3",
        "http://[",
        f"ftp://{WILSON.hosts[0]}/search",
        "",
    ):
        assert not NAMES.address(other)


@given(st.text(max_size=60))
def test_any_name_can_be_asked(name: str) -> None:
    is_page, address = NAMES.find(name)
    assert is_page or address is None
    assert address is None or address.isascii()
    NAMES.address(name)
    is_safe(name)
    archive_kind(name)


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.html", "a/../../b", "C:/a", "a\0b", "a/" * 3000])
def test_names_that_lead_out_of_an_archive_are_not_safe(name: str) -> None:
    assert not is_safe(name)


@pytest.mark.parametrize(
    ("address", "item"),
    [
        ("/document/d1/", "/document/d1"),
        ("/document/d1//", "/document/d1"),
        ("/document/d1?utm_source=nl", "/document/d1"),
        ("/document/d1/?fbclid=x&page=2#text", "/document/d1"),
        ("/document/d%31", "/document/d1"),
        ("/document/caf%c3%a9", "/document/caf%C3%A9"),
        ("/node/%37%32/", "/node/72"),
        ("/document/111780/?x", "/document/111780"),
    ],
)
def test_an_items_address_is_one_however_it_is_written(address: str, item: str) -> None:
    assert NAMES.address(f"https://{WILSON.hosts[1]}{address}") == f"https://{WILSON.hosts[1]}{item}"


@pytest.mark.parametrize("other", ["/document/", "/document/a/b", "/document/1/download", "/search/x?page=3", "/"])
def test_what_is_no_items_address_does_not_become_one(other: str) -> None:
    assert NAMES.address(f"{SITE}{other}") is None


def test_saved_items_are_named_by_the_same_address() -> None:
    host = WILSON.hosts[0]
    for name in ("document/d1/index.html", "document/d1?utm_source=nl.html", "document/d%31.html", "document/d1@utm=x"):
        assert NAMES.find(f"{host}/{name}") == (True, f"{SITE}/document/d1"), name


@pytest.mark.parametrize("copy", ["{}.1", "{}.12", "{}~", "{}.bak", "{}.orig"])
@pytest.mark.parametrize("name", ["page.html", "mirror/document/letter.html", "search?page=2.html"])
def test_a_copy_beside_a_page_is_that_page(name: str, copy: str) -> None:
    assert NAMES.find(copy.format(name)) == NAMES.find(name)
    assert NAMES.find(name)[0]
