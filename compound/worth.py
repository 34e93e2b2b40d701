"""What asking more experts is worth: how much it raises the chance that the vote is right, less its cost.

Under the model of the weighted vote: experts are right independently of each other, wrong answers spread
evenly over the other options. Real experts err together, so that this values them too highly; see
`aggregators.votes.counting`. After FrugalFoE (arXiv 2310.01542), which asks a further expert only where
that lowers the expected error by more than lambda times its cost; it learns the error from neighbours,
here it is enumerated over the answers that the expert may give. Knows no text, no price and no router.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Belief:
    """Joint probability of the answers heard so far with each option being the right one.

    The factor common to all options does not matter to `worth_of_asking` but as the unit of its result.
    """

    named: tuple[float, ...]
    """Of every option that somebody named."""
    unnamed: float
    """Of each option that nobody named."""
    n_unnamed: int
    """How many of those there are."""

    @property
    def total(self) -> float:
        """Of all options; 1.0 right after `normalised`."""
        return sum(self.named) + self.n_unnamed * self.unnamed

    @property
    def lead(self) -> float:
        """Of the option that the vote takes; 0.0 where nobody named any."""
        return max(self.named, default=0.0)

    def normalised(self) -> Belief:
        """Posterior probabilities."""
        total = self.total
        return Belief(tuple(m / total for m in self.named), self.unnamed / total, self.n_unnamed)

    def hearing(self, option: int | None, chance: float) -> Belief:
        """The belief after one more answer.

        Args:
            option: index of the option among `named`; None: one that nobody named yet, which stands last
                afterwards.
            chance: that the expert is right, in (0, 1).
        """
        wrong = (1.0 - chance) / max(len(self.named) + self.n_unnamed - 1, 1)
        named = [m * (chance if i == option else wrong) for i, m in enumerate(self.named)]
        if option is not None:
            return Belief(tuple(named), self.unnamed * wrong, self.n_unnamed)
        return Belief((*named, self.unnamed * chance), self.unnamed * wrong, max(self.n_unnamed - 1, 0))

    def next_answers(self, chance: float) -> Iterator[tuple[int, Belief]]:
        """All answers that an expert may give: how many alike, and the belief after one of them."""
        for option in range(len(self.named)):
            yield 1, self.hearing(option, chance)
        if self.n_unnamed:
            yield self.n_unnamed, self.hearing(None, chance)


def no_answers(n_options: int) -> Belief:
    """The belief before anybody has answered a question with so many options, at least 2."""
    return Belief((), 1.0 / n_options, n_options)


def worth_of_asking(belief: Belief, ahead: Sequence[tuple[float, float]], value: float) -> float:
    """By how much asking the next expert, and then going on as is best, beats stopping.

    Args:
        belief: normalised, else the result is in units of its total.
        ahead: of the experts that would be asked next, in order, at least one: the chance in (0, 1) that it
            is right, and its cost. Time grows with the number of options named to the power of their number.
        value: of a right answer, in units of the costs.

    Returns:
        In units of the costs; at most 0 where stopping is as good.
    """
    (chance, cost), rest = ahead[0], ahead[1:]
    going_on = sum(times * _best(after, rest, value) for times, after in belief.next_answers(chance))
    return going_on - cost * belief.total - value * belief.lead


def _best(belief: Belief, ahead: Sequence[tuple[float, float]], value: float) -> float:
    """Expected value of a belief where one stops or goes on, whichever is better."""
    stopping = value * belief.lead
    return stopping + max(worth_of_asking(belief, ahead, value), 0.0) if ahead else stopping
