"""Records that a definition selects: over several elements, between line breaks, under headings, by lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harvester.model import Capture, Listing
from harvester.parsers.parse import parse
from harvester.registry import load_definition

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.parsers.html.forms import EngineChoice

HEAD = 'title = "City"\naddress = "https://archive.example.org"\nitems = "/item/{slug}"\ndates = "month-day"\n'

PAIRS_OF_ROWS = (
    'record = ".head"\nspans = true\n[listing.fields]\ntitle = ".head a"\ndate = "tr:nth-child(2) > td:nth-child(2)"\n',
    "<table><tr class=head><td><a href=/item/a>A</a></td></tr><tr><td>x</td><td>Filed May 5, 1950</td></tr>"
    "<tr class=head><td><a href=/item/b>B</a></td></tr><tr><td>y</td><td>Filed May 6, 1950</td></tr></table>",
    [("A", "1950-05-05"), ("B", "1950-05-06")],
)
AFTER_LINKS = (
    'record = "p > a"\nspans = true\n[listing.fields]\ntitle = "a"\ndate = ":scope"\n',
    "<p>Two:<br><a href=/item/a>A</a><br>Filed 05/05/1950, No. 1<br>"
    "<a href=/item/b>B</a><br>Filed 5/6/1950, No. 15-2658</p>",
    [("A", "1950-05-05"), ("B", "1950-05-06")],
)
BEFORE_BREAKS = (
    'record = "a + br"\nspans = true\n[listing.fields]\ntitle = "a"\ndate = "::line(1)"\n',
    "<p>May 5, 1950<br><a href=/item/a>A</a><br>May 6, 1950<br><a href=/item/b>B</a><br></p>",
    [("A", "1950-05-05"), ("B", "1950-05-06")],
)
UNDER_HEADINGS = (
    'record = "li"\n[listing.fields]\ntitle = "a"\n[listing.above]\ndate = "h3"\n',
    "<h3>Opinions of May 5, 1950</h3><ul><li><a href=/item/a>A</a></li><li><a href=/item/b>B</a></li></ul>"
    "<h3>A heading without one</h3><h3>Opinions of May 6, 1950</h3><ul><li><a href=/item/c>C</a></li></ul>",
    [("A", "1950-05-05"), ("B", "1950-05-05"), ("C", "1950-05-06")],
)
HEADINGS_BETWEEN = (
    'record = "a"\nspans = true\n[listing.fields]\ntitle = "a"\n[listing.above]\ndate = "b"\n',
    "<div><b>May 5, 1950</b> <a href=/item/a>A</a> of 1 <a href=/item/b>B</a> "
    "<b>May 6, 1950</b> <a href=/item/c>C</a></div>",
    [("A", "1950-05-05"), ("B", "1950-05-05"), ("C", "1950-05-06")],
)
CHILDREN = (
    'record = ".hit"\n[listing.fields]\ntitle = ":scope > div:nth-child(2) > div:nth-child(1)"\ndate = "i"\n',
    "<section>"
    + "".join(
        f"<div class=hit><div><div><a href=/item/{n}>No. {n}</a></div></div>"
        f"<div><div>{n.upper()}</div><i>5/{d}/50</i></div></div>"
        for n, d in (("a", 5), ("b", 6))
    )
    + "</section>",
    [("A", "1950-05-05"), ("B", "1950-05-06")],
)
LABELS = (
    'record = "li"\n[labels]\n"Case name" = "title"\n"Filed" = "date"\n',
    "<ul><li><p>Case name</p><p>A</p><p>Filed: May 5, 1950</p><a href=/item/a>PDF</a></li>"
    "<li><p>Case name</p><p>B</p><p>Filed</p><p>May 6, 1950</p><a href=/item/b>PDF</a></li></ul>",
    [("A", "1950-05-05"), ("B", "1950-05-06")],
)
HEADERS = (
    'record = "tr"\n[listing.fields]\ntitle = "a"\ndate = "i"\n',
    "<table><tr><th>Case</th></tr><tr><td><a href=/item/a>A</a> <i>May 5, 1950</i></td></tr></table>"
    "<table><tr><td colspan=2><a href=/page/2>2</a></td></tr><tr><td colspan=2>Older cases</td></tr></table>"
    "<table><thead><tr><th>Case</th></tr></thead><tr><th>No.</th><td><a href=/item/b>B</a> <i>May 6, 1950</i></td></tr>"
    "</table>",
    [("A", "1950-05-05"), ("B", "1950-05-06")],
)
CASES = [PAIRS_OF_ROWS, AFTER_LINKS, BEFORE_BREAKS, UNDER_HEADINGS, HEADINGS_BETWEEN, CHILDREN, LABELS, HEADERS]
IDS = [
    "pairs of rows",
    "after links",
    "before breaks",
    "under headings",
    "headings between",
    "children",
    "labels",
    "headers",
]


@pytest.mark.parametrize("engine", ["fast", "reference"])
@pytest.mark.parametrize(("written", "main", "records"), CASES, ids=IDS)
def test_a_definition_says_where_records_and_their_fields_are(
    written: str, main: str, records: list[tuple[str, str]], engine: EngineChoice, tmp_path: Path
) -> None:
    """Both engines read the same titles and dates."""
    listing = _read(written, f"<html><body><main>{main}</main></body></html>", engine, tmp_path)
    assert [(record.title, record.date.edtf) for record in listing.records] == records
    assert [record.slug for record in listing.records] == [title.casefold() for title, _ in records]
    assert [problem.code for problem in listing.problems] == []


@pytest.mark.parametrize(("first", "edtf"), [(1900, "1950-05-05"), (1950, "1950-05-05"), (1951, "2050-05-05")])
def test_years_of_two_digits_are_of_the_hundred_that_a_definition_names(first: int, edtf: str, tmp_path: Path) -> None:
    """Without it such a date is not read: nothing says of which hundred it is."""
    page = "<html><body><main><p><a href=/item/a>A</a> <i>5/5/50</i></p></main></body></html>"
    written = 'record = "p"\n[listing.fields]\ntitle = "a"\ndate = "i"\n'
    listing = _read(written, page, "fast", tmp_path, f"short_years = {first}\n")
    assert [record.date.edtf for record in listing.records] == [edtf]


def _read(written: str, page: str, engine: EngineChoice, folder: Path, more: str = "short_years = 1900\n") -> Listing:
    file = folder / "city.toml"
    file.write_text(f'{HEAD}{more}[listing]\ndeclares = "nothing"\n{written}', "utf-8")
    read = parse(Capture(uri="file:///page.html", body=page.encode()), load_definition(file), engine)
    assert isinstance(read, Listing)
    return read
