"""Scores the reader of titles on titles labelled by hand, and times it: `python -m tests.soak.titles`.

The labels: `labelled_by_readers.json`, a hundred titles of the first archive, labelled by two independent readers;
`labelled_development.json` and `labelled_held_out.json`, titles found in stored public web pages of that archive, of
its mirrors and of another one (each with its `source`), labelled by hand before the reader was changed. The held-out
third was not looked at while the reader was changed. In a label `core` is the least that must be there, `full` the most
that may be; `?` stands where readers may differ, and is not scored.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from harvester.parsers.titles import read_title
from tests.support.paths import FIXTURES

FOLDER = FIXTURES / "titles"
LABELLED = ("labelled_by_readers", "labelled_development", "labelled_held_out")


class Score(NamedTuple):
    """The shares of kinds that are right, of names given that are right, and of names labelled that are given."""

    kind: float
    precision: float
    recall: float
    wrong: list[str]


def load(name: str) -> list[dict[str, Any]]:
    """Return the labelled titles of one file."""
    labels: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return labels


def is_right(label: dict[str, str], name: str) -> bool:
    """Return whether `name` holds all of the label's core and nothing beyond its full form."""
    return label["core"].lower() in name.lower() and name.lower() in label["full"].lower()


def score(labels: list[dict[str, Any]]) -> Score:
    """Return how well today's reader does on these titles."""
    kinds = right = given = wanted = 0
    wrong = []
    for label in labels:
        parts = read_title(label["title"])
        if label["kind"] in ("?", parts.kind):
            kinds += 1
        else:
            wrong.append(f"{label['title']}: kind {parts.kind}, not {label['kind']}")
        for role, name in (("sender", parts.sender), ("recipient", parts.recipient)):
            if label[role] == "?":
                continue
            found = bool(label[role] and name and is_right(label[role], name))
            right, given, wanted = right + found, given + (name is not None), wanted + (label[role] is not None)
            if not found and (name or label[role]):
                wrong.append(f"{label['title']}: {role} {name}, not {label[role]}")
    return Score(kinds / len(labels), right / given, right / wanted, wrong)


def time_ratio() -> float:
    """Return how often a fixed loop of plain Python runs in the time that one title takes, at best of five."""
    titles = [label["title"] for name in LABELLED for label in load(name)]
    reading = looping = float("inf")
    for _ in range(5):
        began = time.process_time()
        for title in titles:
            read_title(title)
        read = time.process_time()
        for title in titles:
            sum(ord(letter) for letter in title)
        reading, looping = min(reading, read - began), min(looping, time.process_time() - read)
    return reading / looping


if __name__ == "__main__":
    for file in LABELLED:
        result = score(load(file))
        print(f"{file}: kind {result.kind:.3f}, precision {result.precision:.3f}, recall {result.recall:.3f}")
        if file != "labelled_held_out":
            print(*(f"  {line}\n" for line in result.wrong), sep="", end="")
    print(f"a title takes {time_ratio():.1f} times as long as adding up its letters one by one")
