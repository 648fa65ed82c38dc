"""Puts units and crontab lines in their place, and takes them away."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from harvester.errors import HarvesterError

if TYPE_CHECKING:
    from harvester.schedule.units import Service

UNTIL_LOGOUT = "it runs while you are logged in; so that it also does otherwise: loginctl enable-linger"


def install_systemd(service: Service) -> list[str]:
    """Write the unit and start it; say what was done, and what is left to do."""
    file = service.unit_file
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(service.unit(), "utf-8")
    except OSError as error:
        raise HarvesterError(f"cannot write {file} ({error.strerror}): see the unit with --print") from error
    commands = (["daemon-reload"], ["enable", "--now", file.name], ["restart", file.name])
    failed = next((command for command in commands if _systemctl(*command)), None)
    if failed:
        todo = " && ".join(f"systemctl --user {' '.join(command)}" for command in commands[:2])
        return [f"wrote {file}", f"systemd could not be told: as this user, run `{todo}`"]
    return [f"wrote and started {file}", f"its log: journalctl --user -u {file.stem}", UNTIL_LOGOUT]


def uninstall_systemd(service: Service) -> list[str]:
    """Stop the unit and take it away."""
    file = service.unit_file
    if not file.exists():
        return []
    _systemctl("disable", "--now", file.name)
    file.unlink()
    _systemctl("daemon-reload")
    return [f"took {file} away"]


def install_cron(service: Service) -> list[str]:
    """Put our lines into the user's crontab, in place of what we had there."""
    _write_crontab(service.without(_crontab()) + service.cron())
    return [f"put {service.name} into your crontab (see `crontab -l`)"]


def uninstall_cron(service: Service) -> list[str]:
    """Take our lines out of the user's crontab."""
    if not shutil.which("crontab"):
        return []
    held = _crontab()
    if service.without(held) == held:
        return []
    _write_crontab(service.without(held))
    return [f"took {service.name} out of your crontab"]


def _systemctl(*arguments: str) -> int:
    try:
        return subprocess.run(["systemctl", "--user", *arguments], capture_output=True, check=False).returncode  # noqa: S603, S607 - the user's own
    except OSError:
        return 1


def _crontab() -> str:
    if not shutil.which("crontab"):
        raise HarvesterError("there is no crontab here: install cron, or use --systemd; see the lines with --print")
    done = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)  # noqa: S607 - the user's own
    if done.returncode and "no crontab" not in done.stderr:  # nothing is written over what could not be read
        raise HarvesterError(f"cannot read your crontab ({done.stderr.strip()}): see the lines with --print")
    return done.stdout if done.returncode == 0 else ""


def _write_crontab(text: str) -> None:
    done = subprocess.run(["crontab", "-"], input=text, capture_output=True, text=True, check=False)  # noqa: S607 - the user's own
    if done.returncode:
        raise HarvesterError(f"cannot write your crontab ({done.stderr.strip()}): see the lines with --print")
