"""harvester.toml: what is in force and from where; every mistake in one line with file, line and how to mend it."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.cli import run
from harvester.config.loader import TABLES, read_settings
from harvester.config.model import Settings
from harvester.config.render import example
from harvester.config.toml_file import lines_of
from harvester.errors import UsageError
from tests.support.paths import FIXTURES, ROOT

if TYPE_CHECKING:
    from pydantic import BaseModel

MODELS: tuple[type[BaseModel], ...] = (Settings, *TABLES.values())
ERRORS = sorted(path.parent for path in FIXTURES.glob("config_errors/*/harvester.toml"))
FULL = """
database = "held/archive.db"
contact = "me@example.org"
captures = "held/warc"
delay = 1.5
refresh_after = "90d"
resume_within = "12h"
timezone = "Europe/Vienna"

[sources.wilson]
delay = 3
documents = false

[listings.mao]
source = "wilson"
search = "Mao"

[schedules.nightly]
harvest = "mao"
cron = "17 3 * * *"

[alerts.desk]
webhook = "env:HOOK"
headers = { Authorization = "a secret" }
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HARVESTER_CONFIG", "HARVESTER_DB", "HARVESTER_CONTACT", "HOOK"):
        monkeypatch.delenv(name, raising=False)


def shown(capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, tuple[str, str]]:
    assert run([*more, "config", "--json"]) == 0
    return {line["key"]: (line["value"], line["from"]) for line in json.loads(capsys.readouterr().out)}


def foretold(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["harvest", *arguments, "--dry-run"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("folder", ERRORS, ids=lambda folder: folder.name)
def test_each_mistake_is_one_line_that_mends_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert run(["config"]) == 2
    assert capsys.readouterr() == ("", (folder / "expected.txt").read_text("utf-8"))


def test_there_are_fifty_of_them() -> None:
    assert len(ERRORS) >= 50
    wrong = (folder / "harvester.toml" for folder in ERRORS)
    lines = [(folder / "expected.txt").read_text("utf-8").removeprefix("Error: harvester.toml:") for folder in ERRORS]
    for file, line in zip(wrong, lines, strict=True):
        number, _, stated = line.partition(": ")
        assert 1 <= int(number) <= file.read_bytes().count(b"\n"), line
        assert ";" in stated or ": copy " in stated, line  # what is wrong, and what to do


def test_without_a_file_all_is_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys)
    assert found["database"] == ('"db/harvest.db"', "by itself")
    assert {origin for _, origin in found.values()} == {"by itself"}


def test_each_value_says_where_it_is_from(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("harvester.toml").write_text(FULL)
    monkeypatch.setenv("HARVESTER_CONTACT", "you@example.org")
    found = shown(capsys)
    assert found["contact"] == ('"you@example.org"', "HARVESTER_CONTACT in the environment")
    assert found["database"] == ('"held/archive.db"', "harvester.toml:2")
    assert found["schedules.nightly.cron"] == ('"17 3 * * *"', "harvester.toml:20")
    assert found["schedules.nightly.incremental"] == ("0", "by itself")
    assert found["alerts.desk.webhook"] == ('"env:HOOK" (not set here)', "harvester.toml:23")
    assert "a secret" not in str(found)


def test_the_file_sets_defaults_and_the_command_line_goes_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("harvester.toml").write_text(FULL)
    stated = foretold(capsys, "mao")
    assert "“Mao”" in stated
    assert "one request every 3 seconds" in stated
    assert "no document page" in stated
    stated = foretold(capsys, "wilson", "--delay", "7", "--documents")
    assert "whole archive" in stated
    assert "one request every 7 seconds" in stated
    assert "the page of each new" in stated
    assert "one request every 1.5 seconds" in foretold(capsys, "blacklight", "--no-documents")
    assert run(["status"]) == 1
    assert "no database at held/archive.db" in capsys.readouterr().err


def test_the_file_can_lie_elsewhere(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "h.toml").write_text(FULL)
    assert shown(capsys, "--config", "etc/h.toml")["contact"] == ('"me@example.org"', "etc/h.toml:3")
    assert run(["--config", "etc/h.toml", "status"]) == 1
    assert "no database at etc/held/archive.db" in capsys.readouterr().err
    assert run(["--config", "none.toml", "status"]) == 2
    assert capsys.readouterr().err.startswith("Error: cannot read none.toml (No such file or directory)")


def every_key(model: type[BaseModel]) -> set[str]:
    return {key for key in model.model_fields if key not in TABLES}


def test_the_example_has_every_key_explained_and_each_can_be_used() -> None:
    outcome = example()
    for model in MODELS:
        for key in every_key(model):
            assert f"\n# {key} = " in outcome, key
            assert model.model_fields[key].description, key
    assert tomllib.loads(outcome) == {}
    used = "\n".join(
        line[2:] for line in outcome.splitlines() if line.startswith("# ") and (" = " in line or "[" in line)
    )
    assert set(tomllib.loads(used)["schedules"]["nightly"]) == every_key(TABLES["schedules"])


def test_every_key_stands_in_the_documents() -> None:
    page = (ROOT / "docs" / "schedule.md").read_text("utf-8")
    for model in MODELS:
        assert [key for key in every_key(model) if f"`{key}`" not in page] == []


KEYS = st.text("abc", min_size=1, max_size=3)


@given(
    st.lists(
        st.tuples(KEYS, st.sampled_from(['"x"', "[\n  1,\n  2,\n]", '"""\ny\n"""', "{ d = 1 }"])),
        unique_by=lambda t: t[0],
    )
)
def test_the_line_of_each_key_is_where_it_was_written(written: list[tuple[str, str]]) -> None:
    lines, where = [], {}
    for key, value in written:
        lines.append("# a remark = 1")
        where[key] = len(lines) + 1
        lines += f"{key} = {value}".split("\n")
    found = lines_of("\n".join(lines))
    assert {path[0]: line for path, line in found.items() if len(path) == 1} == where


def listings(count: int) -> str:
    return "".join(f'[listings.l{n}]\nsource = "wilson"\nsearch = "{n}"\n\n' for n in range(count))


def seconds(file: Path, text: str) -> float:
    """Return the least time of three in which a text is read."""
    file.write_text(text)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        read_settings(file)
        took.append(time.perf_counter() - began)
    return min(took)


def test_a_large_file_is_read_in_time_that_grows_with_its_length(tmp_path: Path) -> None:
    """Ten times the length takes about ten times as long: a hundred times where each line is read with all before."""
    large = tmp_path / "large.toml"
    assert seconds(large, listings(1000)) < 30 * seconds(tmp_path / "small.toml", listings(100))
    read: Any = read_settings(large)
    assert read.lines["listings", "l999", "search"] == 3999


@pytest.mark.parametrize(
    "deep",
    [
        pytest.param("a=" + "[" * 3000, id="lists that are not closed"),
        pytest.param("a=" + "[" * 3000 + "]" * 3000, id="lists"),
        pytest.param("a=" + "{a=" * 3000 + "1" + "}" * 3000, id="tables"),
        pytest.param(".".join("a" * 20_000) + " = 1", id="a key of many parts"),
        pytest.param("[" + ".".join("a" * 20_000) + "]", id="a header of many parts"),
        pytest.param("[" + '."a"' * 20_000 + "]", id="a header of many quoted parts"),
    ],
)
def test_what_is_nested_too_deep_is_one_line(tmp_path: Path, deep: str) -> None:
    file = tmp_path / "deep.toml"
    file.write_text(f'contact = "me@example.org"  # a.b.c [[[\n{deep}\n')
    with pytest.raises(UsageError, match=rf"^{file}:2: .*too deep to be meant.*$"):
        read_settings(file)


def test_lines_are_right_behind_texts_that_look_like_toml() -> None:
    text = (
        """a = '''
[b]
c = "'''
d = "# no [ remark" # but this is ]
[[e]]
f = """
        + '"""x""""'
        + """
[e.g]
h = [
  "]",
]
[[e]]
f = 1
i.j = 2
"""
    )
    found = lines_of(text)
    assert {path: found[path] for path in (("a",), ("d",), ("e", 0, "f"), ("e", 0, "g", "h"), ("e", 1, "i", "j"))} == {
        ("a",): 1,
        ("d",): 4,
        ("e", 0, "f"): 6,
        ("e", 0, "g", "h"): 8,
        ("e", 1, "i", "j"): 13,
    }
