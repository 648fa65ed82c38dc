"""Kills harvests of a web archive at named moments: `python -m tests.soak.web_archive_kills --kills 30`.

Prints a table and ends with 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.web_archive_kills import kill_all


def main(arguments: list[str]) -> int:
    """Kill harvests; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        wrong = kill_all(Path(folder), options.kills)
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
