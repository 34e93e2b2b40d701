"""GPQA (Rein et al. 2023, arXiv 2311.12022), read from the authors' encrypted archive.

The authors ask that no example appear in plain text anywhere, so questions are marked private and nothing is
written here; errors name record ids only. Options are permuted by a generator of the question's own, so that
the order depends neither on other questions nor on how many are asked. Knows no expert.

One question of the main set has a wrong option that reads like the right one; only the letter of the latter
counts, as in the authors' code.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
import zipfile
import zlib
from functools import cached_property
from pathlib import Path

from eval.benchmarks.selecting import check_split, first_n
from eval.question import Question
from experts.errors import BenchmarkError
from experts.query import Query
from experts.sealing import GPQA_PASSWORD

VERSION = "1"
ARCHIVE = "dataset.zip"
SHA256 = "461ae7329f15a3e35f8184d2dac24b990f34fdf12f366ca4062d8e6638cd08dc"
"""Of the archive in the authors' repository."""
COUNTS = {"diamond": 198, "main": 448, "extended": 546}
"""Questions of each subset; each is a part of the next."""
_OTHERS = {"diamond": "main", "main": "extended"}
"""Whose further questions are a subset's validation split, as in Symbolic-MoE (arXiv 2503.05641)."""
_SEED = "gpqa 1"
_RIGHT = "Correct Answer"
_OPTIONS = (_RIGHT, "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
_NEEDED = ("Question", *_OPTIONS, "High-level domain", "Record ID")

Row = dict[str, str]


class GpqaBenchmark:
    """One subset; see `eval.benchmarks.benchmark.Benchmark`.

    Splits: test, the subset as published; validation, what the next larger subset has beside it (none for
    the largest).
    """

    version = VERSION
    private = True
    shots = 0
    extraction = ""

    def __init__(self, subset: str, path: Path | None) -> None:
        """Read nothing yet.

        Args:
            subset: diamond, main or extended.
            path: the archive or the folder that it is in; None: nobody said.
        """
        self._subset, self._path = subset, path
        self.name = f"gpqa_{subset}"
        self.splits: tuple[str, ...] = ("test", "validation") if subset in _OTHERS else ("test",)

    def load(self, split: str, n: int | None = None) -> list[Question]:
        """See `Benchmark.load`; ids are `gpqa_diamond:<record id>`."""
        if n is not None and n < 1:
            raise BenchmarkError(f"The number of questions must be at least 1, got {n}.")
        check_split(self.name, split, self.splits)
        rows = self._rows(self._subset)
        if split == "validation":
            own = {row["Record ID"] for row in rows}
            rows = [row for row in self._rows(_OTHERS[self._subset]) if row["Record ID"] not in own]
        questions = [self._question(row, split) for row in rows]
        return first_n(questions, n, f"{self.name}, {split},")

    def checksum(self, split: str) -> str:
        """Of the archive."""
        check_split(self.name, split, self.splits)
        return hashlib.sha256(self._archive).hexdigest()

    @cached_property
    def _archive(self) -> bytes:
        if self._path is None:
            raise BenchmarkError(
                f"{self.name} is read from the authors' encrypted archive; get {ARCHIVE} from "
                f"github.com/idavidrein/gpqa and give --data {self.name}=PATH."
            )
        path = self._path / ARCHIVE if self._path.is_dir() else self._path
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise BenchmarkError(
                f"The archive {path} cannot be read ({error.strerror}); give --data {self.name}=PATH."
            ) from error
        found = hashlib.sha256(raw).hexdigest()
        if found != SHA256:
            raise BenchmarkError(
                f"{path} is not the archive that {self.name} is known by (sha256 {found[:16]}..., expected "
                f"{SHA256[:16]}...); get {ARCHIVE} from github.com/idavidrein/gpqa again."
            )
        return raw

    def _rows(self, subset: str) -> list[Row]:
        """Rows of a subset, decrypted in memory; takes 1 to 4 s, since Python decrypts byte by byte."""
        inside = f"dataset/gpqa_{subset}.csv"
        try:
            with zipfile.ZipFile(io.BytesIO(self._archive)) as archive:
                text = archive.read(inside, pwd=GPQA_PASSWORD.encode()).decode("utf-8")
        except (KeyError, RuntimeError, zipfile.BadZipFile, zlib.error, UnicodeDecodeError) as error:
            # Without the cause's words: they may hold a part of what was read.
            raise BenchmarkError(
                f"{inside} of {self.name}'s archive cannot be read ({type(error).__name__}); get it again."
            ) from None
        rows = list(csv.DictReader(io.StringIO(text)))
        missing = [name for name in _NEEDED if rows and name not in rows[0]]
        if missing or len(rows) != COUNTS[subset]:
            problem = f"lacks {', '.join(missing)}" if missing else f"has {len(rows)} questions"
            raise BenchmarkError(f"{inside} {problem}, and {COUNTS[subset]} whole ones are expected.")
        return rows

    def _question(self, row: Row, split: str) -> Question:
        record = row["Record ID"]
        options = [row[name].strip() for name in _OPTIONS]
        permutation = _permutation(record, len(options))
        query = Query.from_text(
            row["Question"].strip(),
            id=f"{self.name}:{record}",
            choices=tuple(options[place] for place in permutation),
        )
        return Question(
            query=query,
            gold=query.letters[permutation.index(0)],
            subject=row["High-level domain"],
            split=split,
            benchmark=self.name,
            permutation=permutation,
            private=True,
        )


def _permutation(record: str, options: int) -> tuple[int, ...]:
    order = list(range(options))
    seed = hashlib.sha256(f"{_SEED}\0{record}".encode()).digest()
    random.Random(int.from_bytes(seed[:8], "big")).shuffle(order)
    return tuple(order)
