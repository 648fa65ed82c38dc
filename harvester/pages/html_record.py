"""From the text of a record's block to the grammar's input: date, title, summary; labelled values stand apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harvester.pages.dates import looks_like_date
from harvester.pages.html_labels import labelled_parts
from harvester.pages.html_text import LINK, parts_of
from harvester.pages.text import Block

if TYPE_CHECKING:
    from harvester.html_source import HtmlListing
    from harvester.pages.html_blocks import Found
    from harvester.pages.html_text import Part


def reduce_record(text: str, found: Found, form: HtmlListing, blocks: list[Block]) -> dict[str, Any]:
    """Add a record's blocks in the grammar's order, the first of them marked; give its labelled values."""
    before, title, after = _around_title(text, found.link)
    date = next(filter(_is_date, reversed(before)), None)
    more: dict[str, Any] = {}
    if form.labelled_values:
        date, after, more = _labelled(date, after, form)
    if date is None and form.date_behind_title and after and _is_date(after[0]):
        date, after = after[0], after[1:]
    if date:
        blocks.append(Block(date, marked=True))
    blocks.append(Block(title, marked=date is None, address=found.address))
    blocks += [Block(part) for part in after if not (form.noise and form.is_noise(" ".join(part)))]
    return more


def _is_date(part: Part) -> bool:
    return looks_like_date(" ".join(part))


def _labelled(
    date: Part | None, after: list[Part], form: HtmlListing
) -> tuple[Part | None, list[Part], dict[str, Any]]:
    """Take the labelled values out of what stands behind a title."""
    more, rest = labelled_parts(after, form.labelled)
    stated, summary = more.pop("date", None), more.pop("summary", None)
    return (stated,) if stated else date, [*rest, *([(summary,)] if summary else [])], more


def _around_title(text: str, link: str) -> tuple[list[Part], Part, list[Part]]:
    """Part a record's text at its link. If that holds the whole record, the title is its first part that is no date."""
    start = text.find(LINK + link)
    if start < 0:  # a broken page, whose parser has torn the link's own text apart
        text, start = LINK + link, 0
    before, inside, after = parts_of(text[:start]), parts_of(link), parts_of(text[start + 1 + len(link) :])
    title = next((at for at, part in enumerate(inside) if not _is_date(part)), 0) if len(inside) > 1 else 0
    return before + inside[:title], inside[title], inside[title + 1 :] + after
