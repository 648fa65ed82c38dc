"""Definitions beside sources in Python, on the same pages; and what hostile definitions cost on hostile pages.

By hand, since the hostile ones take minutes: `python -m tests.benchmarks.definitions [PAIRS]`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harvester.model import Capture, Refused
from harvester.parsers.parse import parse
from harvester.registry import load_definition, load_sources
from tests.benchmarks.measure import PAIRS, cpu_of_call, outcome, ratio
from tests.support.archive_pages import document_page, listing_page, make_items
from tests.support.platform_pages import blacklight
from tests.unit.definitions.test_sources import CATALOGUE, WILSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from harvester.source import Source

TIMES = 100
ITEMS = make_items(10, seed=3)
HEAD = 'title = "City"\naddress = "https://city.example.org"\nitems = "/item/{slug}"\n'
STEPS = ("div span b i", "article div span b", "p a b i", "div a span b", "div div div div", "main div i b", "p p p p")
HOSTILE = {
    "ranges": '[listing]\ndeclares = "range"\n',
    "templates": "[listing]\ndeclares = ["
    + ", ".join(
        f'"{{*}}{letter} {{first}} {{to}} {{last}} {{of}} {{total}}{{*}}"' for letter in "1234567890abcdefghijklmn"
    )
    + "]\n",
    "fields": '[listing]\ndeclares = "{total} in all"\nrecord = "article"\n[listing.fields]\ntitle = "a"\n'
    + "".join(f'"f{number}" = "{STEPS[number % 2]}"\n' for number in range(9)),
    "labels": '[listing]\ndeclares = "{total} in all"\nrecord = "article"\n[listing.fields]\ntitle = "a"\n[labels]\n'
    + "".join(f'"L{number}" = "kind"\n' for number in range(3000)),
    "noise": '[listing]\ndeclares = "{total} in all"\nnoise = ['
    + ", ".join(f'"{{*}}l{letter}{{*}}"' for letter in "abcdefghijklmnopqrstuvwx")
    + "]\n",
    "blocks": f'[document]\nblocks = "div, p, span, b, i"\nlabel = "b, i, span"\nvalue = "i, b, p, {STEPS[0]}"\n',
}
"""Definitions, each the dearest of its kind that is accepted."""


def report(pairs: int) -> list[str]:
    """Return the figures as lines."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            outcome(f"{name}: definition / Python", ratio(own, shipped, pairs), 1.2, at_least=False)
            for name, own, shipped in _pairs(Path(folder))
        ]
        return lines + list(map(" ".join, _hostile(Path(folder))))


def define(folder: Path, name: str, text: str) -> Source:
    (folder / f"{name}.toml").write_text(text, "utf-8")
    return load_definition(folder / f"{name}.toml")


def _pairs(folder: Path) -> list[tuple[str, Callable[[], float], Callable[[], float]]]:
    """Return pairs of readings of one page, by a definition and by the shipped source."""
    sources = load_sources()
    pages = {
        "wilson": [
            ("listing", "search?page=0", listing_page(ITEMS, 1, 16_756)),
            ("document", f"document/{ITEMS[0].slug}", document_page(ITEMS[0])),
        ],
        "blacklight": [
            ("listing", "catalog?page=1", blacklight.listing(ITEMS, 1, 16_756, "")),
            ("document", f"catalog/{ITEMS[0].slug}", blacklight.document(ITEMS[0], "")),
        ],
    }
    return [
        (f"{name} {kind}", _reading(define(folder, name, text), path, body), _reading(sources[name], path, body))
        for name, text in (("wilson", WILSON), ("blacklight", CATALOGUE))
        for kind, path, body in pages[name]
    ]


def _reading(source: Source, path: str, body: bytes) -> Callable[[], float]:
    def read() -> None:
        for _ in range(TIMES):
            page = parse(Capture(f"https://{source.hosts[0]}/{path}", body, media_type="text/html"), source)
            assert not isinstance(page, Refused), page

    return lambda: cpu_of_call(read)


def page_of_8_mb(line: str) -> bytes:
    """Return a page of 1,900 records, as large as one may be, whose lines are all alike; it is cut off at its end."""
    inside = "<div><span><b><i>x</i></b></span></div>"
    rows = "".join(
        f'<article><a href="/item/i{number}">T{number}</a>{inside}<p>{line * (4000 // len(line))}</p></article>'
        for number in range(1900)
    )
    return f"<!DOCTYPE html><html><body><main><p>1900 in all</p>{rows}".encode()


def _hostile(folder: Path) -> list[tuple[str, ...]]:
    """Return the CPU seconds of each hostile definition on each hostile page, and of a plain definition."""
    plain = define(folder, "plain", f'{HEAD}[listing]\ndeclares = "{{total}} in all"\n')
    lines = ("lorem ipsum dolor ", "1 - 2 to 3 of ", "\n1 - 2 of la lb", "L1: x\nL2: y\n")
    pages = [page_of_8_mb(line) for line in lines]
    base = max(_cost(plain, body) for body in pages)
    found: list[tuple[str, ...]] = [("a plain definition, a page of 8 MB:", f"{base:.2f} s CPU")]
    for name, text in HOSTILE.items():
        source = define(folder, name, HEAD + text)
        worst = max(_cost(source, body) for body in pages)
        found.append((f"hostile {name}:", f"{worst:.2f} s CPU,", f"{worst / base:.2f} of that"))
    return found


def _cost(source: Source, body: bytes) -> float:
    """Return the CPU seconds of a page at the address of a record: it may be of either kind there."""
    capture = Capture("https://city.example.org/item/a", body, media_type="text/html")
    return cpu_of_call(lambda: parse(capture, source))


def main(arguments: list[str]) -> None:
    """Print the figures: `python -m tests.benchmarks.definitions [PAIRS]`."""
    print("\n".join(report(int(arguments[0]) if arguments else PAIRS)))


if __name__ == "__main__":
    main(sys.argv[1:])
