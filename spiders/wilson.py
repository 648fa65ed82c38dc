"""The Wilson Center Digital Archive: about 16,750 documents on Cold War history."""

from harvester.source import CAPS, MAIN, RANGE, Addresses, DocumentForm, Form, HtmlListing, Pager, Source

SITE_HEADER = "Skip to content"
OLD = "Digital Archive International History Declassified"
WILSON = Source(
    name="wilson",
    title="Wilson Center Digital Archive",
    hosts=(
        "digitalarchive.wilsoncenter.org",
        "wilson-center.drivingcreative.com",
        "wilson-center-digital-archive.dvincitest.com",
    ),
    paths=(r"search-results/\d+/.+", r"collection/\d+/[^/]+(/\d+)?"),
    pager=Pager("/search", 10, text="search_api_fulltext", order="sort_bef_combine", newest_first="created_DESC"),
    addresses=Addresses(
        ("/document/", "/node/"),
        r"document/(?:(?P<record_id>\d+)|(?P<slug>[\w%~-]+))|node/(?P<node_id>\d+)",
        r"document/(?P<node_id>\d+)/download",
    ),
    forms=(
        DocumentForm(
            "document",
            marks=(b"information-block", b"pill-block", b"documentTabs"),
            summary=".text-block",
            credit=".donated",
            fields=".information-block, .pill-block",
        ),
        HtmlListing(
            "F",
            range_line=rf"(?:Results:|Displaying)? ?{RANGE}",
            noise=("Documents",),
            ends_at="Pagination",
            slices=((b"Results:", b"Pagination"), (b"Results:", b"<footer"), *MAIN),
        ),
        Form("A", (SITE_HEADER, "Results:"), RANGE, noise=("Documents",), ends_at="Pagination"),
        HtmlListing("G", marks=(b"search-res", b"lnk-res", b"itm-title"), heading="h1"),
        Form("D", ("Search in", OLD), mark=r"\s*•(?:\s+|$)", heading_after=OLD, noise=("No image found.",), loses=CAPS),
        Form("E", ("SEARCH RESULTS",), mark=r"\s*-\s*$", one_line_parts=True, loses=CAPS),
        # Its extractor dropped every line of one word, including dates that are only a year.
        Form("B", (SITE_HEADER,), RANGE, loses=frozenset({"years", "one-word lines"})),
        Form("C", (r"\(\d+\) documents",), refused="the titles are gone from this text"),
    ),
)
