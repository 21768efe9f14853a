"""The names of the library, which are imported when they are first asked for."""

import subprocess
import sys

import pytest

import groundplan as gp

INTERRUPTED = """
import sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupts())
from groundplan.cli.entry import main
main()
"""


def test_every_public_name_is_there():
    for name in gp.__all__:
        assert getattr(gp, name).__name__ == name
    assert set(gp.__all__) <= set(dir(gp))


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match="no attribute 'plans'"):
        getattr(gp, "plans")  # noqa: B009


def test_importing_the_library_loads_no_stage():
    done = subprocess.run(
        [sys.executable, "-c", "import sys, groundplan; print([name for name in sys.modules if name in ('polars', 'numpy')])"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_stopping_the_command_while_it_loads_ends_in_words():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.strip() == "Stopped; nothing was begun."
