"""Every sign that the project prints can be printed anywhere."""

import os
import subprocess
import sys

import pytest

from minigrad.console import PLAIN


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_no_console_raises(encoding):
    code = "from minigrad.console import forgiving_console; forgiving_console(); print('∂L/∂W = Σ x·dy \N{SNOWMAN}')"
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    printed = done.stdout.decode(encoding).strip()
    expected = {
        "ascii": "dL/dW = sum x*dy ?",
        "cp1252": "dL/dW = sum x·dy ?",
        "utf-8": "∂L/∂W = Σ x·dy \N{SNOWMAN}",
    }
    assert printed == expected[encoding]


def test_replacements_are_plain():
    assert all(replacement.isascii() for replacement in PLAIN.values())
