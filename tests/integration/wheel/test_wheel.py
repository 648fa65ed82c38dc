"""What users install: the wheel, built from nothing but what git tracks, in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from uv import find_uv_bin

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# What a checkout collects, and no package may hold.
LEFTOVERS = (
    "db/harvest.db",
    "db/harvest.db-wal",
    "db/captures/page.warc.gz",
    "db/__pycache__/old.pyc",
    "spiders/__pycache__/old.pyc",
)


def uv(*arguments: str | Path, cwd: Path) -> None:
    # In folders outside the project its own setting of the certificates is out of reach.
    command = [find_uv_bin(), "--quiet", "--system-certs", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def tracked() -> list[str]:
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        # The record of hashes follows from the rest.
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")}


def version_of(wheel: Path) -> str:
    return wheel.name.split("-")[1]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    for name in LEFTOVERS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a leftover")
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", out, cwd=source)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def programs(source: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment with the wheel and its dependencies, in the locked versions."""
    folder = tmp_path_factory.mktemp("bare")
    bare = ("--no-dev", "--no-emit-project", "--no-hashes", "--frozen")
    uv("export", *bare, "--output-file", folder / "locked.txt", cwd=source)
    uv("venv", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    uv("pip", "install", "--python", python, "--constraint", folder / "locked.txt", wheel, cwd=folder)
    return python.parent


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(ROOT / "seeds", folder / "my pages")
    return folder


# Nothing of the environment that the tests run in may help.
CLEAN = {"PATH": os.defpath, "LANG": "C.UTF-8"}


def run(program: Path, *arguments: str, cwd: Path) -> str:
    done = subprocess.run([program, *arguments], cwd=cwd, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def harvested(programs: Path, elsewhere: Path) -> dict[str, Any]:
    answer = run(programs / "harvester", "harvest", "my pages", "--db", "x.db", "--json", cwd=elsewhere)
    found: dict[str, Any] = json.loads(answer)
    return found


def test_it_puts_one_name_into_site_packages(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in contents(wheel)}
    assert tops == {"harvester", f"archive_harvester-{version_of(wheel)}.dist-info"}


def test_it_holds_every_file_of_the_four_folders_and_no_other(wheel: Path) -> None:
    inside = re.compile(r"(?:harvester/|(?=(?:db|seeds|spiders)/))(.+)")
    expected = {f"harvester/{found[1]}" for name in tracked() if (found := inside.match(name))}
    assert {name for name in contents(wheel) if name.startswith("harvester/")} == expected


@pytest.mark.parametrize(
    "pattern",
    [
        r"seeds/\d{3}_\w{16}\.txt",
        r"spiders/wilson\.py",
        r"db/migrations/0001_\w+\.sql",
        r"db/metadata\.(yaml|json)",
        r"db/templates/.+\.html",
        r"db/static/.+\.css",
        r"db/plugins/\w+\.py",
    ],
)
def test_it_holds_what_the_commands_read(wheel: Path, pattern: str) -> None:
    assert any(re.fullmatch(f"harvester/{pattern}", name) for name in contents(wheel))


@pytest.mark.parametrize("pattern", [r"\.db", r"\.pyc$", r"captures/", r"(^|/)tests?/", r"conftest"])
def test_it_holds_no_database_no_leftover_and_no_test(wheel: Path, pattern: str) -> None:
    assert [name for name in contents(wheel) if re.search(pattern, name)] == []


@pytest.fixture(scope="module")
def sdist(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    uv("build", "--sdist", "--out-dir", out, cwd=source)
    return next(out.glob("*.tar.gz"))


def test_the_sdist_is_enough_to_build_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    uv("build", "--wheel", "--out-dir", tmp_path, sdist, cwd=tmp_path)
    assert contents(tmp_path / wheel.name) == contents(wheel)


def test_the_sdist_holds_no_leftover(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert [name for name in names if name.endswith(LEFTOVERS)] == []


def test_it_brings_no_tool_of_the_developers(programs: Path) -> None:
    assert {"pytest", "mypy", "ruff"} & {path.name for path in programs.iterdir()} == set()


def test_help_names_the_commands(programs: Path, elsewhere: Path) -> None:
    shown = run(programs / "harvester", "--help", cwd=elsewhere)
    assert {"harvest", "parse", "status", "history", "serve"} <= set(shown.split())


def test_the_module_knows_its_version(wheel: Path, programs: Path, elsewhere: Path) -> None:
    assert version_of(wheel) in run(programs / "python", "-m", "harvester", "--version", cwd=elsewhere)


def test_it_harvests_from_another_folder(harvested: dict[str, Any]) -> None:
    assert harvested["status"] == "complete"
    assert (harvested["pages"], harvested["records"], harvested["new"]) == (5, 60, 52)


def test_it_parses_from_another_folder(programs: Path, elsewhere: Path) -> None:
    page = run(programs / "harvester", "parse", "my pages/002_00e7ceb9e6167759.txt", "--json", cwd=elsewhere)
    assert len(json.loads(page)["records"]) == 10


def test_it_tells_its_status_from_another_folder(programs: Path, elsewhere: Path, harvested: dict[str, Any]) -> None:
    assert harvested["status"] == "complete"
    assert "1250" in run(programs / "harvester", "status", "--db", "x.db", cwd=elsewhere)


def test_it_serves_its_own_pages_from_another_folder(
    programs: Path, elsewhere: Path, harvested: dict[str, Any]
) -> None:
    assert harvested["status"] == "complete"
    command = [str(programs / "harvester"), "serve", "--db", "x.db", "--port", "0"]
    with subprocess.Popen(command, cwd=elsewhere, env=CLEAN, stdout=subprocess.PIPE, text=True) as server:
        try:
            stated = server.stdout.readline() if server.stdout else ""
            address = re.findall(r"http://\S+/", stated)[0]
            with urlopen(address + "static/style.css", timeout=30) as answer:
                assert b"{" in answer.read()
            with urlopen(address, timeout=30) as answer:
                assert "1250" in answer.read().decode().replace(",", "")
        finally:
            server.terminate()
