"""Which part of a record is its title, its date, its summary: by what stands in the same place of all records."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import mean
from typing import TYPE_CHECKING

from harvester.learn.tree import BLOCKS, IDENTIFIER
from harvester.learn.words import DATE_WORDS, TITLE_WORDS
from harvester.learn.words import matches as names
from harvester.parsers.dates_within import is_date, only_date
from harvester.parsers.range_lines import MOST_DIGITS
from harvester.source import COMMON_LABELS, RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harvester.learn.candidates import Block
    from harvester.learn.rows import Rows
    from harvester.learn.tree import Tree

MOST_ROWS = 60
"""Records that are looked at: what holds for these holds for the page."""
_WORD = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?![\w-]*\d)|[\u3040-\u30ff\u4e00-\u9fff]{2}")
_LONGEST_LABEL, _MOST_LABEL_WORDS = 40, 4
_LABELLED = re.compile(r"([^\W\d][^:：]{0,39}?) ?[:：] *(?!//)(\S.*)")
KNOWN = {label for label, _ in COMMON_LABELS}
_MOSTLY, _HALF = 0.9, 0.5
_LOOKED_AT = 500
"""Characters of a text whose words are counted: prose has more than any title in these."""
_PROSE = 200
"""Characters of a text on average, from which on it is prose."""
_ACTIONS = re.compile(
    r"(?i)(?:(?:view|read|see|open|download|show|get|click|more|full|details?|pdf|docx?|html?|text|opinion|document|file|link"
    r"|here|online|lire|la|suite|voir|plus|télécharger|mehr|lesen|anzeigen|ansehen|details|herunterladen|ver|más|leer|descargar"
    r"|leggi|tutto|scarica|dettagli|lees|meer|bekijk|подробнее|скачать|читать|далее|więcej|czytaj|szczegóły|pobierz|více|detail"
    r"|tovább|részletek|megnyitás|详情|查看|下载|詳細|表示|ダウンロード)[\s.…»>:()\[\]]*)+"
)
"""Texts of links that say what to do, not what is there."""


@dataclass(frozen=True)
class Slot:
    """A place in the records: its selector, the texts there by the records' numbers, its path, its column's heading.

    The records of each further page are numbered from the next multiple of `MOST_ROWS` on.
    """

    selector: str
    values: dict[int, str]
    path: str
    order: float
    linked: float = 0.0
    heading: str = ""
    whole: bool = False
    """Whether it has several parts: it is a record with elements, or most of its texts have several lines."""
    of_prose: bool = False
    """Whether it is a line of an element, or of a record with elements, that holds prose."""

    @cached_property
    def texts(self) -> list[str]:
        """The texts."""
        return list(self.values.values())

    @cached_property
    def length(self) -> float:
        """The characters of a text on average."""
        return mean(map(len, self.texts))

    @cached_property
    def distinct(self) -> float:
        """The share of texts that stand in one record only."""
        return len(set(self.texts)) / len(self.texts)

    @cached_property
    def dated(self) -> float:
        """The share of texts that are a date and nothing else."""
        return sum(map(is_date, self.texts)) / len(self.texts)

    @cached_property
    def dates(self) -> float:
        """The share of texts with one date in them."""
        return sum(only_date(text) is not None for text in self.texts) / len(self.texts)

    @cached_property
    def labelled(self) -> float:
        """The share of texts that begin with the label that most of them begin with."""
        labels = Counter(found[1] for found in map(_LABELLED.fullmatch, self.texts) if found)
        return max(labels.values(), default=0) / len(self.texts)

    @cached_property
    def words(self) -> float:
        """The words of a text on average, without those that most texts have, codes, and what to do."""
        several = [
            {word.casefold() for word in _WORD.findall(_beginning(text))}
            for text in self.texts
            if not _ACTIONS.fullmatch(text)
        ]
        number = Counter(word for words in several for word in words)
        most = max(2, 0.6 * len(self.texts))
        return sum(sum(number[word] <= most for word in words) for words in several) / len(self.texts)


def _beginning(text: str) -> str:
    """Return the whole words with which a long text begins."""
    return text if len(text) <= _LOOKED_AT else text[:_LOOKED_AT].rpartition(" ")[0]


@dataclass(frozen=True)
class Choice:
    """The place of a field in the records, and why it was taken."""

    slot: Slot
    why: str


def slots(pages: Sequence[Rows], headings: Sequence[str] = ()) -> list[Slot]:
    """Return the places in the records of some pages, in page order."""
    rows = _numbered(pages)
    places: defaultdict[str, dict[int, int]] = defaultdict(dict)
    orders: defaultdict[str, list[int]] = defaultdict(list)
    for number, (tree, block) in rows.items():
        for place, at in enumerate(_parts(tree, block)):
            for path in paths_of(tree, at, block):
                places[path].setdefault(number, at)
                orders[path].append(place)
        places[RECORD].setdefault(number, block.head)
        orders[RECORD].append(_MOST_LINES)
    found = []
    for path, elements in places.items():
        linked = sum(_linked(rows[number][0], at) for number, at in elements.items()) / len(elements)
        selector, order = selector_of(path, elements, rows), float(mean(orders[path]))
        texts = {number: rows[number][0].text(at) for number, at in elements.items()}
        blocks = path == RECORD and any(_has_block_inside(rows[number][0], at) for number, at in elements.items())
        lines = _lines(elements, rows)
        whole = blocks or len(lines.get(2, ())) * 2 > len(elements)
        found.append(Slot(selector, texts, path, order, linked, _heading(path, headings), whole))
        prose = (blocks or path != RECORD) and mean(map(len, texts.values())) > _PROSE
        for line, values in lines.items():
            name = f"::line({line})"
            found.append(Slot(selector + name, values, path + name, order + line / 10, of_prose=prose))
    return found


def _lines(elements: Mapping[int, int], rows: Mapping[int, tuple[Tree, Block]]) -> dict[int, dict[int, str]]:
    """Return the lines of elements that have several, by their numbers from 1 on."""
    lines: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for number, at in elements.items():
        tree, block = rows[number]
        part = block if at == block.head else tree.elements[at]  # a block may go on behind its head
        for line, text in enumerate(tree.lines(part.first_text, part.end_text)[:_MOST_LINES], 1):
            lines[line][number] = text
    return lines if len(lines) > 1 else {}


def _numbered(pages: Sequence[Rows]) -> dict[int, tuple[Tree, Block]]:
    """Return the first records of some pages by their numbers."""
    return {
        at * MOST_ROWS + number: (page.tree, block)
        for at, page in enumerate(pages)
        for number, block in enumerate(page.group.blocks[:MOST_ROWS])
    }


def labelled(pages: Sequence[Rows]) -> list[Slot]:
    """Return the labels in the records and their values: short lines that most records repeat before other lines.

    `Label: value` in one line counts as well.
    """
    rows = {number: tree.lines(block.first_text, block.end_text) for number, (tree, block) in _numbered(pages).items()}
    repeated = Counter(line for lines in rows.values() for line in set(lines) if len(line) <= _LONGEST_LABEL)
    fixed = {line for line, number in repeated.items() if number >= max(2, 0.5 * len(rows)) and _may_be_label(line)}
    values: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for number, lines in rows.items():
        for line, after in zip(lines, [*lines[1:], ""], strict=True):
            inline = _LABELLED.fullmatch(line)
            if inline and not is_date(line):
                values[inline[1]].setdefault(number, inline[2])
            elif line in fixed and after and after not in fixed and not _LABELLED.fullmatch(after):
                values[line.rstrip(": ")].setdefault(number, after)
    least = max(2, 0.3 * len(rows))
    return [
        Slot("", texts, "", number, heading=label)
        for number, (label, texts) in enumerate(values.items())
        if (len(texts) >= least and len(set(texts.values())) > 1) or label.casefold() in KNOWN
    ]


def _may_be_label(line: str) -> bool:
    return (
        len(line.split()) <= _MOST_LABEL_WORDS
        and not is_date(line)
        and _WORD.search(line) is not None
        and not _ACTIONS.fullmatch(line)
    )


def _parts(tree: Tree, block: Block) -> Iterator[int]:
    """Yield the elements of a block that hold a text without blocks in it, the block's own first."""
    for at in range(block.head, block.end):
        element = tree.elements[at]
        if element.first_text < element.end_text and not _has_block_inside(tree, at):
            yield at


def _has_block_inside(tree: Tree, at: int) -> bool:
    return any(
        tree.elements[child].tag in BLOCKS and tree.elements[child].tag != "hr" and tree.length(tree.elements[child])
        for child in tree.elements[at].children
    )


def paths_of(tree: Tree, at: int, block: Block) -> list[str]:
    """Return the places of an element inside its record, by names with numbers, and without them but those of cells."""
    if at == block.head:
        return [RECORD]
    if at < tree.elements[block.head].end:
        path = _joined([_step(tree, one) for one in tree.path(at, within=block.head)])
    else:  # in what follows the head
        beside, *inner = tree.path(at, within=tree.elements[block.head].parent)
        path = _joined([tree.signature(beside), *(_step(tree, one) for one in inner)])
    return list(dict.fromkeys((path, _UNNUMBERED.sub(r"\1", path))))


def _joined(steps: Sequence[str]) -> str:
    """Return the selector of elements inside one another, without `tbody`, which only one of the engines adds."""
    return " > ".join(steps).replace(" > tbody > ", " ").removeprefix("tbody > ")


def selector_of(path: str, elements: Mapping[int, int], rows: Mapping[int, tuple[Tree, Block]]) -> str:
    """Return the shortest selector of a place: its name, if nothing before it has it, or its class, else its path."""
    if path == RECORD:
        return path
    ats = [(rows[number][0], at) for number, at in elements.items()]
    tag = ats[0][0].elements[ats[0][1]].tag
    shared = set.intersection(*(set(tree.elements[at].classes) for tree, at in ats))
    for name in ("", *(name for name in sorted(shared, key=lambda one: (len(one), one)) if IDENTIFIER.fullmatch(name))):
        if all(_first(rows[number][0], tag, name, rows[number][1]) == at for number, at in elements.items()):
            return f"{tag}.{name}" if name else tag
    return path


def _first(tree: Tree, tag: str, name: str, block: Block) -> int | None:
    """Return the first element with a text in a block, not its head, with this name and this class."""
    for at in range(block.head + 1, block.end):
        element = tree.elements[at]
        if element.tag == tag and (not name or name in element.classes) and element.end_text > element.first_text:
            return at
    return None


def _step(tree: Tree, at: int) -> str:
    """Return the selector of an element among its siblings: by its name, or with its number if it is one of several."""
    element = tree.elements[at]
    siblings = tree.elements[element.parent].children
    if sum(tree.elements[one].tag == element.tag for one in siblings) == 1:
        return element.tag
    number = siblings.index(at) + 1
    return f"{element.tag}:nth-child({number})" if number < _MOST_NUMBER else element.tag


def _linked(tree: Tree, at: int) -> float:
    """Return 1 for an element in a link or that is one, less for one that holds one."""
    step, most = at, _MOST_OF_LINK * tree.length(tree.elements[at])
    while step >= 0 and tree.length(tree.elements[step]) <= most:
        if tree.elements[step].tag == "a":
            return 1.0
        step = tree.elements[step].parent
    return 0.7 * any(tree.elements[one].tag == "a" for one in range(at, tree.elements[at].end))


_UNNUMBERED = re.compile(r"\b((?!t[dh]:)[a-z][a-z0-9]*):nth-child\(\d+\)")
_CELL = re.compile(r"(?:^|> )t[dh](?::nth-child\((\d+)\))?")
_MOST_OF_LINK = 1.5
"""So many times longer than an element the link around it may be: else it is one of several parts of that link."""
_MOST_NUMBER = 100
"""The number of a sibling from which on a selector cannot name it."""
_MOST_LINES = 4
"""Lines of a part that may be fields of their own."""


def _heading(path: str, headings: Sequence[str]) -> str:
    cell = _CELL.search(path)
    number = int(cell[1] or 1) if cell else 0
    return headings[number - 1] if 0 < number <= len(headings) else ""


def title_of(found: Sequence[Slot], rows: int) -> Choice | None:
    """Return the place of the titles: different texts of a few words, linked or marked or so named."""
    scored = [(_title_score(slot, rows), slot) for slot in found]
    score, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    if best is not None and score > 0 and (best.distinct >= _HALF or best.linked == 1):
        return Choice(best, _why_title(best))
    # What many records share is none of theirs: then it is the number that is linked, if there is one.
    linked = [slot for slot in found if slot.linked == 1 and slot.distinct > _MOSTLY < len(slot.values) / rows]
    if linked:
        return Choice(linked[0], "the text of the links")
    return Choice(best, _why_title(best)) if best is not None and score > 0 else None


def _title_score(slot: Slot, rows: int) -> float:
    fill = len(slot.values) / rows
    if fill < 0.6 or slot.dated > 0.3:
        return 0.0
    fit = min(1.0, slot.words / 2) * (1.0 if slot.words <= 30 else 0.5)
    name = f"{slot.heading} {slot.selector}"
    marked = 1.6 if names(TITLE_WORDS, slot.heading) else 1.3 if names(TITLE_WORDS, slot.selector) else 1.0
    linked = 1 + 0.35 * slot.linked
    heading = 1.3 if re.search(r"\bh[1-6]\b", slot.path) else 1.0
    plain = 0.9 if names(DATE_WORDS, name) else 1.0
    whole = 0.8 if slot.dates > 0.5 else 1.0
    long = 1.0 if slot.length < _PROSE else 0.6
    plain *= 1 - 0.8 * slot.labelled
    part = 0.95 if "::line" in slot.selector else 0.6 if slot.whole else 1.0
    line = 0.3 if slot.of_prose else part
    return fill * (0.2 + 0.8 * slot.distinct) * fit * marked * linked * heading * plain * whole * long * line


def _why_title(slot: Slot) -> str:
    reasons = [f"{round(slot.distinct * 100)} % different texts"]
    reasons += ["linked"] if slot.linked > 0.5 else []
    reasons += [f"under “{slot.heading}”"] if slot.heading else []
    return ", ".join(reasons)


def date_of(found: Sequence[Slot], rows: int) -> Choice | None:
    """Return the place of the dates: those that are whole texts before those in longer ones."""
    scored = []
    for slot in found:
        named = 1.3 if names(DATE_WORDS, f"{slot.heading} {slot.selector}") else 1.0
        fill = len(slot.values) / rows
        value = max(slot.dated, 0.6 * slot.dates) * fill * named * (0.5 if slot.length > 120 else 1.0)
        scored.append((value - slot.order / 1000 - slot.length / 5000, slot))
    score, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    if best is None or score < 0.25:
        return None
    kind = "are dates" if best.dated > 0.5 else "hold a date"
    return Choice(best, f"{round(max(best.dated, best.dates) * 100)} % of the texts {kind}")


def summary_of(found: Sequence[Slot], taken: Sequence[Slot], rows: int) -> Choice | None:
    """Return the place of the longest prose; None if there is none."""
    titles = [slot.length for slot in taken]
    prose = [
        slot
        for slot in found
        if slot not in taken
        and slot.length > max([80.0, *titles])
        and len(slot.values) >= 0.3 * rows
        and not any(_within(one.path, slot.path) for one in taken)
    ]
    best = max(prose, key=lambda slot: slot.length * len(slot.values), default=None)
    return None if best is None else Choice(best, f"the longest prose, {round(best.length)} characters on average")


_DIGIT = re.compile(r"\d")


def key_of(found: Sequence[Slot], taken: Sequence[Slot], rows: int) -> Choice | None:
    """Return the first place of short texts with a number, each in one record only; None if there is none."""
    paths = {slot.path for slot in taken}
    for slot in found:
        short = slot.selector and not slot.whole and "::line" not in slot.selector and slot.length < _LONGEST_LABEL
        other = (slot.path not in paths or not slot.words) and not slot.dates
        known = len(slot.values) == rows and slot.distinct == 1 and all(map(_DIGIT.search, slot.texts))
        if short and other and known and not _are_positions(slot.texts):
            return Choice(slot, "no text stands there twice")
    return None


def _are_positions(texts: Sequence[str]) -> bool:
    """Return whether texts count the records of a list, as 1 and 2, or 21 and 22 of twenty, which will change."""
    numbers = [int("".join(filter(str.isdecimal, text))[:MOST_DIGITS]) for text in texts]
    first, one_by_one = numbers[0], all(after == one + 1 for one, after in pairwise(numbers))
    return one_by_one and (first - 1) % len(numbers) == 0


def _within(inner: str, outer: str) -> bool:
    return outer == RECORD or inner == outer or inner.startswith((f"{outer} ", f"{outer}::"))
