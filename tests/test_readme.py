"""README says only what runs: its examples are executed, its output compared, its files and options looked for.

Run as a script, `python tests/test_readme.py`, it draws README's picture anew, light and dark.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(code, folder):
    """The example in a process and folder of its own, so that it leans on nothing."""
    (folder / "example.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "example.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment(), timeout=60)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8")


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def words(svg):
    """What stands in a picture, without where."""
    return re.findall(r">([^<>\n]+)</", svg)


def test_the_ten_lines_print_what_is_said_and_draw_what_is_shown(tmp_path):
    printed = run(EXAMPLES[0], tmp_path)
    said = re.search(r"<!-- output -->\s*```\n(.*?)```", README, re.DOTALL)[1]
    assert printed == said
    drawn = (tmp_path / "one_weight_five_uses.svg").read_text(encoding="utf-8")
    shown = (ROOT / "docs" / "one_weight_five_uses.svg").read_text(encoding="utf-8")
    listed = re.search(r"\[(.*)\] add to", printed)[1].replace(", ", " + ").replace("+ -", "− ")
    assert f"add up: {listed} = " in README, "picture, its description and what is printed have one order, that of arrival"
    assert words(drawn) == words(shown), "the picture has changed: python tests/test_readme.py draws it anew, then look at it"


def test_arrivals_add_to_the_gradient_bit_for_bit(tmp_path):
    ask = "\nfrom functools import reduce\nfrom operator import add\n"
    ask += "print(reduce(add, (use.array for use in trace.arrivals(W_hh))) == W_hh.grad)"
    assert run(EXAMPLES[0] + ask, tmp_path).splitlines()[-1] == "True"
    assert "`trace.arrivals(W)`" in README


@pytest.mark.parametrize("code", EXAMPLES[1:])
def test_the_other_examples_run(code, tmp_path):
    assert "False" not in run(code, tmp_path)


def test_every_file_that_it_names_is_there():
    links = re.findall(r"\]\(([^)#:]+)\)|(?:src|srcset)=\"([^\"]+)\"|`(minigrad/[\w/]+\.py)`", README)
    named = [next(filter(None, link)) for link in links]
    assert len(named) >= 6 and all((ROOT / name).exists() for name in named), named
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {name.split("/")[0] for name in named} <= set(packed), "the source distribution has all that README shows"


def test_its_commands_name_what_exists():
    extras = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(re.search(rf"^{extra} = \[", extras, re.MULTILINE) for extra in re.findall(r'-e "\.\[(\w+)\]"', README))
    for number in re.findall(r"-m lessons ([\d ]+)", README)[0].split():
        assert list((ROOT / "lessons").glob(f"{number}_*.py"))
    assert {"main", "test", "anna", "output"} <= set(re.findall(r"<!-- (\w+) -->", README))


if __name__ == "__main__":
    dark = 'mg.draw(trace, theme="dark").save("one_weight_five_uses_dark.svg")\n'
    subprocess.run([sys.executable, "-c", EXAMPLES[0] + dark], cwd=ROOT / "docs", env=environment(), check=True)
