"""Checks which packages import which: `python -m tests.import_contracts`, with lint-imports' own arguments behind it.

The contracts stand in pyproject.toml. As for the type check, the package is laid out as it is when installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.typecheck import ROOT, stage


def main(arguments: list[str]) -> int:
    """Run lint-imports with the project's contracts; its exit status is ours."""
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-logo", "--no-cache", *arguments, str(ROOT / "pyproject.toml")]
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
