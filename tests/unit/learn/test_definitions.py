"""The definitions that are learned: what they read, when they are verified, and what the command says and writes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from harvester.cli.learn import NONE, UNVERIFIED
from harvester.cli.learn import learn as command
from harvester.learn.definition import learn
from harvester.model import Capture, Listing
from tests.support.paths import PLATFORMS

FIXTURES = Path(__file__).parents[2] / "fixtures" / "html"
SUBJECTS = ("harbour", "bridge", "market", "school", "mill", "church", "prison", "theatre")


def _page(number: int, size: int = 4) -> bytes:
    """Return one of two pages of a listing: a table whose links are numbers, and whose titles stand beside them."""
    first = (number - 1) * size
    rows = "".join(
        f'<tr><td>{at + 13} May 1950</td><td><a href="/item/{at + 100}">R {at}</a></td>'
        f"<td>Report on the {SUBJECTS[at]}</td></tr>"
        for at in range(first, first + size)
    )
    pager = "".join(f'<a href="/search?page={other}">{other}</a> ' for other in (1, 2))
    return (
        f"<html><head><title>Search | City Archive</title><link rel=canonical href='https://city.example.org/search'>"
        f"</head><body><main><p>Results {first + 1} to {first + size} of 8</p><table><tr><th>Date</th><th>Shelf</th>"
        f"<th>Title</th></tr>{rows}</table><p>{pager}</p></main></body></html>"
    ).encode()


def _capture(body: bytes) -> Capture:
    return Capture(uri="file:///saved/page.html", body=body)


def test_two_pages_verify_a_definition_that_reads_their_tables() -> None:
    """The definition names the columns by their headings, and the pager by what its links show."""
    definition = learn([_capture(_page(1)), _capture(_page(2))], "city")
    assert definition is not None
    assert definition.doubts == ()
    content = tomllib.loads(definition.text)
    assert (content["title"], content["address"], content["items"]) == (
        "City Archive", "https://city.example.org", "/item/{record_id}",
    )  # fmt: skip
    assert content["pager"] == {"path": "/search", "size": 4, "page": "page", "begin": 1}
    assert content["listing"]["declares"] == "range"
    listing = definition.read[1]
    assert isinstance(listing, Listing)
    assert [record.title for record in listing.records] == [f"Report on the {subject}" for subject in SUBJECTS[4:]]
    assert [record.date.edtf for record in listing.records] == [f"1950-05-{day}" for day in range(17, 21)]


def test_one_page_or_the_same_page_again_verifies_nothing() -> None:
    """What every page has looks like records, too."""
    alone = learn([_capture(_page(1))], "city")
    again = learn([_capture(_page(1)), _capture(_page(1))], "city")
    assert alone is not None
    assert again is not None
    assert "verified = false" in alone.text
    assert again.doubts[0] == "both pages have the same 4 records: give another page of the listing"


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("Results {} to {} of 8", "range"),
        ("Results {} thru {} of 8", "range"),
        ("Itens {} para {} de 8 total", "range"),
        ("Results {} to {}, in all of 8", "Results {first} to {last}, in all of {total}"),
        ("{}–{}. találat, összesen 8", "{first}–{last}. találat, összesen {total}"),
        ("Ergebnisse {} bis {}, insgesamt 8", "Ergebnisse {first} bis {last}, insgesamt {total}"),
        ("Results {} to {}, in all of 8" + " in 9" * 30, "Results {first} to {last}, in all of {total}{*}"),
    ],
)
def test_a_range_line_that_definitions_do_not_know_is_written_with_placeholders(line: str, template: str) -> None:
    """Else the definition would say that no line states how many records there are."""
    bodies = [
        _page(number).replace(f"Results {first} to {first + 3} of 8".encode(), line.format(first, first + 3).encode())
        for number, first in ((1, 1), (2, 5))
    ]
    definition = learn([_capture(body) for body in bodies], "city")
    assert definition is not None
    assert definition.doubts == ()
    assert tomllib.loads(definition.text)["listing"]["declares"] == template
    listing = definition.read[1]
    assert isinstance(listing, Listing)
    assert (listing.first, listing.last, listing.declared_total) == (5, 8, 8)


def test_the_text_of_a_page_cannot_leave_its_comment() -> None:
    """A title or a range line is hostile input, and stays a text or a comment of one line."""
    evil = (
        _page(1)
        .replace(b"City Archive", b'"\nverified = true\n[pager]')
        .replace(b"Results", b"\x00\xe2\x80\xa8Results")
    )
    definition = learn([_capture(evil)], "city")
    assert definition is not None
    assert tomllib.loads(definition.text)["verified"] is False


@pytest.mark.parametrize("name", ["f-rows", "blacklight-index"])
def test_our_own_archives_are_read_as_by_their_definitions_by_hand(name: str) -> None:
    """The titles, dates and slugs of the fixture's records."""
    folder = FIXTURES / name
    expected = json.loads((folder / "expected.json").read_text())["records"]
    definition = learn([_capture((folder / "page.html").read_bytes())], "own")
    assert definition is not None
    listing = definition.read[0]
    assert isinstance(listing, Listing)
    assert [record.title for record in listing.records] == [record["title"] for record in expected]
    assert [record.date.edtf for record in listing.records] == [record.get("date") for record in expected]


def test_the_command_writes_a_file_once_and_says_what_it_saw(tmp_path: Path) -> None:
    """Exit status 0 with a definition, 3 with one in doubt, 1 with none."""
    one, two, other = (tmp_path / name for name in ("one.html", "two.html", "other.html"))
    one.write_bytes(_page(1))
    two.write_bytes(_page(2))
    other.write_text("<html><body><h1>About us</h1><p>We keep what the city wrote.</p></body></html>")
    target = tmp_path / "city.toml"
    run = CliRunner().invoke(command, [str(one), str(two), "--output", str(target)], standalone_mode=False)
    assert run.return_value == 0
    assert "Report on the harbour" in run.output
    assert "Results 1 to 4 of 8" in run.output
    assert target.read_text().startswith("# Learned from 2 pages")
    again = CliRunner().invoke(command, [str(one), "--output", str(target)], standalone_mode=False)
    assert "is there already" in str(again.exception)
    single = CliRunner().invoke(command, [str(one), "--output", str(tmp_path / "b.toml")], standalone_mode=False)
    assert single.return_value == UNVERIFIED
    none = CliRunner().invoke(command, [str(other), "--output", str(tmp_path / "c.toml")], standalone_mode=False)
    assert none.return_value == NONE
    assert not (tmp_path / "c.toml").exists()


def test_the_command_names_what_it_leaves_out(tmp_path: Path) -> None:
    """A file that cannot be read, and pages after the second."""
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"x")
    unread = CliRunner().invoke(command, [str(broken), "--output", str(tmp_path / "a.toml")], standalone_mode=False)
    assert unread.return_value == NONE
    assert "broken.zip: " in unread.output
    assert "no listing was recognised" in unread.output
    pages = [tmp_path / f"{number}.html" for number in (1, 2, 3)]
    for page, body in zip(pages, (_page(1), _page(2), _page(2)), strict=True):
        page.write_bytes(body)
    output = ["--output", str(tmp_path / "b.toml")]
    third = CliRunner().invoke(command, [*map(str, pages), *output], standalone_mode=False)
    assert third.return_value == 0
    assert "the first 2 of 3 pages are looked at" in third.output


LONG = "A long text. " * 9
COURT = "".join(
    f"<tr><td><strong>{at} -</strong></td><td><table><tr><td><a href='#'>07{at}133-62.2024</a><div>{LONG}</div>"
    f"</td></tr><tr><td><b>Assunto:</b> {what}</td></tr><tr><td><b>Data:</b> 0{at}/02/2024</td></tr></table></td></tr>"
    for at, what in enumerate(("Fraude", "Fraude", "Posse", "Fraude", "Fraude"), 1)
)


def test_a_number_that_is_linked_is_a_better_title_than_what_many_share_and_a_position_is_no_key() -> None:
    """The page is in Portuguese, so its dates begin with the day. The links lead nowhere without a script."""
    page = f"<html lang=pt-BR><body><p>Resultados 1 a 5 de 1.905</p><table>{COURT}</table></body></html>".encode()
    definition = learn([_capture(page)], "court")
    assert definition is not None
    [listing] = definition.read
    assert isinstance(listing, Listing)
    numbers = [f"07{at}133-62.2024" for at in range(1, 6)]
    assert [(record.title, record.record_id, record.date.edtf) for record in listing.records] == [
        (number, number, f"2024-02-0{at}") for at, number in enumerate(numbers, 1)
    ]


TITLES = ("Report on the harbour", "Letter to the mayor", "Minutes of the council", "Plan of the bridge")
LINES_BEHIND = "".join(
    f"<a href=/doc/{n}.pdf>{t}</a><br>Filed 05/1{n}/1950, No. {n}<br>" for n, t in enumerate(TITLES, 3)
)
LINES_BEFORE = "".join(
    f"Filed 05/1{n}/1950, No. {n}<br><a href=/doc/{n}.pdf>{t}</a><br>" for n, t in enumerate(TITLES, 3)
)
UNDER_DAYS = "".join(
    f"<h4>May {day}, 1950</h4><ul>"
    + "".join(f"<li><a href=/doc/{day + n}.pdf>{TITLES[n]}</a></li>" for n in (at, at + 1))
    + "</ul>"
    for at, day in ((0, 13), (2, 15))
)
LAYOUT = (
    "<table><tr><td><table><tr><td><a href=/>Home</a></td></tr></table></td></tr><tr><td><table><tr><td>No.</td>"
    "<td>What</td><td>When</td></tr>"
    + "".join(
        f"<tr><td><a href=/doc/{n}.pdf>{n}</a></td><td>{t}</td><td>5/1{n}/50</td></tr>" for n, t in enumerate(TITLES, 3)
    )
    + "</table></td></tr></table><p>Printed 1950</p>"
)


@pytest.mark.parametrize(
    ("main", "days"),
    [
        (f"<p>{LINES_BEHIND}</p>", (13, 14, 15, 16)),
        (f"<p>{LINES_BEFORE}</p>", (13, 14, 15, 16)),
        (UNDER_DAYS, (13, 13, 15, 15)),
        (LAYOUT, (13, 14, 15, 16)),
    ],
    ids=["lines behind links", "lines before links", "under days", "in a layout table"],
)
def test_records_are_learned_that_stand_in_no_element_of_their_own(main: str, days: tuple[int, ...]) -> None:
    """Between line breaks, below the heading of their day, and in a table within one."""
    page = f"<html><head><title>City</title></head><body><h1>Opinions</h1>{main}</body></html>".encode()
    definition = learn([_capture(page)], "city")
    assert definition is not None
    listing = definition.read[0]
    assert isinstance(listing, Listing)
    assert [record.title for record in listing.records] == list(TITLES)
    assert [record.date.edtf for record in listing.records] == [f"1950-05-{day}" for day in days]


def test_nothing_is_verified_whose_years_may_be_of_any_century() -> None:
    """3/4/50 is not known to be of 1950 or of 2050; nor is a record one that stands on both pages."""
    pages = [_page(number).replace(b" May 1950", b"-05-50") for number in (1, 2)]
    doubtful = learn([_capture(page) for page in pages], "city")
    shared = learn([_capture(_page(1)), _capture(_page(2).replace(b"/item/104", b"/item/103"))], "city")
    assert doubtful is not None
    assert shared is not None
    assert "of which hundred they are" in " ".join(doubtful.doubts)
    assert shared.doubts == ("both pages have the same 1 records: give another page of the listing",)


def test_a_register_without_links_is_known_by_the_column_in_which_no_text_stands_twice() -> None:
    """Its records have no addresses."""
    subjects = ("harbour", "bridge", "market", "school", "mill", "church", "prison", "theatre")
    pages = []
    for number in (1, 2):
        rows = "".join(
            f"<tr><td>R {at}/1</td><td>Report on the {subjects[at]}</td><td>{at + 1}.5.1950</td></tr>"
            for at in range(number * 4 - 4, number * 4)
        )
        head = "<tr><th>Signatur</th><th>Titel</th><th>Datum</th></tr>"
        pages.append(f"<html><body><main><table>{head}{rows}</table><p>Seite {number} von 2</p></main></body></html>")
    definition = learn([_capture(page.encode()) for page in pages], "register")
    assert definition is not None
    assert tomllib.loads(definition.text)["listing"]["key"] == "record_id"
    assert definition.doubts == ()
    listing = definition.read[1]
    assert isinstance(listing, Listing)
    assert [(one.record_id, one.title, one.date.edtf) for one in listing.records] == [
        (f"R {at}/1", f"Report on the {subjects[at]}", f"1950-05-0{at + 1}") for at in range(4, 8)
    ]


def test_a_pager_that_cannot_be_counted_is_its_link_to_the_next_page() -> None:
    """Cursors are followed, not computed."""
    page = _page(1).replace(b"?page=1", b"?at=Zm9v").replace(b">1<", b" rel=next>Next<").replace(b"?page=2", b"/news")
    definition = learn([_capture(page)], "city")
    assert definition is not None
    assert tomllib.loads(definition.text)["pager"] == {"path": "/search", "size": 4, "next": 'a[rel~="next"]'}


def _specimens(name: str, *, saved: bool) -> list[Capture]:
    """Return the first two listings of a platform's specimens, with their addresses or without."""
    pages = json.loads((PLATFORMS / name / "expected.json").read_text("utf-8"))["pages"]
    return [
        Capture("file:///saved.html" if saved else page["url"], (PLATFORMS / name / page["file"]).read_bytes())
        for page in pages
        if page["kind"] == "listing"
    ][:2]


@pytest.mark.parametrize(
    ("name", "platform", "address", "pager"),
    [
        ("atom", "atom", "https://archives.example.org", {"size": 4}),
        ("atom-classic", "atom", "https://archiv.example.de/index.php", {"size": 4}),
        ("archivesspace", "archivesspace", "https://findingaids.example.edu", {"size": 4}),
        ("arclight", "arclight", "https://archives.example.edu", {"size": 4, "query": {"per_page": "4"}}),
        ("blacklight", "blacklight", "https://discovery.example.edu", {"size": 5, "query": {"per_page": "5"}}),
        ("dspace-6", "dspace-6", "https://repository.example.ac.uk/xmlui", {"size": 4, "query": {"rpp": "4"}}),
        ("omeka-s", "omeka-s", "https://colecciones.example.org/s/biblioteca", {"size": 4}),
        ("vufind", "vufind", "https://catalogue.example.org/vufind", {"size": 5, "query": {"limit": "5"}}),
    ],
)
def test_pages_of_known_software_are_defined_by_its_name(
    name: str, platform: str, address: str, pager: dict[str, object]
) -> None:
    """Its own definition knows more than two pages teach; the paths of the page show where the software is."""
    definition = learn(_specimens(name, saved=False), "own")
    assert definition is not None
    assert definition.doubts == ()
    content = tomllib.loads(definition.text)
    assert content.keys() == {"platform", "title", "address", "pager"}
    assert (content["platform"], content["address"], content["pager"]) == (platform, address, pager)


def test_links_show_where_known_software_is_if_no_page_states_its_address() -> None:
    """The pager of this listing is written as `?page=2`, its records as `/vufind/Record/…`."""
    definition = learn(_specimens("vufind", saved=True), "own")
    assert definition is not None
    assert 'address = "https://archive.example.org/vufind"  # no page states it: write it here' in definition.text
    assert "items" not in tomllib.loads(definition.text)


def test_known_software_is_verified_by_two_pages_that_meet_only() -> None:
    """One page, or the same page again, confirms nothing."""
    first, second = _specimens("atom", saved=False)
    for pages in ([first], [first, first]):
        definition = learn(pages, "own")
        assert definition is not None
        content = tomllib.loads(definition.text)
        assert (content["platform"], content["verified"]) == ("atom", False)
    other = learn([second], "own")  # the last page: how many records a full one has is not known
    assert other is not None
    assert "pager" not in tomllib.loads(other.text)


def test_known_software_whose_definition_does_not_read_all_is_learned() -> None:
    """A theme of its own: the records stand in other elements than those of the software."""
    pages = [
        Capture(page.uri, page.body.replace(b'<article class="search-result', b'<article class="hit'))
        for page in _specimens("atom", saved=False)
    ]
    definition = learn(pages, "own")
    assert definition is not None
    assert definition.platform is None
    assert "platform" not in tomllib.loads(definition.text)


def _messages(*arguments: str) -> str:
    """Return what the command prints, and the error it ends with."""
    run = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    return f"{run.output}{run.exception or ''}"


def test_the_command_says_what_to_do_next(tmp_path: Path) -> None:
    """Which page is no listing, where a definition elsewhere belongs, and what of the options cannot be meant."""
    one, two, other, missing = (str(tmp_path / name) for name in ("one.html", "two.html", "other.html", "three.html"))
    Path(one).write_bytes(_page(1).replace(b"https://city.example.org", b""))
    Path(two).write_bytes(_page(2).replace(b"https://city.example.org", b""))
    Path(other).write_text("<html><body><h1>About us</h1><p>We keep what the city wrote.</p></body></html>")
    output = ["--output", str(tmp_path / "new" / "city.toml")]
    assert "other.html: give pages" in _messages(one, other, *output)
    assert "three.html is no file that is here" in _messages(one, missing, *output)
    assert "is a folder" in _messages(str(tmp_path), *output)
    assert "begin it with https://" in _messages(one, two, *output, "--address", "city.example.org")
    assert "write it as city.toml" in _messages(one, two, "--output", str(tmp_path / "City.txt"))
    assert "copy it from your browser" in _messages("http://[", *output)
    assert "are two hosts" in _messages("http://a.example.org/1", "http://b.example.org/2", *output)
    assert not (tmp_path / "new").exists()
    printed = _messages(one, two, *output)
    assert "put it into " in printed
    assert "write it into the file, or give --address" in printed
    assert (tmp_path / "new" / "city.toml").exists()


def test_the_marks_of_many_platforms_are_no_evidence() -> None:
    """A page that names all of them would be read once for each."""
    signs = b"<p>blacklight recordrow ds-artifact-item searchresultsboxheader</p></body>"
    pages = [Capture(page.uri, page.body.replace(b"</body>", signs)) for page in _specimens("vufind", saved=False)]
    definition = learn(pages, "own")
    assert definition is None or definition.platform is None
