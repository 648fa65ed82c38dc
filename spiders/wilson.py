"""The Wilson Center Digital Archive: about 16,750 documents on Cold War history."""

from harvester.crawl.spider import ArchiveSpider
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
    forms=(
        Form("A", (SITE_HEADER, "Results:"), RANGE, noise=("Documents",), ends_at="Pagination"),
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
