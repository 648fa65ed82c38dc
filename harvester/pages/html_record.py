"""A record of an HTML listing, from the text of its block: what stands around the link is the grammar's to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.pages.dates import looks_like_date, may_be_date, read_date
from harvester.pages.grammar import date_place, read_linked
from harvester.pages.html_labels import labelled_parts
from harvester.pages.html_text import LINK, parts_of
from harvester.pages.page import Record

if TYPE_CHECKING:
    from harvester.html_source import HtmlListing
    from harvester.pages.grammar import DatePlace
    from harvester.pages.html_blocks import Found
    from harvester.pages.html_text import Part
    from harvester.source import DateOrder


def read_record(
    text: str,
    found: Found,
    form: HtmlListing,
    position: int,
    *,
    cut: bool,
    order: DateOrder | None,
    place: DatePlace | None = None,
) -> Record:
    """Make the record of a block. `cut`: the page may be cut off in it. `place`: where the page's dates stand.

    `order`: how its archive writes dates of numbers only.
    """
    before, title, after = _around_link(text, found.link, place)
    more: dict[str, Any] = {}
    if form.labelled_values:
        more, after = labelled_parts(after, form.labelled)
    if form.noise:
        after = [part for part in after if len(part) > 1 or not form.is_noise(part[0])]
    date, summary = read_linked(before, after, date_behind=form.date_behind_title, place=place)
    printed = read_date(more.pop("date", None) or (" ".join(date) if date else None), order)
    told = "\n\n".join(map("\n".join, summary)) or None
    if cut:
        more |= {"cut": True, "open_title": not summary}
    url, slug, record_id, node_id = found.address or (None, None, None, None)
    if not more:
        return Record(position, " ".join(title), printed, told, url, record_id, node_id, slug)
    keys = {"url": url, "slug": slug, "record_id": record_id, "node_id": node_id, "summary": told}
    return Record(position, " ".join(title), printed, **{**keys, **more})


def place_of_date(text: str, found: Found) -> DatePlace | None:
    """Return where the date of a record stands before its title."""
    return date_place(_around_link(text, found.link)[0])


def _around_link(text: str, link: str, place: DatePlace | None = None) -> tuple[list[Part], Part, list[Part]]:
    """Part a record's text at its link. If that holds the whole record, the title is its first part that is no date."""
    before, whole, after = text.partition(LINK + link)
    if not whole:  # a broken page, whose parser has torn the link's own text apart
        before = ""
    inside = parts_of(link)
    if len(inside) == 1:
        return parts_of(before), inside[0], parts_of(after)
    title = next((at for at, part in enumerate(inside) if not looks_like_date(" ".join(part))), 0)
    if (
        place
        and title == 0
        and len(inside) > 1
        and may_be_date(" ".join(inside[0]))
        and place.at == len(parts_of(before))
    ):
        title = 1
    return parts_of(before) + inside[:title], inside[title], inside[title + 1 :] + parts_of(after)
