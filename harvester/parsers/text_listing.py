"""Reads a text page of a listing: its blocks, its header, its records, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.model import Listing, Refused
from harvester.parsers import page_problems
from harvester.parsers.blocks import Block, PageEnd, Promise, blocks_of, take_ending
from harvester.parsers.grammar import Reading, place, read_counted, read_marked, titles_are_gone
from harvester.parsers.range_lines import MOST_RECORDS_ON_A_PAGE, Range, as_limited, find_range, plain_spaces
from harvester.parsers.undated import ends_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harvester.source import DateOrder, Form


MOST_BLOCKS_PER_RECORD = 50
"""More blocks than this for each record is no listing."""


def read_listing(text: str, form: Form, order: DateOrder | None) -> Listing | Refused:
    """Return the listing on a page of a known form. `order`: how its archive writes dates of numbers only."""
    blocks = blocks_of(text, form)
    if form.range_pattern is None:
        return _read_marked_page(blocks, text, form, order)
    found = find_range(blocks, form)
    if found is None:
        message = "no line like “711 - 720 of 1250”: not a listing, or a damaged one"
        return Refused("no-range-line", message, text.strip()[:200], form.name)
    at, readings = found
    if not readings:
        message = "no page can be what its range line says"
        return Refused("range-impossible", message, blocks[at].text[:200], form.name)
    lines = [plain_spaces(block.text) for block in blocks]
    pages = [_read_ranged_page(blocks[at + 1 :], text, as_limited(stated, lines), form, order) for stated in readings]
    return next((page for page in pages if page_problems.fits(page)), pages[0])


def _read_ranged_page(
    blocks: list[Block], text: str, stated: Range, form: Form, order: DateOrder | None
) -> Listing | Refused:
    count, total = stated.size or 0, stated.total or 0
    if len(blocks) > MOST_BLOCKS_PER_RECORD * (count + 1):
        return _too_large(len(blocks), form)
    for _ in form.noise:  # each once: an undated record's title may be the same
        if blocks and form.is_noise(blocks[0].text):
            blocks = blocks[1:]
    blocks, ending = take_ending(blocks, text, form)
    pager_missing = form.ends_at is not None and total > count and not ending.proven
    cut = pager_missing or _stops_early(blocks, ending)
    promise = Promise(count, ending.proven, not cut, "one-word lines" in form.loses)
    reading = read_counted(blocks, promise)
    short = len(reading.entries) < count
    return _listing(reading, form, ending, order, stated, cut=cut or (short and not ending.proven))


def _read_marked_page(blocks: list[Block], text: str, form: Form, order: DateOrder | None) -> Listing | Refused:
    if len(blocks) > MOST_BLOCKS_PER_RECORD * MOST_RECORDS_ON_A_PAGE:
        return _too_large(len(blocks), form)
    blocks, ending = take_ending(blocks, text, form)
    return _listing(read_marked(blocks, whole=ending.proven), form, ending, order, cut=_stops_early(blocks, ending))


def _stops_early(blocks: Sequence[Block], ending: PageEnd) -> bool:
    """Return whether the last block looks cut off: it does not end as summaries do."""
    return not ending.proven and (ending.fragment is not None or not blocks or not ends_sentence(blocks[-1].text))


def _listing(
    reading: Reading,
    form: Form,
    ending: PageEnd,
    order: DateOrder | None,
    stated: Range | None = None,
    *,
    cut: bool,
) -> Listing | Refused:
    if titles_are_gone(reading.entries):
        return Refused("degraded", "the titles are gone from this text", form=form.name)
    placed = list(place(reading.entries, form, (stated and stated.first) or 1, ending, order))
    records = tuple(one.record for one in placed if one.record)
    if not records and (stated is None or stated.size):
        return Refused("no-records", "the header of a listing without any record that can be read", form=form.name)
    problems = (*page_problems.of_entries(placed, reading, form), *page_problems.of_ending(placed, ending, cut=cut))
    if stated is None:
        return Listing(form.name, records, heading=_heading(reading.header, form), problems=problems)
    problems += (*page_problems.of_count(stated, len(placed)),)
    return Listing(
        form.name, records, stated.first, stated.last, stated.total, problems=problems, total_kind=stated.kind
    )


def _heading(header: Sequence[Block], form: Form) -> str | None:
    names = [block.text for block in header if not form.is_noise(block.text)]
    if form.heading_after in names[:-1]:
        return names[names.index(form.heading_after) + 1]
    return None


def _too_large(blocks: int, form: Form) -> Refused:
    return Refused("too-many-blocks", f"{blocks} blocks of text are no page of a listing", form=form.name)
