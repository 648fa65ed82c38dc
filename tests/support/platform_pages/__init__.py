"""The items of the test archive as five platforms show them, so that whole walks can be tried on each.

Markup, pagers and sentences are those of the specimens in `tests/fixtures/platforms` (see FACTS.md there). A platform's
module makes the bytes of a listing page from items, the position of the first, the total and the base address of the
platform; and those of a document page from its item and that address. `DRESSES` says how each addresses its pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.platform_pages import atom, blacklight, dspace, omeka_s, vufind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.archive_pages import Item


@dataclass(frozen=True)
class Dress:
    """How one platform shows the archive. All paths begin behind the host.

    `base`: where the platform begins. `listing_path`: behind it, the listing of everything. `page`: the parameter that
    counts its pages, from 1. `search`: the parameter of a search. `path`: where the page of an item is, behind `base`.
    """

    name: str
    base: str
    listing_path: str
    page: str
    search: str
    path: Callable[[Item], str]
    listing: Callable[[Sequence[Item], int, int, str], bytes]
    document: Callable[[Item, str], bytes]


_ALL = (
    Dress("atom", "", "/informationobject/browse", "page", "query", atom.path, atom.listing, atom.document),
    Dress("omeka-s", "/s/papers", "/item", "page", "fulltext_search", omeka_s.path, omeka_s.listing, omeka_s.document),
    Dress("dspace", "", "/search", "spc.page", "query", dspace.path, dspace.listing, dspace.document),
    Dress("vufind", "/vufind", "/Search/Results", "page", "lookfor", vufind.path, vufind.listing, vufind.document),
    Dress("blacklight", "", "/catalog", "page", "q", blacklight.path, blacklight.listing, blacklight.document),
)
DRESSES = {dress.name: dress for dress in _ALL}
