"""Makes the selectors that definitions allow of the places of fields: names, classes, first and last children."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harvester.learn.fields import Choice
    from harvester.learn.learner import Learned

_CELL = re.compile(r"td(?::nth-of-type\((\d+)\))?(?: > .*)?")
_NTH = re.compile(r"([\w-]+):nth-of-type\((\d+)\)")
_MOST_STEPS = 4
_LONGEST_HEADING = 60


def columns_of(learned: Learned) -> dict[str, tuple[str, str]]:
    """Return the columns of a table with their fields and why; empty if the records are no rows of cells."""
    if learned.row_tag != "tr":
        return {}
    columns: dict[str, tuple[str, str]] = {}
    heads = _heads(learned)
    for field, choice in _choices(learned):
        if not choice.slot.selector:
            continue
        number = _column(choice)
        if number is None:
            return {}
        columns[heads.get(number, str(number))] = (field, choice.why)
    others = {head: (head, "") for head in heads.values() if head not in columns}  # kept under their headings
    return columns | others if columns else {}


def _column(choice: Choice) -> int | None:
    """Return the number of the cell that is a place, or in which it is the only text; None if it is in no cell."""
    found = _CELL.fullmatch(choice.slot.path)
    return int(found[1] or 1) if found else None


def _heads(learned: Learned) -> dict[int, str]:
    """Return the headings that name a column, by its number: if only headings are `th`, those that stand there once."""
    if not learned.headed:
        return {}
    number = Counter(learned.columns)
    return {
        at: head
        for at, head in enumerate(learned.columns, 1)
        if head and not head.isdecimal() and number[head] == 1 and len(head) <= _LONGEST_HEADING
    }


def fields_of(learned: Learned) -> dict[str, tuple[str, str]]:
    """Return the selectors of the fields and why; those that no selector can express are left out."""
    fields: dict[str, tuple[str, str]] = {}
    for field, choice in _choices(learned):
        if not choice.slot.selector:
            continue
        selector = next((one for one in alternatives(choice.slot.selector) if learned.selects(one, choice.slot)), None)
        if selector:
            fields[field] = (selector, choice.why)
    return fields if "title" in fields or "title" in labels_of(learned).values() else {}


def labels_of(learned: Learned) -> dict[str, str]:
    """Return the labels that stand before a field in its line, with the field."""
    return {choice.slot.heading: field for field, choice in _choices(learned) if not choice.slot.selector}


def _choices(learned: Learned) -> Iterator[tuple[str, Choice]]:
    for field, choice in (("title", learned.title), ("date", learned.date), ("summary", learned.summary)):
        if choice is not None:
            yield field, choice


def alternatives(selector: str) -> Iterator[str]:
    """Yield selectors without numbers of siblings that may select the same."""
    if ":scope" in selector or not selector:
        return
    plain = _NTH.sub(_by_siblings, selector)
    steps = plain.split(" > ")
    for start in range(len(steps)):
        shortened = " > ".join(steps[start:])
        if len(re.findall(r" > | \+ ", shortened)) < _MOST_STEPS and "nth" not in shortened:
            yield shortened


def _by_siblings(found: re.Match[str]) -> str:
    number = int(found[2])
    if number > _MOST_STEPS:
        return found[0]
    return " + ".join([f"{found[1]}:first-child", *[found[1]] * (number - 1)])
