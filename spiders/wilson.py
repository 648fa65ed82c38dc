"""The Wilson Center Digital Archive: about 16,750 documents on Cold War history."""

from harvester.crawl.spider import ArchiveSpider
from harvester.html_source import Addresses, DocumentForm, HtmlListing
from harvester.source import RANGE, Form, Pager, Source

SITE_HEADER = "Skip to content"
WILSON = Source(
    name="wilson",
    title="Wilson Center Digital Archive",
    hosts=(
        "digitalarchive.wilsoncenter.org",
        "wilson-center.drivingcreative.com",
        "wilson-center-digital-archive.dvincitest.com",
    ),
    paths=(
        r"document/[\w%~-]+",
        r"node/\d+",
        r"search(\?.*)?",
        r"search-results/\d+/.+",  # the old site
        r"collection/\d+/[^/]+(/\d+)?",
    ),
    pager=Pager(
        "/search", size=10, text="search_api_fulltext", order="sort_bef_combine", newest_first="created_DESC"
    ),
    addresses=Addresses(
        "/document/",
        r"/document/(?:(?P<record_id>\d+)|(?P<slug>[\w%~-]+))|/node/(?P<node_id>\d+)",
        r"/document/(?P<node_id>\d+)/download",
    ),
    forms=(
        DocumentForm(
            "document",
            noise=("Summary", "Document Summary"),
            marks=(b"information-block", b"pill-block", b"documentTabs"),
            slices=((b"<main", b"</main>"), (b"<h1", b"<footer")),
            summary=".text-block",
            credit=".donated",
            fields=".information-block, .pill-block",
            label=".sub-title, h2, h3, h4, h5",
            value=".pill .name",
            panes="#documentTabs .tab-pane",
        ),
        HtmlListing(
            "F",
            range_line=rf"(?:Results:|Displaying)? ?{RANGE}",
            noise=("Documents",),
            ends_at="Pagination",
            slices=((b"Results:", b"Pagination"), (b"Results:", b"<footer"), (b"<main", b"</main>")),
        ),
        Form("A", (SITE_HEADER, "Results:"), RANGE, noise=("Documents",), ends_at="Pagination"),
        HtmlListing("G", marks=(b"search-res", b"lnk-res", b"itm-title"), heading="h1"),
        Form(
            "D",
            ("Search in", "Digital Archive International History Declassified"),
            mark=r"\s*•(?:\s+|$)",
            heading_after="Digital Archive International History Declassified",
            noise=("No image found.",),
            loses=frozenset({"capitals"}),
        ),
        Form("E", ("SEARCH RESULTS",), mark=r"\s*-\s*$", one_line_parts=True, loses=frozenset({"capitals"})),
        # Its extractor dropped every line of one word: a date that is only a year among them.
        Form("B", (SITE_HEADER,), RANGE, loses=frozenset({"years", "one-word lines"})),
        Form("C", (r"\(\d+\) documents",), refused="the titles are gone from this text"),
    ),
)


class WilsonSpider(ArchiveSpider):
    """Harvests the Wilson Center Digital Archive."""

    name = WILSON.name
    source = WILSON
