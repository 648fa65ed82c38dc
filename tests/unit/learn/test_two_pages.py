"""What two pages of one listing confirm where they differ, or have more in common than their design."""

from __future__ import annotations

import tomllib

from harvester.learn.definition import Definition, learn
from harvester.model import Capture, Listing

SUBJECTS = ("harbour", "bridge", "market", "school", "mill")


def _learned(*pages: str) -> Definition:
    captures = [
        Capture(uri="file:///saved/page.html", body=f"<html><body><main>{page}</main></body></html>".encode())
        for page in pages
    ]
    definition = learn(captures, "city")
    assert definition is not None
    return definition


def _numbers(definition: Definition) -> list[int]:
    """Return how many records each page has as the definition reads it."""
    return [len(page.records) for page in definition.read if isinstance(page, Listing)]


def _tables(*months: str, table: str = '<table width="96%">', folder: str = "court") -> str:
    """Return a table for each month, with headers and three cases."""
    return "".join(
        f"{table}<tr><th>No.</th><th>Case</th><th>Date</th></tr>"
        + "".join(
            f'<tr><td>{at}</td><td><a href="/{folder}/{month}-{at}.pdf">Case of the {subject}</a></td>'
            f"<td>{month} {at}, 1950</td></tr>"
            for at, subject in enumerate(SUBJECTS[:3], 1)
        )
        + "</table>"
        for month in months
    )


def test_headers_of_several_tables_and_a_table_of_years_are_no_records() -> None:
    """What the tables of records have in common selects their rows; those that have only headers are none."""
    cells = "".join(f'<td><a href="/year-{year}.html">{year}</a></td>' for year in (1947, 1948, 1949))
    years = f'<table width="50%"><tr>{cells}</tr><tr>{cells.replace("194", "193")}</tr></table>'
    definition = _learned(years + _tables("May", "June"), years + _tables("July", "August", "March"))
    assert definition.doubts == ()
    assert _numbers(definition) == [6, 9]


def test_two_designs_of_one_listing_have_a_place_each() -> None:
    """A note stands in a table like that of the older page; no selector has the records of both pages only."""
    row = "<tr><td>Opinions in short</td><td>The court</td><td>1950</td></tr>"
    note = f'<table bgcolor="red">{row * 2}</table>'
    old = note + _tables("May", table='<table bgcolor="white">')
    new = f"<div class=cases>{_tables('July', table='<table>', folder='files')}</div>"
    definition = _learned(old, new)
    assert definition.doubts == ()
    assert _numbers(definition) == [3, 3]
    assert "," in tomllib.loads(definition.text)["listing"]["record"]


def test_pages_of_different_archives_confirm_nothing() -> None:
    """Neither hosts nor addresses nor columns show that they are of one."""
    doubt = "nothing shows that both pages are of one archive: give two of one listing"
    city, port = _tables("May", "June"), _tables("July", "August", folder="port/cases")
    named = [f'<base href="https://{name}.example.org/">{page}' for name, page in (("city", city), ("port", port))]
    assert doubt in _learned(*named).doubts
    assert doubt in _learned(city, port.replace("<th>Date", "<th>Day")).doubts
    assert _learned(city, port).doubts == ()


def test_titles_on_one_page_only_confirm_nothing() -> None:
    """The older page links numbers and has its titles in a column that the newer one leaves out."""
    new = "".join(
        f'<tr><td>{at}</td><td><a href="/court/{at}.pdf">{at}</a></td><td>May {at}, 1950</td></tr>'
        for at in range(11, 15)
    )
    headers = "<tr><th>No.</th><th>Link</th><th>Date</th></tr>"
    assert _learned(_tables("May", "June"), f"<table>{headers}{new}</table>").doubts


def test_dates_that_begin_with_their_year_have_no_short_years() -> None:
    """1950-05-13 ends with two digits, which are a day."""

    def page(first: int) -> str:
        return "".join(
            f'<p><a href="/case/{at}">Case of the {subject}</a> <i>1950-05-{at}</i></p>'
            for at, subject in enumerate(SUBJECTS, first)
        )

    definition = _learned(page(11), page(21))
    assert definition.doubts == ()
    assert "short_years" not in definition.text


def test_a_line_of_prose_is_no_title() -> None:
    """Where a record has a number and prose only, its title is in doubt."""
    prose = "The council may not sell the harbour before the mayor has told the citizens what they are to pay for it. "

    def page(first: int) -> str:
        rows = "".join(
            f'<tr><td><a href="/opinion/{at}.pdf">{at}</a></td><td>{at}. {prose * 3}<br><br>The {word} of the council '
            f"in short<br><br>Citation: {at} Opinions</td><td>May {at}, 1950</td></tr>"
            for at, word in enumerate(SUBJECTS, first)
        )
        return f"<table>{rows}</table>"

    assert "what is taken for titles is prose" in _learned(page(1), page(11)).doubts


def _lines(numbers: range, *, year: int = 2012, menu: str = "") -> str:
    """Return lines of a date, a link and a place, below a menu of alike links and above a link of another kind."""
    lines = "".join(
        f"Filed 05/{at % 28 + 1:02}/{year}, No. {at}<br><a href='/opinarch/{at}.pdf'>Case of the {SUBJECTS[at % 5]} "
        f"no. {at}</a><br>From the eastern district<br><br>"
        for at in numbers
    )
    return f"<h1>Recent opinions</h1><hr>{menu}<hr><br>{lines}<a href=/home.html>Home</a> of the court"


def _menu(*names: str) -> str:
    return "".join(f"<a href='/week/{name}.htm'>Opinions of the {name}</a><br>" for name in names)


def test_links_on_both_pages_lead_to_no_records() -> None:
    """A menu is made like the records; most of its links are on both pages, and none of those of records."""
    pages = _lines(range(11, 22), menu=_menu("day", "month")), _lines(range(31, 39), menu=_menu("day", "year"))
    definition = _learned(*pages)
    assert definition.doubts == ()
    assert _numbers(definition) == [11, 8]
    assert tomllib.loads(definition.text)["items"] == "/opinarch/{record_id}.pdf"
    first = definition.read[0]
    assert isinstance(first, Listing)
    assert (first.records[0].title, first.records[0].date.edtf) == ("Case of the bridge no. 11", "2012-05-12")


def test_a_page_that_grew_confirms_what_is_on_it() -> None:
    """A listing of one page, saved twice: both have most records. Saved twice within a day it confirms nothing."""
    later = _learned(_lines(range(11, 45)), _lines(range(13, 47)))
    assert later.doubts == ()
    assert _learned(_lines(range(11, 45)), _lines(range(11, 45))).doubts
    assert _learned(_lines(range(11, 45)), _lines(range(13, 47), year=2013)).doubts
    assert _learned(_lines(range(11, 18)), _lines(range(13, 20))).doubts


def test_a_document_of_two_cases_is_no_doubt() -> None:
    """One of many records may lead where another one leads, under another title; many may not."""
    few = _lines(range(31, 61)).replace("/opinarch/36.", "/opinarch/37.")
    many = few.replace("/opinarch/41.", "/opinarch/42.").replace("/opinarch/51.", "/opinarch/52.")
    assert _learned(_lines(range(11, 22)), few).doubts == ()
    assert any("stand twice" in doubt for doubt in _learned(_lines(range(11, 22)), many).doubts)


def test_short_years_on_one_page_are_of_the_hundred_of_the_other() -> None:
    """The numbers of cases, as 09-1501, are no years."""
    old, new = _lines(range(11, 22)), _lines(range(31, 42))
    definition = _learned(old.replace("/2012", "/12").replace("No. ", "No. 09-15"), new)
    assert definition.doubts == ()
    first = definition.read[0]
    assert isinstance(first, Listing)
    assert first.records[0].date.edtf == "2012-05-12"


def test_a_few_rows_without_a_link_are_no_doubt() -> None:
    """Records that have no document yet; with many of them something else may be wrong."""

    def page(first: int, *, unlinked: int) -> str:
        rows = [
            f'<tr><td><a href="/case/{at}">Case of the {SUBJECTS[at % 5]} no. {at}</a></td><td>May {at}, 1950</td></tr>'
            for at in range(first, first + 10)
        ]
        plain = "<tr><td>Case that is still to be written</td><td>May 9, 1950</td></tr>"
        return f"<table>{''.join(rows)}{plain * unlinked}</table>"

    many = [page(at, unlinked=4) for at in (1, 11)]
    few = [page(1, unlinked=0).replace("</table>", page(21, unlinked=1).removeprefix("<table>")), page(11, unlinked=0)]
    assert _learned(*few).doubts == ()
    assert any("a row without a link" in doubt for doubt in _learned(*many).doubts)


def test_two_records_of_a_last_page_may_have_one_title_but_not_other_dates_than_their_own() -> None:
    """A weblog states when a record was posted; its title, when the document was written."""

    def page(*records: tuple[str, int]) -> str:
        return "".join(
            f'<article><h2><a href="/{at}">{title}</a></h2><time>May {at}, 2016</time><p>Text no. {at} of the archive'
            "</p></article>"
            for title, at in records
        )

    letters = [(f"Letter of the {subject}", at) for at, subject in enumerate(SUBJECTS, 11)]
    last = page(("Letter of the mayor", 21), ("Letter of the mayor", 22))
    assert _learned(page(*letters), last).doubts == ()
    assert any(
        "other dates" in doubt
        for doubt in _learned(page(*[(f"{t}, 5 June 1980", at) for t, at in letters]), last).doubts
    )


def test_a_first_post_that_stands_apart_from_its_list_may_be_a_record() -> None:
    """A weblog shows its newest post larger; whoever reads the list alone has nine of ten."""

    def page(first: int, head: str = "") -> str:
        posts = "".join(
            f'<div class="post"><h3><a href="/notes/{number}-{SUBJECTS[number % 5]}">Letter on the '
            f"{SUBJECTS[number % 5]} {number}</a></h3><span>May {number}, 1950</span>"
            f"<p>It is of the {SUBJECTS[number % 5]}, and long enough to be a summary of it.</p></div>"
            for number in range(first, first + 9)
        )
        return f"{head}<section>{posts}</section>"

    newest = (
        '<section class="lead"><h2><a href="/notes/1-mill">Letter on the mill 1</a></h2><em>May 1, 1950</em></section>'
    )
    assert _learned(page(2), page(12)).doubts == ()
    (doubt,) = _learned(page(2, newest), page(12)).doubts
    assert doubt == "“Letter on the mill 1” stands apart from the records, and may be one: 1 such on a page"
    assert _learned(page(2, newest), page(12, newest)).doubts == ()  # a box of the site
