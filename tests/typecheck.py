"""Type-checks the whole of the package: `python -m tests.typecheck`, with mypy's own arguments behind it.

In a checkout `harvester.spiders` and `harvester.db` are found through the package's `__path__`, which mypy does
not follow. So it gets what the wheel will hold: one folder, made of links, with everything under its import name.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("db", "spiders")


def stage(folder: Path) -> None:
    """Lay out the package in `folder` as it is when installed."""
    package = folder / "harvester"
    package.mkdir()
    for part in [*(ROOT / "harvester").iterdir(), *(ROOT / name for name in BESIDE)]:
        (package / part.name).symlink_to(part)
    (folder / "tests").symlink_to(ROOT / "tests")


def as_in_checkout(line: str) -> str:
    """Return the line with its path as it is in the checkout, so that it can be opened."""
    return re.sub(rf"^harvester/({'|'.join(BESIDE)})/", r"\1/", line)


def main(arguments: list[str]) -> int:
    """Run mypy with the project's settings; its exit status is ours."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(ROOT / ".mypy_cache"), *arguments]
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as mypy:
            for line in mypy.stdout or ():
                sys.stdout.write(as_in_checkout(line))
    return mypy.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
