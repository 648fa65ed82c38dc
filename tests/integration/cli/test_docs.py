"""What the documents say is what the project does."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from tests import definition_reference, reference, schema_reference
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [*(ROOT / name for name in ("README.md", "CHANGELOG.md", "seeds/README.md")), *ROOT.glob("docs/*.md")]
README = PAGES[0].read_text("utf-8")
LEAVES = [context for context in reference.everything() if not isinstance(context.command, click.Group)]


def test_the_reference_is_what_help_prints() -> None:
    assert reference.PAGE.read_text("utf-8") == reference.render(), "run `python -m tests.reference`"


def test_the_menu_has_a_whole_line_for_each_command_and_loads_none() -> None:
    script = "import sys; from harvester.cli import run; run(['--help']); print([*sys.modules])"
    printed = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    menu, loaded = printed.strip().rsplit("\n", 1)
    lines = dict(line.split(maxsplit=1) for line in menu.partition("Commands:\n")[2].splitlines())
    assert set(lines) == {context.command_path.split()[1] for context in LEAVES}
    assert [line for line in lines.values() if not line.endswith(".") or line.endswith("...")] == []
    assert "'sqlite_utils'" not in loaded
    assert "'scrapy'" not in loaded


def test_the_page_on_the_schema_says_what_the_schema_is() -> None:
    assert schema_reference.PAGE.read_text("utf-8") == schema_reference.render(), (
        "run `python -m tests.schema_reference`"
    )


def test_the_page_on_sources_explains_every_key() -> None:
    assert definition_reference.PAGE.read_text("utf-8").partition(definition_reference.BEGIN)[2].strip() == (
        definition_reference.render().strip()
    ), "run `python -m tests.definition_reference`"


@pytest.mark.parametrize("context", reference.everything(), ids=lambda context: context.command_path)
def test_every_command_and_option_is_explained(context: click.Context) -> None:
    options = [parameter for parameter in context.command.params if isinstance(parameter, click.Option)]
    assert context.command.help
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("context", LEAVES, ids=lambda context: context.command_path)
def test_every_command_has_an_example_of_itself(context: click.Context) -> None:
    # On lines of its own, to be copied: click folds what is not marked as verbatim.
    assert re.search(rf"^ *Examples?:\n(.*\n)*? +{context.command_path}\b", context.get_help(), re.MULTILINE)


def test_the_readme_has_one_command_to_harvest_and_one_to_test() -> None:
    one_line_each = [line for line in README.splitlines() if line.startswith("python3 ")]
    harvest, tests = (line.partition(" && ") for line in one_line_each)
    assert harvest[0] == tests[0]
    assert harvest[2].endswith(" harvester harvest seeds")
    assert tests[2].endswith(" python -m tests")


def test_the_set_up_takes_the_same_uv_as_the_tests() -> None:
    assert "'uv~=0.13.0'" in README
    assert '"uv~=0.13.0"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_of_the_project(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))
    tracked = set(subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines())
    assert [link for link in links if str((page.parent / link).resolve().relative_to(ROOT)) not in tracked] == []
