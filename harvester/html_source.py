"""What is special about the HTML of an archive, as frozen data: its listings, its document pages, its addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from harvester.source import Form

Labels = tuple[tuple[str, str], ...]
"""Pairs of a label as printed (case makes no difference) and what its value is: a field of a record, or a facet."""

COMMON_LABELS: Labels = (
    ("source", "archive_location"),
    ("original archive", "archive"),
    ("repository", "archive"),
    ("original classification", "classification"),
    ("original uploaded date", "uploaded"),
    ("record id", "record_id"),
    ("rights", "rights"),
    ("type", "kind"),
    ("date", "date"),
    ("published", "date"),
    ("published/created", "date"),
    ("summary", "summary"),
    ("document summary", "summary"),
    ("abstract", "summary"),
    ("description", "summary"),
    ("author", "contributor"),
    ("author(s)", "contributor"),
    ("creator", "contributor"),
    ("document contributors", "contributor"),
    ("contributors", "contributor"),
    ("associated places", "place"),
    ("place", "place"),
    ("subjects discussed", "subject"),
    ("associated topics", "subject"),
    ("subject", "subject"),
    ("subjects", "subject"),
    ("associated people & organizations", "person"),
    ("associated people and organizations", "person"),
    ("language", "language"),
    ("languages", "language"),
    ("donor", "donor"),
    ("donors", "donor"),
    ("collection", "collection"),
    ("collections", "collection"),
)
"""What archives call the same things; a source adds its own."""


MAIN = ((b"<main", b"</main>"), (b"<h1", b"<footer"))
"""Where most sites have what is theirs."""


@dataclass(frozen=True)
class Addresses:
    """How an archive addresses its items.

    `links`: what links to items hold, one of these. `path`: pattern of an item's whole path, without the first slash,
    with the groups slug, record_id, node_id (those that there are). `file`: the same of a file, with the group node_id.
    """

    links: tuple[str, ...]
    path: str
    file: str | None = None

    @cached_property
    def selector(self) -> str:
        """Selects the links that may lead to items."""
        return ", ".join(f'a[href*="{part}"]' for part in self.links)


@dataclass(frozen=True)
class HtmlForm(Form):
    """A form of HTML pages.

    `marks`: bytes of which at least one stands in every such page; none are needed if there are none.
    `slices`: pairs of bytes between which all that is read stands; a pair counts if each stands there exactly once
    (the end, from the start on) and no mark stands outside. The first that counts is taken, else the whole page.
    `labels`: what the archive's own labels mean, besides those that are common.
    """

    marks: tuple[bytes, ...] = ()
    slices: tuple[tuple[bytes, bytes], ...] = MAIN
    labels: Labels = ()

    @cached_property
    def labelled(self) -> dict[str, str]:
        """The labels, by their text in lower case and without a colon."""
        return {label.casefold(): field for label, field in (*COMMON_LABELS, *self.labels)}


@dataclass(frozen=True)
class HtmlListing(HtmlForm):
    """A listing in HTML: records are the blocks around links to items, whatever their classes.

    `date_behind_title`: a date stands behind its title, not before. `labelled_values`: what stands behind a title is
    labels with their values. `nothing_found`: patterns of the archive's own
    words for a listing without records. `heading`: selector of the listing's own name.
    """

    date_behind_title: bool = False
    labelled_values: bool = False
    nothing_found: tuple[str, ...] = ()
    heading: str | None = None

    @cached_property
    def nothing_pattern(self) -> re.Pattern[str] | None:
        """The words for a listing without records, compiled to be a whole line."""
        return _line("|".join(self.nothing_found)) if self.nothing_found else None

    @cached_property
    def range_in_text(self) -> re.Pattern[str] | None:
        """The range line, compiled to be a line of a page's text, in which tabs stand between blocks."""
        return _line(self.range_line) if self.range_line else None

    @cached_property
    def single_in_text(self) -> re.Pattern[str] | None:
        """The line of a listing of one record, compiled in the same way."""
        return _line(self.single) if self.single else None


@dataclass(frozen=True)
class DocumentForm(HtmlForm):
    """The page of one document: selectors of its parts.

    `fields`: blocks of a label and its values; `label` and `value` select these inside, where they are marked.
    `panes`: transcripts and translations. `node_path`: pattern of
    the path that Drupal's settings name, with the node's number; None where the software is another one.
    """

    title: str = "h1.title"
    date: str = ".date"
    summary: str = ".summary"
    credit: str | None = None
    fields: str = "dl"
    label: str = "dt, .sub-title, h2, h3, h4, h5, h6"
    value: str = "dd, .name"
    panes: str = ".tab-pane"
    node_path: str | None = r"node/(\d{1,12})"


def _line(pattern: str) -> re.Pattern[str]:
    # It begins with the border before it: only there is it tried. Between the words may be any number of spaces.
    pattern = pattern.replace(" ?", " ").replace(" ", " *+")
    return re.compile(rf"[\t\n][ \x1f]*+(?:{pattern}) *+(?=[\t\n]|$)")
