"""The likelihood's gradient is its own, what was not run counts for nothing, and minima are found."""

from __future__ import annotations

import numpy as np
from scipy.optimize import approx_fprime

from routers.likelihood import Parameters, minimise, negative_log_likelihood


def test_the_gradient_is_that_of_the_value() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((4, 3))
    scores[1, 2] = np.nan
    logits = rng.normal(size=12)
    numeric = approx_fprime(logits, lambda at: negative_log_likelihood(at.reshape(4, 3), scores)[0])
    exact = negative_log_likelihood(logits.reshape(4, 3), scores)[1]
    np.testing.assert_allclose(exact.ravel(), numeric, atol=1e-6)


def test_a_cell_that_was_not_run_adds_nothing() -> None:
    value, gradient = negative_log_likelihood(np.array([0.0, 50.0]), np.array([1.0, np.nan]))
    assert value == np.log(2.0)
    assert gradient[1] == 0.0


def test_a_minimum_is_found_in_arrays_of_several_shapes() -> None:
    def bowl(at: Parameters) -> tuple[float, Parameters]:
        value = float(((at["a"] - 3.0) ** 2).sum() + ((at["b"] + 1.0) ** 2).sum())
        return value, {"b": 2.0 * (at["b"] + 1.0), "a": 2.0 * (at["a"] - 3.0)}

    found = minimise(bowl, {"a": np.zeros((2, 3)), "b": np.zeros(4)}, max_iterations=50)
    np.testing.assert_allclose(found["a"], np.full((2, 3), 3.0), atol=1e-5)
    np.testing.assert_allclose(found["b"], np.full(4, -1.0), atol=1e-5)
