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
    if os.geteuid() == 0:
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
    return said.splitlines()[-1] if said else "apt-get installed something else"


def why_not_installed() -> str:
    """Install the browser, or say what stands in the way."""
    if not shutil.which("apt-get"):
        return "this machine has no apt-get"
    if os.geteuid() != 0 and not shutil.which("sudo"):
        return "this user is not root, and there is no sudo"
    print("Installing the browser for the tests (Debian's chromium) …", flush=True)
    return install_chromium()


def missing_browser() -> str:
    """Make sure of the browser; where that fails, give one line that says why and what to do."""
    if CHROMIUM.exists():
        return ""
    why = why_not_installed()
    if CHROMIUM.exists():
        return ""
    return f"{CHROMIUM} is missing ({why}): install Debian's chromium as root, then run the tests again."


def main(arguments: list[str]) -> int:
    """Run the tests. A missing browser never ends in a success, whatever pytest made of it."""
    os.chdir(Path(__file__).resolve().parent.parent)
    missing = missing_browser()
    status = int(pytest.main(arguments))
    if missing:
        # Last, where it is seen: the browser's own tests have failed above for the same reason.
        print(missing, file=sys.stderr)
    return status or int(bool(missing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
