"""The shape of the project: import directions, file names, nothing of one machine in the files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("aggregators", "compound", "eval", "experts", "routers")
TEXT_SUFFIXES = {
    "",
    ".cfg",
    ".css",
    ".html",
    ".ini",
    ".js",
    ".json",
    ".md",
    ".py",
    ".sh",
    ".toml",
    ".yaml",
    ".yml",
}
FORBIDDEN_NAMES = {"utils.py", "types.py", "common.py", "helpers.py"}
"""Drawers for anything, and `types.py`, which shadows the standard library for a sibling that is run."""
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:" + "|".join(("work", "farm", "root", "opt/wheels", "opt/pypi")) + r")\b"
)


def _files() -> list[Path]:
    """Every file that is tracked or about to be: git's list, or all files outside a checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_import_directions_hold() -> None:
    # In a process of its own: it starts others, which must not inherit the threads of torch.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "pyproject.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_a_drawer() -> None:
    drawers = [p for p in _files() if p.relative_to(ROOT).parts[0] in PACKAGES and p.name in FORBIDDEN_NAMES]
    assert not drawers, f"Name modules by their subject: {drawers}"


def test_packages_are_packages_and_tests_are_not() -> None:
    assert all((ROOT / package / "__init__.py").is_file() for package in PACKAGES)
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_no_file_holds_a_path_of_one_machine() -> None:
    found = []
    for path in _files():
        if path.suffix not in TEXT_SUFFIXES or path.stat().st_size > 1_000_000:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)
