"""Differences of two values, as people read them."""

from __future__ import annotations

import difflib

SHORT = 100
"""Values that fit on a line stand whole, one under the other."""
AROUND = 8
"""Words shown on both sides of a difference."""


def difference(before: str, after: str) -> list[str]:
    """Give the lines that show what has changed: `- before`, `+ after`; of long values only where they differ."""
    if max(len(before), len(after)) <= SHORT or not before or not after:
        return [f"- {before}", f"+ {after}"]
    one, other = before.split(), after.split()
    lines: list[str] = []
    for group in difflib.SequenceMatcher(None, one, other, autojunk=False).get_grouped_opcodes(AROUND):
        start, end = group[0], group[-1]
        lines.append("- " + _stretch(one, start[1], end[2]))
        lines.append("+ " + _stretch(other, start[3], end[4]))
    return lines


def _stretch(words: list[str], start: int, end: int) -> str:
    """Give some of the words; dots stand for those left out."""
    return " ".join([*["…"][: start > 0], *words[start:end], *["…"][: end < len(words)]])
