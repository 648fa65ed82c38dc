"""What must hold of every page: what was printed is read, what is doubtful is said, and nothing is ever invented."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvester.model import Capture, Listing, Record, Refused
from harvester.parsers.parse import parse
from harvester.spiders.wilson import WILSON
from tests.support.page_rendering import (
    Item,
    Seen,
    form_a,
    form_b,
    form_d,
    form_e,
    lost_in_b,
    old_site,
    one_line_each,
    seen,
)

MONTHS = calendar.month_name[1:]
NAMES = ("Mao", "Zedong", "Stalin", "N.S.", "“Berlin”", "émigré", "ГДР", "U\u00a0S", "[via", "Kovalev]", "(Excerpt)")
WORDS = (*NAMES, "Soviet", "Embassy", "Committee", "of", "the", "and", "No.54755", "17", "1956", "-", "–", "10:15")
TITLES = (
    "Telegram, Mao Zedong to",
    "Memorandum of Conversation with",
    "Letter from the CC CPSU to",
    "Report on",
    "“On",
)
TITLE_ENDS = (
    "Liu Shaoqi",
    "Bulgaria, 1957",
    "undated [1955]",
    "18 December 1949",
    "the Plenum on July 9, 1956",
    "1979",
)
ENDS = (".", ".", ".”", '."', "?", "!", ".)", "…", ".\u00a0")

years = st.integers(1900, 2020)
months, days = st.sampled_from(MONTHS), st.integers(1, 28)
day_dates = st.builds("{} {}, {}".format, months, days, years)
month_dates = st.builds("{} {}".format, months, years)
dates = st.one_of(day_dates, month_dates, years.map(str))
# With a word that no date has: what is made of numbers and dashes alone (`1956 -`) is a date, wherever it stands.
words = st.lists(st.sampled_from(WORDS), min_size=2, max_size=6).filter(set(NAMES).intersection).map(" ".join)


@st.composite
def titles(draw: st.DrawFn) -> tuple[str, ...]:
    """Titles as they are: of one to three lines, none of a single word, none ending like a sentence."""
    start, end = draw(st.sampled_from(TITLES)), draw(st.sampled_from(TITLE_ENDS))
    middle = draw(st.lists(words, max_size=2))
    return (
        f"{start} {' '.join(middle[:1])} {end}".replace("  ", " "),
        *(f"Between {line} and {end}" for line in middle[1:]),
    )


@st.composite
def paragraphs(draw: st.DrawFn) -> tuple[str, ...]:
    """Paragraphs as they are: of one or two lines, the last of which ends a sentence."""
    lines = draw(st.lists(words, min_size=1, max_size=2))
    return (
        *(f"It says {line}." if draw(st.booleans()) else f"It says {line}" for line in lines[:-1]),
        lines[-1] + draw(st.sampled_from(ENDS)),
    )


summaries = st.lists(paragraphs(), max_size=3).map(tuple)
dated_items = st.builds(Item, dates, titles(), summaries)
undated_items = st.builds(Item, st.none(), titles(), st.lists(paragraphs(), min_size=1, max_size=1).map(tuple))
dated_pages = st.lists(dated_items, min_size=1, max_size=6)


@st.composite
def plain_pages(draw: st.DrawFn) -> list[Item]:
    """Pages that only one reading fits: around an undated record, and at the end, no summary is missing."""
    items = draw(st.lists(st.one_of(dated_items, dated_items, undated_items), min_size=1, max_size=6))
    if all(item.date for item in items):
        return items
    return [replace(item, summary=item.summary or (("It has a summary.",),)) for item in items]


odd_titles = st.one_of(
    titles(),
    titles().map(lambda lines: (*lines[:-1], lines[-1] + ".")),
    st.sampled_from([("Documents",), ("Memorandum",), ("Results:",), ("A" * 300,), ("Yes.",)]),
)
odd_paragraphs = st.one_of(paragraphs(), titles(), st.just(("Yes",)), words.map(lambda text: (text,)))
odd_summaries = st.lists(odd_paragraphs, max_size=3).map(tuple)
odd_dated_items = st.builds(Item, dates, st.one_of(odd_titles, st.just(("Pagination",))), odd_summaries)
odd_items = st.one_of(odd_dated_items, st.builds(Item, st.none(), odd_titles, odd_summaries))
odd_pages = st.lists(st.one_of(odd_items, dated_items, undated_items), min_size=1, max_size=5)

Form = tuple[Callable[[list[Item]], str], Callable[[Item], Item]]


def alike(item: Item) -> Item:
    return item


FORMS: dict[str, Form] = {
    "A": (form_a, alike),
    "A with a pager": (lambda items: form_a(items, first=11, total=99), alike),
    "B": (lambda items: form_b(items, first=11, total=99), lost_in_b),
    "D": (form_d, old_site),
    "E": (form_e, lambda item: one_line_each(old_site(item))),
}


def read(text: str | bytes) -> Listing | Refused:
    page = parse(Capture("file:page", text.encode() if isinstance(text, str) else text), WILSON)
    assert isinstance(page, Listing | Refused)
    return page


def listing(text: str | bytes) -> Listing:
    page = read(text)
    assert isinstance(page, Listing), page
    return page


def as_seen(record: Record) -> Seen:
    return Seen(record.date.text, record.title, record.summary)


def codes(page: Listing) -> set[str]:
    return {problem.code for problem in page.problems}


@pytest.mark.parametrize("name", FORMS)
@settings(deadline=None)  # the machine may be busy
@given(items=plain_pages())
def test_what_was_printed_is_read(name: str, items: list[Item]) -> None:
    form, shown = FORMS[name]
    page = listing(form(items))
    assert [as_seen(record) for record in page.records] == [seen(shown(item)) for item in items]
    first = page.first or 1
    assert [record.position for record in page.records] == list(range(first, first + len(items)))


@pytest.mark.parametrize("name", ["A", "A with a pager"])
@settings(deadline=None)  # the machine may be busy
@given(items=dated_pages)
def test_dated_records_are_read_without_doubt(name: str, items: list[Item]) -> None:
    page = listing(FORMS[name][0](items))
    assert codes(page) <= {"end-not-shown", "cut-off"}


@pytest.mark.parametrize("name", FORMS)
@settings(deadline=None)  # the machine may be busy
@given(items=odd_pages)
def test_what_is_read_differently_is_said(name: str, items: list[Item]) -> None:
    form, shown = FORMS[name]
    page = read(form(items))
    if isinstance(page, Refused):
        return
    wanted = [seen(shown(item)) for item in items]
    if [as_seen(record) for record in page.records] != wanted:
        assert codes(page) - {"end-not-shown"}, (wanted, page)


def is_beginning(record: Record, of: Seen) -> bool:
    if record.open_title:
        return of.title.startswith(record.title) and record.summary is None and record.date.text in (of.date, None)
    same = (record.date.text, record.title) == (of.date, of.title)
    return same and (record.summary is None or (of.summary or "").startswith(record.summary))


@pytest.mark.parametrize("name", FORMS)
@settings(deadline=None)  # the machine may be busy
@given(items=plain_pages(), data=st.data())
def test_a_page_cut_off_anywhere_invents_nothing(name: str, items: list[Item], data: st.DataObject) -> None:
    form, shown = FORMS[name]
    whole = form(items).encode()
    page = read(whole[: data.draw(st.integers(0, len(whole)))])
    if isinstance(page, Refused):
        return
    wanted = [seen(shown(item)) for item in items]
    for record in page.records:
        fits = is_beginning if record.cut or record.open_title else lambda one, of: as_seen(one) == of
        assert any(fits(record, one) for one in wanted), record
    if len(page.records) < len(wanted):
        assert page.problems


@pytest.mark.parametrize("name", ["A with a pager", "D", "E"])
@settings(deadline=None)  # the machine may be busy
@given(items=st.lists(odd_dated_items, min_size=1, max_size=5), data=st.data())
def test_no_summary_becomes_a_record_on_a_page_cut_off(name: str, items: list[Item], data: st.DataObject) -> None:
    form, shown = FORMS[name]
    whole = form(items).encode()
    page = read(whole[: data.draw(st.integers(0, len(whole)))])
    wanted = {(one.date, one.title) for one in (seen(shown(item)) for item in items)}
    for record in page.records if isinstance(page, Listing) else ():
        assert record.open_title or (record.date.text, record.title) in wanted


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300))
def test_any_bytes_give_an_answer(body: bytes) -> None:
    assert read(body)
