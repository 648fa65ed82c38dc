"""Tries the published folder on the newest alpha of Datasette 1.0: `python -m tests.soak.datasette_alpha`.

It may fail, and says so: only 0.65 is promised. Not part of the suite, because alphas come and go.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from uv import find_uv_bin

from harvester.cli import run
from tests.support.hostile_sample import make_sample

PAGES = ("/", "/search?q=letter", "/document/k3", "/coverage", "/syncs", "/feed.atom", "/search.csv", "/-/health")
PAGES_OF_DATASETTE = ("/harvest", "/harvest/documents", "/harvest/documents/3", "/harvest/documents.bib")


def main() -> int:
    """Publish a sample, ask the alpha for every kind of page, and tell what it answered."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(["publish", str(folder / "public"), "--db", str(make_sample(folder / "harvest.db")), "--yes"])
        uv = [find_uv_bin(), "run", "--quiet", "--no-project", "--isolated", "--python", sys.executable]
        alpha = [*uv, "--prerelease", "allow", "--with", "datasette>=1.0a0", "datasette"]
        print(subprocess.run([*alpha, "--version"], capture_output=True, text=True, check=False).stdout.strip())
        return sum(_fails([*alpha, str(folder / "public"), "--get"], page) for page in PAGES + PAGES_OF_DATASETTE)


def _fails(command: list[str], page: str) -> bool:
    done = subprocess.run([*command, page], capture_output=True, text=True, check=False)
    errors = re.findall(r'class="message-error">(.*?)<', done.stdout) or done.stderr.strip().splitlines()[-1:]
    fine = done.returncode == 0 and not re.search(r'class="message-error"', done.stdout)
    print(f"{'works' if fine else 'fails'}  {page}{'' if fine else '  ' + ''.join(errors)[:150]}", flush=True)
    return not fine


if __name__ == "__main__":
    sys.exit(main())
