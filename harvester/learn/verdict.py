"""Whether the likeliest blocks of a page are records of a listing: articles and home pages have alike blocks, too."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from harvester.parsers.dates_within import dates_within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.learn.candidates import Group
    from harvester.learn.declared import Declared
    from harvester.learn.pagers import Pager
    from harvester.learn.scoring import Evidence
    from harvester.learn.tree import Tree

CONVINCED = 0.4
"""The confidence from which a page counts as a listing; measured on saved listings and articles."""
_LOOKED_AT = 60
_SENTENCE = 15
"""Characters around a link that is in the middle of a sentence."""
_MENU = 45
"""Characters of an entry in a menu."""
_FEW, _NEARLY_ALL = 0.3, 0.9
_DATED, _LINKED = 0.6, 0.5
_NO_CHANCE = 4
"""The number of records from which on it is no chance that another number in a line is the same."""
_SHORT = 60
"""Characters of a line that states a total; in a longer one a number may mean anything."""
_PROSE = 150
"""Characters of a line that is prose."""
_ARTICLE_TYPES = frozenset(
    {"Article", "NewsArticle", "BlogPosting", "Report", "ScholarlyArticle", "Product", "Person", "Event"}
)
_HOME = re.compile(r"(?i)(?:^|(?<!not)[-_])(?:home|front|main|start)(?:-?page)?$|MainPage$")
"""Names that bodies of home pages have."""
_SINGLE = re.compile(r"\b(?:single|single-post|page-article|node-type-article|article-page)\b")
_ROOT = re.compile(r"https?://[^/?#]+/?")
_LD = re.compile(rb"(?is)<script[^>]{0,200}application/ld\+json[^>]{0,200}>(.*)")
_END = re.compile(rb"(?i)</script>")
_LONGEST_LD = 100_000


@dataclass(frozen=True)
class Verdict:
    """How sure it is that a page is a listing, and why."""

    confidence: float
    reasons: tuple[str, ...]

    @property
    def convinced(self) -> bool:
        """Whether the page counts as a listing."""
        return self.confidence >= CONVINCED


def judge(
    tree: Tree, group: Group, evidence: Evidence, declared: Declared | None, pager: Pager | None, data: bytes
) -> Verdict:
    """Return how sure it is that these blocks are records of a listing."""
    count = len(group.blocks)
    if declared is not None and _is_proof(declared, count, evidence) and _own_parts(evidence):
        sure = declared.kind == "range" and declared.known_words
        return Verdict(1.0 if sure else 0.9, (f"the page states {count} records, and has as many",))
    confidence, reasons = evidence.score, [f"{count} alike blocks"]
    if is_article(tree, data):
        confidence *= 0.5 if evidence.share > 0.8 else 0.4
        reasons.append("the page says that it is one article")
    prose = prose_outside(tree, group)
    if not _is_perfect(evidence):
        confidence *= (1 - 0.6 * prose) * min(1.0, evidence.share / 0.3)
    elif count > 2:
        confidence = max(confidence, CONVINCED)
    is_register = evidence.dated >= 0.8 and evidence.rich > 0.6 and _has_headings(tree, group)
    confidence = max(confidence, CONVINCED) if is_register else confidence
    if not is_register and evidence.linked < 0.5 and not (evidence.dated > 0.8 and evidence.rich > 0.6):
        confidence *= 0.5
        reasons.append("few have a link of their own")
    stated = declared is not None or (pager is not None and pager.next != "a")
    for factor, why in _against(tree, group, evidence, stated=stated):
        confidence *= factor
        reasons.append(why)
    if pager and pager.agrees:
        confidence *= 1.3
    return Verdict(confidence, tuple(reasons))


def _is_proof(declared: Declared, count: int, evidence: Evidence) -> bool:
    """Return whether a statement is of just so many records, not by chance, nor of what happened to one record."""
    if declared.kind == "range":
        return declared.count == count and (declared.known_words or count >= _NO_CHANCE)
    alone = declared.kind == "total" and declared.total == count and len(declared.line) <= _SHORT
    return alone and count >= _NO_CHANCE and evidence.linked >= _LINKED


def _has_headings(tree: Tree, group: Group) -> bool:
    """Return whether the records are rows of a table whose columns have headings."""
    head = group.blocks[0].head
    table = tree.table_around(head) if tree.elements[head].tag == "tr" else None
    return table is not None and sum(one.tag == "th" for one in tree.elements[table:head]) > 1


def _against(tree: Tree, group: Group, evidence: Evidence, *, stated: bool) -> Iterator[tuple[float, str]]:
    """Yield what makes blocks less likely records, and how much. `stated`: the page has a pager, or says how many."""
    if not stated and evidence.dated < _DATED and not _dates_between(tree, group):
        if not evidence.dated and _is_menu(tree, group):
            yield 0.4, "they are a few words each, as in a menu"
        else:
            yield 0.88, "they have no dates, and nothing states how many there are"
    if not stated and is_home(tree):
        yield 0.3, "the page says that it is the home page"
    if links_in_sentences(tree, group) > 0.5:
        yield 0.3, "their links stand in the middle of sentences"


def _dates_between(tree: Tree, group: Group) -> bool:
    """Return whether a date stands between blocks, as that of a day above its records."""
    gaps = ((one.end_text, after.first_text) for one, after in pairwise(group.blocks))
    return any(map(dates_within, chain.from_iterable(tree.lines(*gap) for gap in gaps)))


def _is_menu(tree: Tree, group: Group) -> bool:
    """Return whether blocks are links of a few words and nothing else, and few have a number."""
    length = sum(map(tree.length, group.blocks))
    links = (tree.elements[at] for at in tree.links if group.row_of(at) is not None)
    if length >= _MENU * len(group.blocks) or sum(map(tree.length, links)) < _NEARLY_ALL * length:
        return False
    texts = [tree.text_between(block.first_text, block.end_text) for block in group.blocks]
    return sum(any(map(str.isdigit, text)) for text in texts) <= _FEW * len(texts)


def _own_parts(evidence: Evidence) -> bool:
    return evidence.own > 0.5 and (evidence.linked >= 0.5 or evidence.dated >= 0.5 or evidence.rich >= 0.6)


def _is_perfect(evidence: Evidence) -> bool:
    """Return whether all blocks are alike in everything, as the rows of a table are."""
    parts = (evidence.linked, evidence.dated, evidence.alike, evidence.own)
    return min(parts) >= 0.9 and evidence.rich > 0.6


def links_in_sentences(tree: Tree, group: Group) -> float:
    """Return the share of blocks whose first link stands in the middle of a line of text, as in articles."""
    number = 0
    for block in group.blocks[:_LOOKED_AT]:
        place = bisect_left(tree.links, block.head)
        if place == len(tree.links) or tree.links[place] >= block.end:
            continue
        link = tree.elements[tree.links[place]]
        first, end = link.first_text, link.end_text
        if block.first_text < first < end < block.end_text:
            around = (tree.texts[first - 1].text, tree.texts[end].text)
            own_line = tree.texts[first].starts_line or tree.texts[end].starts_line
            number += not own_line and min(map(len, around)) > _SENTENCE
    return number / min(len(group.blocks), _LOOKED_AT)


def prose_outside(tree: Tree, group: Group) -> float:
    """Return the share of a page's text that is prose outside of the blocks."""
    inside = {number for block in group.blocks for number in range(block.first_text, block.end_text)}
    prose = total = 0
    for at, line in tree.numbered_lines(tree.body.first_text, tree.body.end_text):
        if not tree.elements[tree.texts[at].element].chrome:
            total += len(line)
            prose += len(line) if len(line) >= _PROSE and at not in inside else 0
    return prose / total if total else 0.0


def is_home(tree: Tree) -> bool:
    """Return whether a page says that it is the first one of its site, by its address or by a name of its body."""
    for element in tree.elements[:500]:
        names = f"{element.attributes.get('class') or ''} {element.attributes.get('id') or ''}".split()
        if element.tag == "body" and any(map(_HOME.search, names)):
            return "paged" not in names  # as further pages of a weblog are
        rel = (element.attributes.get("rel") or "").split()
        own = element.attributes.get("href") if element.tag == "link" and "canonical" in rel else None
        if own and _ROOT.fullmatch(own):
            return True
    return False


def is_article(tree: Tree, data: bytes) -> bool:
    """Return whether a page says that it is one article or thing."""
    for element in tree.elements[:500]:
        if element.tag == "meta" and element.attributes.get("property") == "og:type":
            if element.attributes.get("content") in ("article", "book", "profile"):
                return True
        elif element.tag == "body" and _SINGLE.search(element.attributes.get("class") or ""):
            return True
    return any(kind in _ARTICLE_TYPES for kind in _ld_types(data))


def _ld_types(data: bytes) -> Iterator[str]:
    """Yield the types of what JSON-LD in a page describes, outermost only."""
    scripts = _END.split(data[:2_000_000])[:-1]  # from every opening to an end that is missing takes the square
    for found in filter(None, map(_LD.search, scripts)):
        if len(found[1]) > _LONGEST_LD:
            continue
        try:
            value = json.loads(found[1])
        except (ValueError, RecursionError):  # no JSON: then it describes nothing, for other readers neither
            continue
        several = value if isinstance(value, list) else [value]
        for one in several[:20]:
            kind = one.get("@type") if isinstance(one, dict) else None
            yield from kind if isinstance(kind, list) else [kind] if isinstance(kind, str) else []
