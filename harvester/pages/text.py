"""From text to blocks, the grammar's input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvester.source import Form

MOST_BLOCKS = 60_000
"""More are not even split: no page of an archive has a hundredth of that."""


@dataclass(frozen=True)
class Block:
    """Lines that belong together. `gap` counts the blank lines before; `marked`: a record mark stands before it."""

    lines: tuple[str, ...]
    gap: int = 1
    marked: bool = False

    @cached_property
    def text(self) -> str:
        """The lines as one."""
        return " ".join(self.lines)

    @property
    def paragraph(self) -> str:
        """The lines as printed."""
        return "\n".join(self.lines)


def blocks_of(text: str, form: Form) -> list[Block]:
    """Split a text into blocks: at blank lines, at record marks, or line by line, as the form says."""
    blocks: list[Block] = []
    lines: list[str] = []
    gap, marked = 0, False

    def close() -> None:
        nonlocal lines, gap, marked
        if lines:
            blocks.append(Block(tuple(lines), gap, marked))
            lines, gap, marked = [], 0, False

    for raw in text.split("\n"):
        if len(blocks) > MOST_BLOCKS:
            break
        mark = form.mark_pattern.match(raw) if form.mark_pattern else None
        line = raw[mark.end() :].strip() if mark else raw.strip()
        if mark or form.one_line_parts or not line:
            close()
        marked = marked or mark is not None
        gap += not line and not mark
        if line:
            lines.append(line)
    close()
    return blocks
