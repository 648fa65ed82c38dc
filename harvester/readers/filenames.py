"""Recognises from the name of a saved file, or the address of a capture, whether it is a page, and at which address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from harvester.urls import host_of, item_url

if TYPE_CHECKING:
    from collections.abc import Container

    from harvester.source import Source

BUNDLE_SUFFIXES = frozenset({".mhtml", ".mht", ".webarchive"})
PAGE_SUFFIXES = frozenset({".txt", ".html", ".htm", ".xhtml"}) | BUNDLE_SUFFIXES
"""Names with these endings are pages, whatever else is in the name."""
GIVEN_SUFFIXES = BUNDLE_SUFFIXES | {".txt"}
"""No tool that mirrors a site writes these: people name such files."""

_CONNECTED = re.compile(
    r"(?P<page>.+)(?:[_.]files|-Dateien|-filer|_(?:fichiers|bestanden|archivos|arquivos|ficheiros|file|pliki|soubory"
    r"|elemei|tiedostot|dosyalar|datoteke|fitxers|fitxategiak|failid|fails|bylos|fajlovi))",
    re.IGNORECASE,
)
"""The folder beside a saved page with its pictures and frames, as browsers call it in the languages of Windows."""
_FRAME = re.compile(r"_files/saved_resource(?:\(\d+\))?\.html?$")

ARCHIVES = {
    "zip": re.compile(r"\.(zip|wacz|maff)$", re.IGNORECASE),
    "tar": re.compile(r"\.(tar(\.gz|\.zst)?|tgz|tzst)$", re.IGNORECASE),
    "warc": re.compile(r"\.warc(\.gz|\.zst)?$", re.IGNORECASE),
    "arc": re.compile(r"\.arc(\.gz)?$", re.IGNORECASE),
    "packed": re.compile(r"\.(7z|rar|tbz2?|txz|(tar|warc|arc|html?|xhtml|txt)\.(bz2|xz|lz4|lzma|br))$", re.IGNORECASE),
}
"""How archives are called, by their kinds; that of the last is known and not read."""

_INDEX_SUFFIX = re.compile(r"\.cdxj?(\.gz|\.zst)?$", re.IGNORECASE)
"""How indexes of WARC files are called."""

PACKED = re.compile(r"\.(gz|zst)$", re.IGNORECASE)
"""A page packed by itself is called like the page, with this behind it."""

MAX_NAME = 4096
"""Longer than any file system allows a path to be."""

LEADS_OUT = "its name leads out of the archive, so it is not read: unpack the archive and harvest the folder"

DEPTH = 6  # number of parts at the end of a name that may be an address without its host
_QUERY_MARK = re.compile(r"(?:%3F|[@_])(?=[\w%\[\]]+=)", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?:html?|xhtml|txt|mht(?:ml)?|webarchive)$", re.IGNORECASE)
_SAVED_AGAIN = re.compile(r" ?\(\d{1,3}\)$")
"""What browsers put behind the name of a page that they save once more."""
_COPY = re.compile(r"(\.(?:html?|xhtml|txt))(?:\.\d{1,4}|~|\.(?:bak|orig|old))$", re.IGNORECASE)
"""A copy beside another file of that name, as wget numbers it and editors keep it."""
_INDEX = re.compile(r"(?:^|/)index(?:\.html?|\.php)?(?=$|\?)")


def is_safe(name: str) -> bool:
    """Return whether a member's name stays inside the archive. Other names are never used, not even in an address."""
    parts = name.split("/")
    return (
        0 < len(name) <= MAX_NAME and "\0" not in name and parts[0] != "" and ".." not in parts and ":" not in parts[0]
    )


def archive_kind(name: str) -> str | None:
    """Return what kind of archive a name speaks of, if any."""
    return next((kind for kind, pattern in ARCHIVES.items() if pattern.search(name)), None)


def is_index(name: str) -> bool:
    """Return whether a file is named like an index of WARC files."""
    return _INDEX_SUFFIX.search(name) is not None


def is_connected(folder: str, files: Container[str]) -> bool:
    """Return whether a folder holds the pictures and frames of a saved page among the files beside it."""
    found = _CONNECTED.fullmatch(folder)
    return found is not None and any(found["page"] + suffix in files for suffix in (".html", ".htm", ".xhtml"))


def suffix_of(name: str) -> str:
    """Return the ending of a name, in lower case."""
    base = name.rpartition("/")[2]
    stem, dot, suffix = base.rpartition(".")
    return f".{suffix.lower()}" if stem and dot else ""


def as_saved(name: str) -> str:
    """Return the path and query that a file was named after, as far as tools that save pages change them.

    wget adds `.html` and writes `@` for `?` where a file system forbids it, others write `_`; folders have an index.
    """
    path = _SUFFIX.sub("", name) if "." in name else name  # looking for a character first costs little
    path = _SAVED_AGAIN.sub("", path) if ")" in path else path
    if "=" in path and "?" not in path:
        path = _QUERY_MARK.sub("?", path, count=1)
    return _INDEX.sub("", path, count=1) if "index" in path else path


class Names:
    """Recognises pages by their names, for the sources that they may be of."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._hosts = {host: source for source in sources for host in source.hosts}
        # Greedy: of all ends of a name, the shortest that is an address.
        ends = [(source, rf"(?:.*/)?({source.path_pattern.pattern})") for source in sources if source.has_paths]
        self._ends = [(source, re.compile(end, re.DOTALL)) for source, end in ends]

    def address(self, uri: str) -> str | None:
        """Return the address of the page that a capture's address means; None if it is no page of a known source."""
        try:
            parts = urlsplit(uri)
        except ValueError:  # not an address, such as http://[
            return None
        if parts.scheme not in ("http", "https"):
            return None
        source = self._hosts.get(parts.hostname or "")
        if source is None:
            return None if self._hosts else uri
        path = parts.path.removeprefix("/") + (f"?{parts.query}" if parts.query else "")
        return item_url(uri, source) or (uri if source.path_pattern.fullmatch(path) else None)

    def item(self, uri: str) -> str | None:
        """Return the address of an item of a known source; None if it is none."""
        source = self._hosts.get(host_of(uri))
        return item_url(uri, source) if source else None

    def find(self, name: str) -> tuple[bool, str | None]:
        """Return whether a file is a page, and its address if the name contains one.

        A folder named after a host identifies it. Else the end of the name must be the address of a page of one archive
        only, and more than a single word; text files do not count there, since people name those freely.
        """
        name = _COPY.sub(r"\1", name) if "." in name else name
        parts = name.replace("\\", "/").split("/")
        if ("._" in name or "__MACOSX" in name) and any(
            part.startswith("._") or part == "__MACOSX" for part in parts
        ):  # macOS adds these beside each file
            return False, None
        if "saved_resource" in name and _FRAME.search("/".join(parts[-2:])):
            return False, None
        suffix = suffix_of(name)
        host_at = next((at for at in reversed(range(len(parts) - 1)) if parts[at].lower() in self._hosts), None)
        if host_at is not None:
            path = "/".join(parts[host_at + 1 :])
            address = self._below_host(parts[host_at].lower(), as_saved(path))
            given_by_people = suffix in GIVEN_SUFFIXES or (suffix in PAGE_SUFFIXES and " " in path)
            return address is not None or given_by_people, address
        address = None if suffix == ".txt" else self._guess(as_saved("/".join(parts[-DEPTH:])))
        return address is not None or suffix in PAGE_SUFFIXES, address

    def _below_host(self, host: str, path: str) -> str | None:
        source = self._hosts[host]
        address = address_of(source.root(host), path)
        return item_url(address, source) or (address if source.path_pattern.fullmatch(path) else None)

    def _guess(self, path: str) -> str | None:
        matches = [(source.hosts[0], match[1]) for source, end in self._ends if (match := end.fullmatch(path))]
        addresses = [self._below_host(host, path) for host, path in matches if "/" in path or "?" in path]
        return addresses[0] if len(addresses) == 1 else None


def address_of(root: str, path: str) -> str:
    """Return an address from its parts, escaping what a file's name may contain unescaped."""
    return f"{root}/{quote(path, safe='/?&=%:+,;@!$()*~[]', errors='replace')}"
