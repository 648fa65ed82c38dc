"""What reading a date costs, as ratios to a fixed loop of the same run: `python -m tests.benchmarks.dates`.

The loop (a date by `datetime.strptime`) is the same wherever it runs; the machine's speed and load cancel out.
"""

from __future__ import annotations

import datetime
import timeit
from typing import TYPE_CHECKING

from harvester.pages.date_grammar import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMON = ("July 9, 1956", "December 24, 1959", "June 1960", "1979", "12 December 1979")
OTHERS = (
    *("12-14 May 1960", "circa 1950-1955", "Winter 1961/62", "before 1956", "19th century", "12.05.1960"),
    *("December 30, 1959 - January 2, 1960", "12 мая 1960 г.", "1960年5月12日", "1962 or 1963"),
    *("late 1950s-early 1960s", "between 1950 and 1955", "Easter 1950", "April 31, 1960"),
)
REFERENCE = ("July 9, 1956", "December 24, 1959")


def cost(call: Callable[[str], object], texts: Sequence[str], times: int = 500) -> float:
    """Return the seconds that one call takes, the best of seven runs."""
    return min(timeit.repeat(lambda: [call(text) for text in texts], number=times, repeat=7)) / times / len(texts)


def main() -> None:
    """Print the costs and their ratios."""
    loop = cost(lambda text: datetime.datetime.strptime(text, "%B %d, %Y"), REFERENCE)
    print(f"reference loop: {loop * 1e6:.1f} µs a date")
    for name, texts in (("common form", COMMON), ("other forms", OTHERS)):
        each = cost(read, texts)
        print(f"{name}: {each * 1e6:.1f} µs, {each / loop:.2f} of the loop")


if __name__ == "__main__":
    main()
