"""The process that compares: started late, started again, ended."""

import gc

import pytest

from aggregators.equivalence.math_process import MathProcess
from experts.errors import AggregationError

GIB = 2**30


def test_it_starts_with_the_first_question_and_again_after_its_end() -> None:
    pytest.importorskip("math_verify")
    process = MathProcess(20.0, 2 * GIB)
    process.close()
    assert process.starts == 0
    assert process.same("1/2", "0.5") is True
    first = process._process
    assert first is not None
    first.kill()  # by the system, say, for want of memory
    assert process.same("1/2", "1/3") is None
    assert process.same("2/4", "1/2") is True
    assert process.starts == 2
    second = process._process
    assert second is not None
    del process
    gc.collect()
    assert second.returncode is not None  # ended, as nobody holds it any more


def test_one_that_cannot_start_says_what_to_do() -> None:
    process = MathProcess(1.0, 2**20)  # not enough memory for Python's modules
    with pytest.raises(AggregationError, match="did not start"):
        process.same("1", "2")
