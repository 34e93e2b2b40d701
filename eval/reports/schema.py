"""The report of a run: the layout of `report.json`, and what tables and the page are drawn from.

Every figure stands here once, under the name that readers see. Intervals are 95%; None stands where there
is nothing to measure. Computes nothing.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from eval.runs.course import Course
from eval.runs.manifest import Manifest

FORMAT = 2
"""Of `report.json`; raised when a key changes its meaning. 1 was the flat layout of earlier versions."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Value(_Part):
    """An estimate within its 95% interval."""

    value: float
    low: float
    high: float


class Standing(_Part):
    """A row of the main table: the system, or what it must beat, on the same questions."""

    name: str
    """system, weighted_vote, majority_vote, router_top1, fixed_top_k, self_consistency, best_single, random,
    aggregator_alone, shuffled_candidates, oracle."""
    label: str
    """In words."""
    accuracy: Value
    """Errors count as wrong. Wilson's interval."""
    system_minus: Value | None
    """Paired bootstrap over questions; None for the system itself, and where it was not run."""
    calls: float | None = None
    """Mean per question."""
    tokens: float | None = None
    """Mean completion tokens per question, over all calls."""
    cost_usd: float | None = None
    """Mean per question; None without prices."""


class BenchmarkScore(_Part):
    """The system on one of the run's benchmarks."""

    name: str
    version: str
    """Its questions, prompts and scoring."""
    split: str
    n: int
    """Questions."""
    system: Value | None
    """None: only experts were run."""
    best_single: Value | None
    """None: there is no such expert."""


class SubjectScore(_Part):
    """The system and the best single expert on one subject."""

    benchmark: str
    subject: str
    n: int
    """Questions."""
    system: Value | None
    """None: only experts were run."""
    best_single: Value | None
    """None: there is no such expert."""


class ExpertScore(_Part):
    """One expert on all questions that it was run on; errors count as wrong."""

    name: str
    n: int = 0
    """Questions that it was run on."""
    accuracy: Value | None
    """None: it failed on every question."""
    official: Value | None
    """By the benchmark's own extraction; None: it has none."""
    asked_share: float | None
    """Share of the system's calls that it got, in [0, 1]; None: only experts were run."""
    tokens: float
    """Mean completion tokens."""
    unparsed: int
    """Completions in which no answer was found."""
    truncated: int
    """Completions cut off at the most tokens."""
    errors: int
    """Questions on which it failed."""
    played_back: bool
    """Its outputs were recorded earlier: no model ran."""


class OutcomeCounts(_Part):
    """How the system's questions ended, and accuracy with and without those that have no answer."""

    right: int
    wrong: int
    unparsed: int
    """No answer was found in what was said."""
    abstained: int
    """The answer was withheld."""
    error: int
    """Nothing was said."""
    truncated: int
    """Questions with a completion that was cut off; counted beside the others."""
    accuracy: Value
    """Everything but right counts as wrong."""
    accuracy_of_answered: Value | None
    """Among right and wrong only: unparsed, withheld and failed ones left out."""
    accuracy_of_uncut: Value | None
    """Among the questions without a cut-off completion."""
    coverage: float
    """Share of the questions that were given an answer: right and wrong ones."""


class CalibrationBin(_Part):
    """Questions (or pairs of question and expert) whose probability lies in a range."""

    low: float
    high: float
    """Not in the bin, but for 1."""
    n: int
    predicted: float
    """Mean probability."""
    right: Value
    """Share of right answers."""


class Calibration(_Part):
    """Whether probabilities come true."""

    what: str
    """"system": support of the answer; "router": estimates of the experts, over all pairs that were run."""
    n: int
    """Probabilities."""
    ece: float
    """Expected calibration error over the bins, weighted by their size."""
    brier_skill: float | None
    """1 - Brier score / that of the base rate; None where everything is right or wrong."""
    bins: tuple[CalibrationBin, ...]
    """Ten of equal width; those without a probability are left out."""


class Picks(_Part):
    """Whom the router picks for what."""

    rows: tuple[str, ...]
    """Subjects."""
    experts: tuple[str, ...]
    """The whole pool, in its order."""
    share: tuple[tuple[float, ...], ...]
    """Of the picks on a subject's questions; a row sums to 1."""
    best: tuple[str | None, ...]
    """Expert with the best accuracy on the subject here, for comparison."""
    collapse: str | None
    """One sentence where the router hardly tells questions apart, to the answers' cost; None: it does."""
    remark: str | None = None
    """One sentence where it hardly does and nothing is known to be lost by it, such as where one expert is
    the best everywhere."""


class ErrorCorrelation(_Part):
    """Which experts fail together."""

    experts: tuple[str, ...]
    """Rows and columns of the matrices."""
    phi: tuple[tuple[float | None, ...], ...]
    """Correlation of "is wrong" between two experts, in [-1, 1]; None where one never or always is."""
    same_wrong: tuple[tuple[float | None, ...], ...]
    """Where both are wrong, how often with the same answer; None where they never are."""


class FrontierPoint(_Part):
    """Accuracy against what it takes."""

    name: str
    """Of a row of the main table, or of an expert."""
    label: str
    accuracy: Value
    tokens: float
    """Mean completion tokens per question."""
    cost_usd: float | None
    """Mean per question; None without prices."""
    on_token_frontier: bool
    """No other point has more accuracy for as many tokens or fewer, or as much for fewer (Pareto)."""
    on_cost_frontier: bool | None
    """The same for dollars; None without prices."""


class Report(_Part):
    """A whole report."""

    format: int = FORMAT
    n: int
    """Questions."""
    benchmarks: tuple[BenchmarkScore, ...]
    table: tuple[Standing, ...]
    """The system first, then what it must beat, the oracle last; no system where only experts ran."""
    absent: dict[str, str]
    """Row that could not be computed -> why, in one sentence."""
    best_single: str | None
    """Chosen on other questions (validation)."""
    gap_closed: Value | None
    """Share of the way from the best single expert to the oracle, paired bootstrap; None without a gap."""
    subjects: tuple[SubjectScore, ...]
    experts: tuple[ExpertScore, ...]
    outcomes: OutcomeCounts | None
    """None: only experts were run."""
    calibration: tuple[Calibration, ...]
    """Of those whose probabilities are meant as such; () without any."""
    picks: Picks | None
    """None: nothing was routed."""
    correlation: ErrorCorrelation | None
    """None: there are not two experts."""
    frontier: tuple[FrontierPoint, ...]
    tokens: dict[str, int]
    """Of the system: prompt, completion."""
    cost_usd: float
    """Of the system, in all."""
    manifest: Manifest
    course: Course
    """All that may differ between two equal runs."""
