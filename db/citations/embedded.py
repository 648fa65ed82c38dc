"""What a document's page holds for reference managers and search engines: Highwire tags, COinS, JSON-LD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from .citable import Citable


def meta_tags(item: Citable) -> list[tuple[str, str]]:
    """Give Highwire's and Dublin Core's tags; Zotero's translator of embedded metadata takes the first of each."""
    date = "/".join(f"{part:02}" for part in item.date.parts)
    tags = [
        ("citation_title", item.title),
        ("citation_author", item.sender),
        ("citation_publication_date", date),
        ("citation_public_url", item.url),
        ("citation_abstract", item.summary),
        *(("citation_language", language) for language in item.languages),
        *(("citation_keywords", subject) for subject in item.subjects),
        *(("citation_pdf_url", file) for file in item.files[:1]),
        ("DC.type", "manuscript"),
        ("DC.title", item.title),
        ("DC.creator", item.sender),
        ("DC.date", item.date.edtf),
        ("DC.source", item.source),
        ("DC.publisher", item.catalogue),
        ("DC.rights", item.rights),
    ]
    return [(name, value) for name, value in tags if value]


def coins(item: Citable) -> str:
    """Give COinS, a citation as the title of an empty element: what Zotero reads from lists of results."""
    values = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft.type", "manuscript"),
        ("rft.title", item.title),
        ("rft.creator", item.sender),
        ("rft.date", item.date.edtf),
        ("rft.description", item.summary),
        ("rft.source", item.source),
        ("rft.publisher", item.catalogue),
        *(("rft.language", language) for language in item.languages),
        *(("rft.subject", subject) for subject in item.subjects),
        ("rft.identifier", item.url),
        ("rft.rights", item.rights),
    ]
    return urlencode([(name, value) for name, value in values if value])


def json_ld(item: Citable) -> dict[str, Any]:
    """Give schema.org's words for it."""
    found = {
        "@context": "https://schema.org",
        "@type": "ArchiveComponent",
        "name": item.title,
        "author": {"@type": "Person", "name": item.sender} if item.sender else None,
        "recipient": {"@type": "Person", "name": item.recipient} if item.recipient else None,
        "temporalCoverage": item.date.edtf,
        "abstract": item.summary,
        "genre": item.kind,
        "inLanguage": list(item.languages),
        "keywords": list(item.subjects),
        "holdingArchive": {"@type": "ArchiveOrganization", "name": item.archive} if item.archive else None,
        "itemLocation": item.location,
        "provider": {"@type": "Organization", "name": item.catalogue},
        "url": item.url,
    }
    return {name: value for name, value in found.items() if value}
