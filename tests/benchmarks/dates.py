"""What reading a date costs, also as a ratio to a fixed loop of the same run: `python -m tests.benchmarks dates`.

The loop (a date by `datetime.strptime`) is the same wherever it runs; the machine's speed and load cancel out.
"""

from __future__ import annotations

import datetime
import time
import timeit
from typing import TYPE_CHECKING

from harvester.parsers.date_grammar import read
from tests.benchmarks.measure import outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMON = ("July 9, 1956", "December 24, 1959", "June 1960", "1979", "12 December 1979")
OTHERS = (
    *("12-14 May 1960", "circa 1950-1955", "Winter 1961/62", "before 1956", "19th century", "12.05.1960"),
    *("December 30, 1959 - January 2, 1960", "12 мая 1960 г.", "1960年5月12日", "1962 or 1963"),
    *("late 1950s-early 1960s", "between 1950 and 1955", "Easter 1950", "April 31, 1960"),
)
REFERENCE = ("July 9, 1956", "December 24, 1959")


def cost(call: Callable[[str], object], texts: Sequence[str], times: int = 100) -> float:
    """Return the seconds of the processor that one call takes, the best of forty short runs."""
    timer = time.process_time
    runs = timeit.repeat(lambda: [call(text) for text in texts], number=times, repeat=40, timer=timer)
    return min(runs) / times / len(texts)


def report() -> list[str]:
    """Return the microseconds beside their goals, each with its ratio to the loop."""
    loop = cost(lambda text: datetime.datetime.strptime(text, "%B %d, %Y"), REFERENCE)
    lines = []
    for name, texts, goal in (("common form", COMMON, 5), ("other forms", OTHERS, 60)):
        each = cost(read, texts)
        lines.append(outcome(f"date, {name}, µs ({each / loop:.2f} of strptime)", each * 1e6, goal, at_least=False))
    return lines
