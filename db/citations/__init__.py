"""Citations: pure functions from a document, as the database has it, to what people and reference managers take.

Own code and not a library: each format is a page of rules, what makes it hard is the archive's wording and hostile
titles, and the folder must work where nothing but Datasette is installed. Independent parsers judge it in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bibtex import to_bibtex
from .csl import to_csl_json
from .ris import to_ris

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .citable import CitedDocument

FORMATS: dict[str, tuple[str, Callable[[Iterable[CitedDocument]], str]]] = {
    "bib": ("application/x-bibtex; charset=utf-8", to_bibtex),
    "ris": ("application/x-research-info-systems; charset=utf-8", to_ris),
    "csljson": ("application/vnd.citationstyles.csl+json; charset=utf-8", to_csl_json),
}
"""By file extension: the media type, and the function that writes the format."""
