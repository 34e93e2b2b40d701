"""Complexity-based consistency: answers that were reached in more steps count more.

After Fu et al. 2022 (arXiv 2210.00720), section 3: a majority vote among the completions with the
most reasoning steps. There all samples come from one model. Deliberately knows nothing of how long
an expert usually writes, so among several experts a wordy one counts more than a terse one of equal
skill: meant for several samples of one expert, or for experts of one family.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregators.ballots import Ballot
from aggregators.equivalence.equivalence import Equivalence
from aggregators.votes.config import ComplexityVoteConfig
from aggregators.votes.tally import decide, shares, totals
from aggregators.votes.vote import Vote
from experts.verdict import Candidates, Verdict

_SENTENCE_END = re.compile(r"[.!?](?=\s)")


class ComplexityVote(Vote):
    """Either only the `longest` completions vote, or every vote weighs its number of steps.

    Completions without an extracted answer neither vote nor take one of the `longest` places.
    `support` is the share of the votes.
    """

    config: ComplexityVoteConfig

    def __init__(self, config: ComplexityVoteConfig, equivalence: Equivalence | None = None) -> None:
        """See `Vote`."""
        super().__init__(config, equivalence)

    def _decide(self, item: Candidates, ballots: Sequence[Ballot]) -> Verdict:
        longest = self.config.longest
        steps = [n_steps(ballot.completion.text) for ballot in ballots]
        if longest is None:
            sums = totals(ballots, [float(n) for n in steps])
        else:
            sums = totals(ballots, _ones(ballots, steps, longest))
            sums = {key: total for key, total in sums.items() if total > 0}
        return decide(item, ballots, sums, shares(sums), "complexity")


def _ones(ballots: Sequence[Ballot], steps: Sequence[int], longest: int) -> list[float]:
    """1 for the parsed ballots with the most steps, 0 for the rest; equal ones by characters, then rank."""
    parsed = [i for i, ballot in enumerate(ballots) if ballot.key is not None]
    parsed.sort(key=lambda i: (-steps[i], -len(ballots[i].completion.text), i))
    chosen = set(parsed[:longest])
    return [float(i in chosen) for i in range(len(ballots))]


def n_steps(text: str) -> int:
    """Number of reasoning steps, thoughts within tags included; at least 1.

    Lines that are not empty, as in the paper; of a text in one line, sentences.
    """
    lines = sum(1 for line in text.splitlines() if line.strip())
    return lines if lines > 1 else len(_SENTENCE_END.findall(text.strip())) + 1
