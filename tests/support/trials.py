"""How many trials a test makes: few in the suite, many where `SOAK=1 python -m tests` is run."""

from __future__ import annotations

import os

IN_FULL = bool(os.environ.get("SOAK"))


def trials(few: int, many: int) -> int:
    """Return the number of trials of a test."""
    return many if IN_FULL else few
