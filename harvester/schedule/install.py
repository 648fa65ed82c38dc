"""Installs and removes the systemd user unit or the crontab lines that start the scheduler."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harvester.errors import HarvesterError

STOP_SECONDS = 180
"""How long a stop may take: the page in hand is finished, and a page may take a minute."""
EVERY_MINUTES = 5
"""How often cron starts the scheduler; due times are in the database."""


def home(variable: str, otherwise: str) -> Path:
    """Return a folder of the user's: that of an XDG variable, or `otherwise` below the home directory."""
    return Path(os.environ.get(variable) or Path.home() / otherwise)


@dataclass(frozen=True)
class Service:
    """The installed scheduler of one database and its configuration file. All paths are absolute."""

    db: Path
    settings: Path

    @property
    def name(self) -> str:
        """The name of the service, different for each database."""
        stem = re.sub(r"[^A-Za-z0-9]+", "-", self.db.stem).strip("-") or "db"
        return f"harvester-{stem}-{hashlib.sha256(str(self.db).encode()).hexdigest()[:6]}"

    @property
    def secrets(self) -> Path:
        """The optional file with the scheduler's environment: lines of NAME=value."""
        return home("XDG_CONFIG_HOME", ".config") / "harvester" / "environment"

    @property
    def unit_file(self) -> Path:
        """The path of the systemd unit."""
        return home("XDG_CONFIG_HOME", ".config") / "systemd" / "user" / f"{self.name}.service"

    def command(self, *more: str) -> list[str]:
        """Return the command that starts the scheduler, with the running Python interpreter."""
        # -P: a file in the folder must not be imported as a part of the program.
        start = [sys.executable, "-P", "-m", "harvester", "--config", str(self.settings)]
        return [*start, "schedule", "run", "--db", str(self.db), *more]

    def unit(self) -> str:
        """Return the systemd unit. Only the scheduler gets the stop signal; it stops its syncs and waits for them."""
        return f"""\
[Unit]
Description=Archive harvester: keeps {_plain(self.db)} in step
StartLimitIntervalSec=0

[Service]
WorkingDirectory={_plain(self.settings.parent)}
EnvironmentFile=-{_plain(self.secrets)}
ExecStart={" ".join(_quoted(part) for part in self.command())}
Restart=always
RestartSec=30
KillMode=mixed
TimeoutStopSec={STOP_SECONDS}
Nice=10
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""

    def cron(self) -> str:
        """Return the crontab lines: they start a scheduler every few minutes, which ends at once if nothing is due."""
        secrets, folder = shlex.quote(str(self.secrets)), shlex.quote(str(self.settings.parent))
        line = f"cd {folder} && {{ [ ! -f {secrets} ] || {{ set -a; . {secrets}; set +a; }}; }}"
        line += f" && {shlex.join(self.command('--once'))}"
        begin, end = self.marks
        return f"{begin}\n*/{EVERY_MINUTES} * * * * {line.replace('%', chr(92) + '%')}\n{end}\n"

    @property
    def marks(self) -> tuple[str, str]:
        """The marker lines before and after our lines in a crontab."""
        return f"# {self.name}: begin", f"# {self.name}: end"

    def without(self, crontab: str) -> str:
        """Return a crontab without our lines."""
        begin, end = (re.escape(mark) for mark in self.marks)
        return re.sub(rf"^{begin}\n.*?^{end}\n", "", crontab, flags=re.MULTILINE | re.DOTALL)


def _plain(path: Path) -> str:
    """Return a path escaped for a systemd setting that takes the whole line."""
    return str(path).replace("%", "%%")


def _quoted(part: str) -> str:
    """Return a part of a command, quoted and escaped for systemd's ExecStart."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[^\w@%+=:,./$-]", escaped, re.ASCII) else escaped


UNTIL_LOGOUT = "it runs while you are logged in; so that it also does otherwise: loginctl enable-linger"


def install_systemd(service: Service) -> list[str]:
    """Write the unit and start it; return lines that report what was done and what is left to do."""
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
    """Stop and remove the unit; return lines that report it, none if there was no unit."""
    file = service.unit_file
    if not file.exists():
        return []
    _systemctl("disable", "--now", file.name)
    file.unlink()
    _systemctl("daemon-reload")
    return [f"took {file} away"]


def install_cron(service: Service) -> list[str]:
    """Add our lines to the user's crontab, replacing earlier ones; return lines that report it."""
    _write_crontab(service.without(_crontab()) + service.cron())
    return [f"put {service.name} into your crontab (see `crontab -l`)"]


def uninstall_cron(service: Service) -> list[str]:
    """Remove our lines from the user's crontab; return lines that report it, none if there were none."""
    if not shutil.which("crontab"):
        return []
    current = _crontab()
    if service.without(current) == current:
        return []
    _write_crontab(service.without(current))
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
    if done.returncode and "no crontab" not in done.stderr:  # a file that could not be read is not overwritten
        raise HarvesterError(f"cannot read your crontab ({done.stderr.strip()}): see the lines with --print")
    return done.stdout if done.returncode == 0 else ""


def _write_crontab(text: str) -> None:
    done = subprocess.run(["crontab", "-"], input=text, capture_output=True, text=True, check=False)  # noqa: S607 - the user's own
    if done.returncode:
        raise HarvesterError(f"cannot write your crontab ({done.stderr.strip()}): see the lines with --print")
