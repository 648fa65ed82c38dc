"""Runs all tests side by side: `python -m tests`, with pytest's own arguments. Brings the programs that they need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "/usr/bin/chromium-headless-shell": "chromium-headless-shell",
    "/usr/sbin/cron": "cron",
    "/usr/bin/systemd-analyze": "systemd",
}
"""What the tests run, and the packages of Debian that have it."""
SIDE_BY_SIDE = ("-n", "4", "--dist", "worksteal")
"""Twice as many processes as the two cores that the tests are made for: many of them wait."""
APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2", "-o", "DPkg::Lock::Timeout=300")


def as_root() -> list[str]:
    """Return the words that make a command run as root. Without a terminal sudo must not wait for a password."""
    if os.geteuid() == 0:
        return []
    return ["sudo"] if sys.stdin is not None and sys.stdin.isatty() else ["sudo", "--non-interactive"]


def missing() -> list[str]:
    """Return the packages that are not installed."""
    return [package for path, package in PROGRAMS.items() if not Path(path).exists()]


def install() -> str:
    """Install what is missing; give the last thing that went wrong."""
    stated = ""
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *missing()]):
        # An update may fail for a package source that has nothing to do with us: only the programs count.
        done = subprocess.run(
            [*as_root(), *APT, *step], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        stated = (done.stderr.strip() or stated) if done.returncode else stated
    return stated.splitlines()[-1] if stated else "apt-get installed something else"


def why_not_installed() -> str:
    """Install what is missing, or say what stands in the way."""
    if not shutil.which("apt-get"):
        return "this machine has no apt-get"
    if os.geteuid() != 0 and not shutil.which("sudo"):
        return "this user is not root, and there is no sudo"
    print(f"Installing what the tests run (Debian's {', '.join(missing())}) …", flush=True)
    return install()


def still_missing() -> str:
    """Make sure of the programs; where that fails, give one line that says why and what to do."""
    why = why_not_installed() if missing() else ""
    if not missing():
        return ""
    return f"{', '.join(missing())} is missing ({why}): install it as root (Debian's), then run the tests again."


def keep_bytecode() -> None:
    """Make Python keep compiled modules, whatever the environment says: the tests start commands a thousand times."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def main(arguments: list[str]) -> int:
    """Run the tests. A missing program never ends in a success, whatever pytest made of it."""
    os.chdir(Path(__file__).resolve().parent.parent)
    keep_bytecode()
    lacking = still_missing()
    status = int(pytest.main([*SIDE_BY_SIDE, *arguments]))
    if lacking:
        # Last, where it is seen: its own tests have failed above for the same reason.
        print(lacking, file=sys.stderr)
    return status or int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
