"""Learns definitions from saved court listings and compares them with the records that others wrote down.

`python -m tests.soak.learn_juriscraper CHECKOUT [--letters a-m]`, where CHECKOUT is a copy of the public repository
freelawproject/juriscraper. Prints the shares of pages whose blocks, titles and dates are right, and of definitions by
two pages that are verified and right.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from harvester.learn.definition import Definition, learn
from harvester.model import Capture, Listing
from harvester.registry import load_definition
from harvester.urls import read_link

if TYPE_CHECKING:
    from harvester.model import Record
    from harvester.source import Source

FOLDER = Path("tests", "examples", "opinions", "united_states")
OWN, EXTRA, WORDS = 0.9, 0.1, 0.6
"""The share of records in a block of their own, of other blocks, and of a title's words from which it is right."""


@dataclass(frozen=True)
class Score:
    """What is right in one page; `extra`: blocks without a record of the answers."""

    answers: int
    own: int
    extra: int
    titles: int
    dates: int

    @property
    def blocks_right(self) -> bool:
        """Whether nearly all records have a block of their own."""
        return self.own >= OWN * self.answers

    @property
    def none_extra(self) -> bool:
        """Whether there are few other blocks."""
        return self.extra <= max(EXTRA * self.answers, 0)


def main() -> None:
    """Print the shares of what is right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--letters", default="a-m", help="first letters of the pages' names, as a-m")
    parser.add_argument("--all", action="store_true", help="print every page")
    options = parser.parse_args()
    pages = sorted((options.checkout / FOLDER).glob(f"[{options.letters}]*.html"))
    scores = {page: score for page in pages if (score := _score(page, options.all)) is not None}
    total = len(scores)
    print(f"{total} pages whose answers' addresses stand on them")
    for what, right in (
        ("blocks", [score.blocks_right for score in scores.values()]),
        ("blocks, without extra ones", [score.blocks_right and score.none_extra for score in scores.values()]),
        ("titles", [score.titles >= 0.85 * score.answers for score in scores.values()]),
        ("dates", [score.dates >= 0.85 * score.answers for score in scores.values()]),
    ):
        print(f"{what:<28} right on {sum(right)} of {total} ({sum(right) / max(1, total):.0%})")
    _print_pairs(pages)


def _score(page: Path, show: bool) -> Score | None:
    answers = _answers(page)
    links = _links(page.read_bytes())
    there = [answer for answer in answers if not links.isdisjoint(_keys(answer))]
    if len(answers) < 2 or len(there) < OWN * len(answers):
        return None
    score = _compare(_learned([page]), there)
    if show or not score.blocks_right:
        print(f"{page.stem:<40} {score}")
    return score


def _learned(pages: list[Path]) -> Definition | None:
    captures = [Capture(uri=page.absolute().as_uri(), body=page.read_bytes()) for page in pages]
    return learn(captures, "court")


def _answers(page: Path) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = json.loads(page.with_suffix(".compare.json").read_text())
    return answers


def _compare(definition: Definition | None, answers: list[dict[str, Any]]) -> Score:
    """Return how the records of a definition's first page compare with the answers, by their addresses."""
    listing = definition.read[0] if definition else None
    if definition is None or not isinstance(listing, Listing):
        return Score(len(answers), 0, 0, 0, 0)
    wanted: defaultdict[str, list[int]] = defaultdict(list)
    for number, answer in enumerate(answers):
        for key in _keys(answer):
            wanted[key].append(number)
    own, titles, dates, extra = set[int](), set[int](), set[int](), 0
    read: defaultdict[str | None, list[Record]] = defaultdict(list)
    for record in listing.records:  # several may be of one document
        read[record.url].append(record)
    source = _source_of(definition)
    for block in definition.pages[0].blocks:
        found = {number for link in block for number in wanted[_key(link)]}
        extra += not found
        keys = {key for link in block if wanted[key := _key(link)]}
        if len(found) > 1 and len(keys) > 1:  # several records in one block
            continue
        addresses = (read_link(href, source) for href in block)
        records = next((read[address.url] for address in addresses if address and address.url in read), [])
        own |= found if records else set()
        for number, record in product(found, records):
            titles |= {number} if _same_title(record.title, answers[number]["case_names"]) else set()
            days = (record.date.edtf, record.date.first_day)
            dates |= {number} if answers[number]["case_dates"] in days else set()
    return Score(len(answers), len(own), extra, len(titles), len(dates))


def _source_of(definition: Definition) -> Source:
    """Return the source that a definition makes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "court.toml")
        file.write_text(definition.text, encoding="utf-8")
        return load_definition(file)


def _print_pairs(pages: list[Path]) -> None:
    """Print how many sources with two pages end verified, right or wrong."""
    sources: defaultdict[str, list[Path]] = defaultdict(list)
    for page in pages:
        sources[re.sub(r"_example(_\d+)?$", "", page.stem)].append(page)
    pairs = [found[:2] for found in sources.values() if len(found) > 1]
    right = wrong = 0
    for pair in pairs:
        definition = _learned(pair)
        score = _compare(definition, _answers(pair[0]))
        good = score.own >= OWN * score.answers and score.titles >= 0.85 * score.answers
        verified = definition is not None and definition.verified
        right += verified and good
        wrong += verified and not good
        print(f"{pair[0].stem:<40} verified: {verified}  right: {good}  {definition.doubts[:2] if definition else ''}")
    print(f"two pages: {right} of {len(pairs)} verified and right, {wrong} verified and wrong")


def _links(data: bytes) -> set[str]:
    hrefs = re.findall(rb"""(?i)\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", data)
    return {_key(b"".join(found).decode("utf-8", "replace")) for found in hrefs}


def _keys(answer: dict[str, Any]) -> list[str]:
    """Return the keys of a record's addresses: some have one for each opinion."""
    several = [answer, *answer.get("sub_opinions", ())]
    return [_key(address) for one in several if (address := one.get("download_urls"))]


def _key(address: str | None) -> str:
    """Return the last part of an address: pages and answers write the rest in different ways."""
    parts = urlsplit((address or "").strip().replace("&amp;", "&"))
    path = unquote(parts.path).rstrip("/").casefold()
    return path.rsplit("/", 1)[-1] + (f"?{unquote(parts.query).casefold()}" if parts.query else "")


def _same_title(title: str, name: str) -> bool:
    """Return whether a title holds most words of a case's name, which others have shortened and spelled their way."""
    words = {word for word in re.findall(r"\w{3,}", name.casefold()) if word not in _COMMON}
    there = set(re.findall(r"\w{3,}", title.casefold()))
    return not words or len(words & there) >= WORDS * len(words)


_COMMON = {"the", "state", "people", "united", "states", "versus", "matter", "and", "usa"}


if __name__ == "__main__":
    main()
