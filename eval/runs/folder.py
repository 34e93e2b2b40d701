"""The folder of a run: which file is what, and whether a run in it may go on. Computes nothing."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from eval.runs.course import Course
from eval.runs.manifest import Manifest
from eval.runs.whole_file import write_whole
from experts.errors import BenchmarkError

_DIFFERENCES_SHOWN = 5


class RunFolder:
    """Files of one run. Made if need be."""

    def __init__(self, path: Path) -> None:
        """Make the folder.

        Raises:
            BenchmarkError: it cannot be made.
        """
        self.path = path
        self.manifest = path / "manifest.json"
        """What the run is of."""
        self.store = path / "completions.store"
        """Every completion, as it came."""
        self.rows = path / "rows.jsonl"
        """One question a line; written when all are answered."""
        self.matrix = path / "matrix.parquet"
        """The outcome matrix, for routers and fusions to learn from."""
        self.course = path / "course.json"
        """Seconds, switches, faults."""
        self.report = path / "report.json"
        self.page = path / "report.html"
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchmarkError(
                f"The folder {path} cannot be made: {error.strerror}. Give another."
            ) from error

    def begin(self, manifest: Manifest, *, overwrite: bool = False) -> int:
        """Start a run, or go on with one that was interrupted.

        Args:
            manifest: of the run that is asked for.
            overwrite: take the place of another run; its completions stay, and those that this run needs
                too are not asked again.

        Returns:
            How often the run had been interrupted before.

        Raises:
            BenchmarkError: the folder holds another run, or cannot be written.
        """
        interrupted = 0
        if self.manifest.exists():
            there = Manifest.read(self.manifest)
            changed = there.differences(manifest)
            if changed and not overwrite:
                more = len(changed) - _DIFFERENCES_SHOWN
                shown = ", ".join(changed[:_DIFFERENCES_SHOWN]) + (f" and {more} more" if more > 0 else "")
                raise BenchmarkError(
                    f"{self.path} holds another run (not the same: {shown}); give another folder, or "
                    "--overwrite, which keeps its completions."
                )
            if not changed and not self.report.exists():
                interrupted = self.read_course().continued + 1
            for stale in (self.rows, self.matrix, self.report, self.page) if changed else ():
                stale.unlink(missing_ok=True)
        manifest.write(self.manifest)
        self.write_course(Course(continued=interrupted))
        return interrupted

    def read_course(self) -> Course:
        """How the run went so far; of one that has not got far, nothing.

        Raises:
            BenchmarkError: the file is none.
        """
        try:
            return Course.model_validate_json(self.course.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Course()
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise BenchmarkError(
                f"{self.course} cannot be read ({str(error).partition(chr(10))[0]}); remove it."
            ) from error

    def write_course(self, course: Course) -> None:
        """Keep how the run went.

        Raises:
            BenchmarkError: it cannot be written.
        """
        write_whole(self.course, [course.model_dump_json(indent=2), "\n"])
