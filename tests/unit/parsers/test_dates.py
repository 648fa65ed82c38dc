"""Printed dates as EDTF. The table was written by hand; of the known forms the EDTF library is asked as well."""

from __future__ import annotations

import calendar
import re
from typing import TYPE_CHECKING

import pytest
from edtf import text_to_edtf
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.parsers.date_grammar import read, read_by_rules
from harvester.parsers.dates import LONGEST, NO_DATE, looks_like_date, may_begin_date, read_date
from tests.support.for_each import for_each

if TYPE_CHECKING:
    from harvester.model import PrintedDate

NOTHING = (None, None, None, "none")
TABLE = {
    # as the new site prints them
    "December 24, 1959": ("1959-12-24", "1959-12-24", "1959-12-24", "day"),
    "July 9, 1956": ("1956-07-09", "1956-07-09", "1956-07-09", "day"),
    "May 1, 1945": ("1945-05-01", "1945-05-01", "1945-05-01", "day"),
    "February 29, 1956": ("1956-02-29", "1956-02-29", "1956-02-29", "day"),
    "June 1960": ("1960-06", "1960-06-01", "1960-06-30", "month"),
    "February 1960": ("1960-02", "1960-02-01", "1960-02-29", "month"),
    "1979": ("1979", "1979-01-01", "1979-12-31", "year"),
    # as the old site prints them
    "July 09, 1956": ("1956-07-09", "1956-07-09", "1956-07-09", "day"),
    "March, 1960": ("1960-03", "1960-03-01", "1960-03-31", "month"),
    # without a comma, with U+00A0, with white space around
    "July 9 1956": ("1956-07-09", "1956-07-09", "1956-07-09", "day"),
    "July\u00a09,\u00a01956": ("1956-07-09", "1956-07-09", "1956-07-09", "day"),
    " July  9,  1956 ": ("1956-07-09", "1956-07-09", "1956-07-09", "day"),
    # as other archives print them
    "12 December 1979": ("1979-12-12", "1979-12-12", "1979-12-12", "day"),
    "12 December 1979*": ("1979-12-12?", "1979-12-12", "1979-12-12", "day"),
    "December 1979*": ("1979-12?", "1979-12-01", "1979-12-31", "month"),
    "1979*": ("1979?", "1979-01-01", "1979-12-31", "year"),
    # unusual
    "circa 1956": ("1956~", "1956-01-01", "1956-12-31", "year"),
    "c. 1956": ("1956~", "1956-01-01", "1956-12-31", "year"),
    "circa March 1960": ("1960-03~", "1960-03-01", "1960-03-31", "month"),
    "1956-1957": ("1956/1957", "1956-01-01", "1957-12-31", "span"),
    "1956–1957": ("1956/1957", "1956-01-01", "1957-12-31", "span"),
    "July 1956 - August 1957": ("1956-07/1957-08", "1956-07-01", "1957-08-31", "span"),
    "July 9-12, 1956": ("1956-07-09/1956-07-12", "1956-07-09", "1956-07-12", "span"),
    "July 9 - July 12, 1956": ("1956-07-09/1956-07-12", "1956-07-09", "1956-07-12", "span"),
    "Spring 1960": ("1960-21", "1960-03-01", "1960-05-31", "season"),
    "1950s": ("195X", "1950-01-01", "1959-12-31", "decade"),
    "9.7.1956": ("[1956-07-09,1956-09-07]", "1956-07-09", "1956-09-07", "ambiguous"),
    "07/09/1956": ("[1956-07-09,1956-09-07]", "1956-07-09", "1956-09-07", "ambiguous"),
    "before 1956": ("../1955", None, "1955-12-31", "span"),
    "after 1956": ("1957/..", "1957-01-01", None, "span"),
    "1956 or 1957": ("[1956,1957]", "1956-01-01", "1957-12-31", "ambiguous"),
    "1956?": ("1956?", "1956-01-01", "1956-12-31", "year"),
    "1956-07-09": ("1956-07-09", "1956-07-09", "1956-07-09", "day"),
    "0999": ("0999", "0999-01-01", "0999-12-31", "year"),
    # what no calendar has
    "February 30, 1956": NOTHING,
    "February 29, 1957": NOTHING,
    "June 31, 1960": NOTHING,
    "July 0, 1956": NOTHING,
    "July 99, 1956": NOTHING,
    "0000": NOTHING,
    # what does not say enough: the library would make up a year, a month, a century, an end
    "n.d.": NOTHING,
    "undated": NOTHING,
    "December": NOTHING,
    "10 December": NOTHING,
    "10 December 56": NOTHING,
    "1959, 1960": NOTHING,
    "Monday": NOTHING,
    "1e999": NOTHING,
    "a text of more than forty characters, in 1956": NOTHING,
}
NO_DATES = (
    "",
    "Title",
    "Telegram, July 9, 1956",
    "July 9, 1956.",
    "July 9",
    "July",
    "56",
    "19566",
    "Report, 1979",
    "July 9, 56",
    "1956 of.",
    "May 1960 in the",
)
RARE = (
    *("circa 1956", "ca. 1956", "1956-1957", "1956–1957", "Spring 1960", "late 1956", "mid-1950s", "n.d.", "Undated"),
    *("July 9-12, 1956", "July 30 - August 2, 1956", "July 1956 - August 1957"),
)

months = st.sampled_from(list(calendar.month_name[1:]))
years = st.integers(1000, 2999).map(str)
days = st.integers(1, 28)
day_dates = st.one_of(
    st.builds("{} {}, {}".format, months, days, years),
    st.builds("{} {:02}, {}".format, months, days, years),
    st.builds("{1} {0} {2}".format, months, days, years),
)
month_dates = st.one_of(st.builds("{} {}".format, months, years), st.builds("{}, {}".format, months, years))
printed_dates = st.one_of(day_dates, month_dates, years)


def stated(date: PrintedDate) -> tuple[str | None, str | None, str | None, str]:
    return date.edtf, date.first_day, date.last_day, date.precision


@for_each("text", TABLE)
def test_a_date_says(text: str) -> None:
    assert stated(read_date(text)) == TABLE[text]


@for_each("text", TABLE)
def test_a_date_is_kept_as_printed(text: str) -> None:
    assert read_date(text).text == text.strip()


@pytest.mark.parametrize("text", [None, "", " ", "\u00a0"])
def test_nothing_is_no_date(text: str | None) -> None:
    assert read_date(text) is NO_DATE


def test_the_year_is_that_in_which_it_begins() -> None:
    assert read_date("1956-1957").year == 1956
    assert read_date("n.d.").year is None


@settings(deadline=None)  # the machine may be busy
@given(printed_dates)
def test_the_known_forms_are_read_as_the_library_reads_them(text: str) -> None:
    assert read_date(text).edtf == text_to_edtf(text)


@given(printed_dates)
def test_what_is_read_quickly_is_read_as_the_rules_read_it(text: str) -> None:
    assert read(text) == read_by_rules(text)


@given(st.one_of(month_dates, years))
def test_no_day_is_made_up(text: str) -> None:
    date = read_date(text)
    assert date.precision in ("month", "year")
    assert not re.search(r"-\d\d-\d\d", date.edtf or "")
    assert (date.first_day or "").endswith("-01")


@given(years)
def test_no_month_is_made_up(text: str) -> None:
    assert stated(read_date(text)) == (text, f"{text}-01-01", f"{text}-12-31", "year")


@settings(deadline=None)
@given(st.one_of(st.text(max_size=LONGEST + 5), st.text("0123456789-/.?~X JanuaryDecember circa", max_size=LONGEST)))
def test_nothing_is_claimed_that_is_not_printed(text: str) -> None:
    date = read_date(text)
    assert date.text == (text.strip() or None)
    assert (date.edtf is None) == (date.year is None) == (date.precision == "none")
    if date.edtf:
        printed = {int(number) for number in re.findall("[0-9]+", text)}
        years = {int(year) for year in re.findall(r"\d{4}", date.edtf)}
        # `1950-51` leaves out of its end what its beginning says.
        assert years <= printed | {year for year in years if year % 100 in printed and len(years) == 2}
        assert (date.first_day is None) == date.edtf.startswith("../")
        assert (date.last_day is None) == date.edtf.endswith("/..")
        assert date.precision != "day" or int((date.first_day or "")[8:]) in printed


@settings(deadline=None)
@given(printed_dates)
def test_the_known_forms_look_like_dates(text: str) -> None:
    assert looks_like_date(text)


@for_each("text", RARE)
def test_a_rare_wording_is_no_title(text: str) -> None:
    assert looks_like_date(text)


@for_each("text", NO_DATES)
def test_it_is_no_date(text: str) -> None:
    assert not looks_like_date(text)


@settings(deadline=None)
@given(printed_dates, st.data())
def test_the_beginning_of_a_date_may_begin_one(text: str, data: st.DataObject) -> None:
    beginning = text[: data.draw(st.integers(1, len(text)))].strip()
    assert may_begin_date(beginning) or looks_like_date(beginning)


@pytest.mark.parametrize(
    "text", ["Telegram", "July meeting", "Protocol No. 1", "9 months later", "It was 19", "x" * 50]
)
def test_a_title_does_not_begin_a_date(text: str) -> None:
    assert not may_begin_date(text)
