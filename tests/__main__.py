"""Runs all tests: `python -m tests`, with pytest's own arguments behind it. Brings the browser that they need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2", "-o", "DPkg::Lock::Timeout=300")


def as_root() -> list[str]:
    """Give what makes a command run as root. Without a terminal sudo must not wait for a password."""
    if os.geteuid() == 0 or not shutil.which("sudo"):
        return []
    return ["sudo"] if sys.stdin is not None and sys.stdin.isatty() else ["sudo", "--non-interactive"]


def install_chromium() -> str:
    """Install Debian's browser; give the last thing that went wrong."""
    said = ""
    for step in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        # An update may fail for a package source that has nothing to do with us: only the browser counts.
        done = subprocess.run(
            [*as_root(), *APT, *step], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        said = (done.stderr.strip() or said) if done.returncode else said
    return said.splitlines()[-1] if said else ""


def browser_is_there() -> bool:
    """Make sure of the browser, or say in one line why it is missing and what to do."""
    if CHROMIUM.exists():
        return True
    print("Installing the browser for the tests (Debian's chromium) …", flush=True)
    why = install_chromium() if shutil.which("apt-get") else "this machine has no apt-get"
    if not CHROMIUM.exists():
        print(f"No {CHROMIUM}: {why}. Install it as root (apt-get install chromium); its tests fail now.", flush=True)
    return CHROMIUM.exists()


def main(arguments: list[str]) -> int:
    """Run the tests. A missing browser never ends in a success, whatever pytest made of it."""
    os.chdir(Path(__file__).resolve().parent.parent)
    complete = browser_is_there()
    return int(pytest.main(arguments)) or int(not complete)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
