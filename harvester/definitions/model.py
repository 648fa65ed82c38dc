"""The model of a definition: every key with its description; docs/sources.md is made of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harvester.config.model import Table
from harvester.config.types import Name, Text
from harvester.definitions.types import (
    DateLines,
    Declared,
    FieldSelectors,
    Hosts,
    Items,
    Lines,
    ListingPath,
    PagePath,
    Pairs,
    Parameter,
    ParameterNames,
    Paths,
    Selector,
    Selectors,
    Site,
    Strings,
)

Count = Annotated[int, Field(ge=0, le=10**9)]
Size = Annotated[int, Field(ge=1, le=1000)]


_BETWEEN = Field(
    default=(),
    description="Pairs of texts in the HTML between which all stands that is read; a large page is then read faster.",
    examples=['[["<main", "</main>"]]'],
)


_DATE_AS = Field(
    default=(),
    description="What stands around the date in its element, as `Published {date}`.",
    examples=['"Published {date}"'],
)


class PagerTable(Table):
    """How the pages of a listing are addressed. Without this table only saved pages are read."""

    path: ListingPath = Field(description="The path of the listing.", examples=['"/search"'])
    size: Size = Field(description="How many records a full page shows.", examples=["25"])
    page: Parameter | None = Field(
        default=None,
        description="The parameter that counts pages; `page` if no pager is named.",
        examples=['"page"'],
    )
    offset: Parameter | None = Field(
        default=None, description="Or the parameter that counts records.", examples=['"start"']
    )
    begin: Annotated[int, Field(ge=0, le=1)] | None = Field(
        default=None, description="The number of the first page or record, 0 or 1; otherwise 0.", examples=["1"]
    )
    page_path: PagePath | None = Field(
        default=None,
        description="Or the end of the path of each further page.",
        examples=['"/page/{page}/"'],
    )
    next: Selector | None = Field(
        default=None,
        description="Or the link to the next page, where its address cannot be counted: a cursor, a token. It must "
        "lead to `path` or below it.",
        examples=['"a[rel=next]"'],
    )
    query: dict[Parameter, Text] = Field(
        default_factory=dict,
        description="Parameters that the address of every page has, also those that a form would post.",
        examples=['{ topLod = "0" }'],
    )
    filters: ParameterNames | None = Field(
        default=None, description="The parameters that narrow a listing.", examples=['"f[{number}]"']
    )
    search: Parameter = Field(default="q", description="The parameter of the search.", examples=['"query"'])
    order: Parameter = Field(default="sort", description="The parameter of the order.", examples=['"sort"'])
    newest_first: Text | None = Field(
        default=None, description="Its value that lists new records first, if there is one.", examples=['"date_desc"']
    )
    ceiling: Count | None = Field(
        default=None,
        description="How many records of a listing are shown at most; 0 if all are. If it is not known, leave it out.",
        examples=["10000"],
    )


class ListingTable(Table):
    """A page of a listing."""

    declares: Declared = Field(
        description="The line that states which records there are: `{first}`, `{last}` and `{total}`. The word `range` "
        "is such a line in any language, `nothing` says that there is none.",
        examples=['"Results {first} to {last} of {total}"'],
    )
    single: Lines = Field(
        default=(), description="The line that replaces it in a listing of one record.", examples=['"1 result"']
    )
    empty: Lines = Field(
        default=(), description="The words for a listing without records.", examples=['"No results found"']
    )
    signs: Strings = Field(
        default=(),
        description="Texts of which the HTML of every page has at least one.",
        examples=['"body class=search"'],
    )
    record: Selector | None = Field(
        default=None,
        description="Where each record stands; without it records are found as blocks around links to them.",
        examples=['"article.search-result"'],
    )
    spans: bool = Field(
        default=False,
        description="Whether a record goes on behind the element that `record` selects, up to the next one, as pairs "
        "of rows do, a heading with what follows it, or lines between `br`.",
        examples=["true"],
    )
    fields: FieldSelectors | None = Field(
        default=None,
        description="Where in a record its fields stand. A name that is no field is a label of the archive's own. "
        "`:scope` is the record itself, and `::line(2)` at the end means the second line of what is selected.",
        examples=['{ title = "h3 a", date = ".dates", "Level" = "::line(2)" }'],
    )
    above: Selectors | None = Field(
        default=None,
        description="Where fields stand that hold for several records: in the nearest such element above each.",
        examples=['{ date = "h3.day" }'],
    )
    columns: dict[Text, Text] | None = Field(
        default=None,
        description="For tables: the columns, by their header or their number from 1, and the fields in them.",
        examples=['{ "Signatur" = "archive_location", "2" = "title" }'],
    )
    label: Selector | None = Field(
        default=None,
        description="Labels before the values in the elements of fields.",
        examples=['".label"'],
    )
    key: Text | None = Field(
        default=None,
        description="The field that identifies records without links.",
        examples=['"archive_location"'],
    )
    date_after_title: bool = Field(
        default=False, description="Whether the date of a record follows its title.", examples=["true"]
    )
    date_as: DateLines = _DATE_AS
    noise: Lines = Field(default=(), description="Lines that belong to no record.", examples=['"Documents"'])
    ends_at: Text | None = Field(default=None, description="The line after the last record.", examples=['"Pagination"'])
    between: Pairs = _BETWEEN
    heading: Selector | None = Field(
        default=None, description="Where the listing's own name stands.", examples=['"h1"']
    )


class DocumentTable(Table):
    """The page of one record."""

    signs: Strings = Field(
        default=(), description="Texts of which the HTML of every page has at least one.", examples=['"item-page"']
    )
    title: Selector = Field(default="h1", description="Where the title stands.", examples=['"h1.title"'])
    date: Selector = Field(default=".date", description="Where the date stands.", examples=['".date"'])
    date_as: DateLines = _DATE_AS
    summary: Selector = Field(default=".summary", description="Where the summary stands.", examples=['".abstract"'])
    credit: Selector | None = Field(default=None, description="Where donors are thanked.", examples=['".donated"'])
    blocks: Selector = Field(
        default="dl", description="The blocks of labels with their values.", examples=['"dl, .field"']
    )
    label: Selector = Field(
        default="dt, h2, h3, h4, h5, h6", description="The labels in these.", examples=['"h3, .label"']
    )
    value: Selector = Field(default="dd", description="The values in these.", examples=['".value"'])
    drupal: bool = Field(
        default=False, description="Whether Drupal's settings in the page state its node.", examples=["true"]
    )
    between: Pairs = _BETWEEN
    texts: Selector = Field(
        default=".tab-pane", description="Transcripts and translations.", examples=['".transcript"']
    )


class AssertTable(Table):
    """What a run must find; one that finds less is partial."""

    min_records: Count | None = Field(default=None, description="Records in the listing.", examples=["1000"])
    min_dated: Count | None = Field(default=None, description="Records with a date.", examples=["900"])


class Definition(Table):
    """The whole of a definition."""

    platform: Name | None = Field(
        default=None,
        description="The software that the archive runs on; its definition is completed and corrected by this one.",
        examples=['"atom"'],
    )
    verified: bool = Field(
        default=True,
        description="Whether it has proven itself. `harvester learn` writes `false` in doubt: then no harvest is "
        "called complete.",
        examples=["false"],
    )
    title: Text = Field(description="The archive's name.", examples=['"City Archive"'])
    address: Site = Field(
        description="Where the archive is, with http:// if it has no https. The paths below begin behind it.",
        examples=['"https://archive.example.org"'],
    )
    hosts: Hosts = Field(default=(), description="Other names of its host.", examples=['"old.example.org"'])
    dates: Literal["day-month", "month-day"] | None = Field(
        default=None,
        description="How dates of numbers only are meant: 3/4/1950 is 3 April for `day-month`. Otherwise both count.",
        examples=['"day-month"'],
    )
    items: Items = Field(
        default=(),
        description="The addresses of records, as links have them. What stands behind a `?` may be in any order there, "
        "among other parameters.",
        examples=['["/document/{slug}", "/show.php?id={record_id}"]'],
    )
    short_years: Annotated[int, Field(ge=1000, le=2000)] | None = Field(
        default=None,
        description="The first of the hundred years in which years of two digits are: 3/4/50 is of 1950 for `1900`. "
        "Otherwise such dates are not read.",
        examples=["1950"],
    )
    files: Paths = Field(
        default=(), description="The addresses of their files.", examples=['"/document/{node_id}/download"']
    )
    pages: Paths = Field(default=(), description="Other addresses that may be read.", examples=['"/collection/{*}"'])
    span_days: Annotated[int, Field(ge=1, le=3660)] = Field(
        default=7,
        description="Within how many days saved pages of one listing must have been captured to be counted together.",
        examples=["30"],
    )
    pager: PagerTable | None = Field(default=None, description="How its listings are paged.")
    listing: ListingTable | None = Field(default=None, description="How a listing is read.")
    document: DocumentTable | None = Field(default=None, description="How the page of a record is read.")
    labels: dict[Text, Text] = Field(
        default_factory=dict,
        description="What the archive's own labels are: a field or a facet.",
        examples=['{ "Call number" = "archive_location" }'],
    )
    assertions: AssertTable = Field(default_factory=AssertTable, alias="assert", description="What a run must find.")
