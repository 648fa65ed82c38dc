"""The demonstration catalogue of Blacklight, the software of many library catalogues: an example for those.

Its pages are known from the software's own templates; the tests read invented ones.
"""

from harvester.source import RANGE, Addresses, DocumentForm, HtmlListing, Pager, Source

SINGLE = r"1 [^\t\n\d]{1,40} (?:found|gefunden|trouvée?s?|encontrad[oa]s?|trovat[oa]|gevonden)"
"""`1 entry found`, in the languages that the software speaks."""
MARKS = (b"blacklight",)
LABELS = (("call number", "archive_location"),)
BLACKLIGHT = Source(
    name="blacklight",
    title="Blacklight demonstration catalogue",
    hosts=("demo.projectblacklight.org",),
    paths=(r"(\?.*)?",),
    pager=Pager("/catalog", 10, start=1, filters=r"f\[[^]]*\]\[\]", text="q"),
    addresses=Addresses(("/catalog/",), r"catalog/(?P<slug>[\w.:-]+)"),
    forms=(
        DocumentForm("show", marks=MARKS, labels=LABELS, fields="dl"),
        HtmlListing(
            "index",
            marks=MARKS,
            labels=LABELS,
            range_line=rf"(?:[^\t\n]*\|)? ?{RANGE}(?: ?\|[^\t\n]*)?",
            single=SINGLE,
            labelled_values=True,
            noise=(r"\d+\.",),
            nothing_found=("No results found for your search", r"No [^\t\n\d]{1,40} found"),
        ),
    ),
)
