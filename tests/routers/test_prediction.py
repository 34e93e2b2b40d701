"""Arrays of estimates, with NaN for what is not known."""

from __future__ import annotations

import numpy as np

from routers.prediction import Prediction
from routers.router import Estimate


def test_estimates_are_stacked_and_what_they_do_not_say_is_nan() -> None:
    full = Estimate(
        values=np.array([0.2, 0.8]), calibrated=True, tokens=np.array([10.0, np.nan]), novelty=0.5
    )
    bare = Estimate(values=np.array([0.6, 0.4]), calibrated=True)
    arrays = Prediction.stacked([full, bare])
    np.testing.assert_array_equal(arrays.chances, [[0.2, 0.8], [0.6, 0.4]])
    np.testing.assert_array_equal(arrays.tokens, [[10.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(arrays.novelty, [0.5, np.nan])


def test_chances_alone_leave_the_rest_unknown() -> None:
    arrays = Prediction.of_chances(np.full((2, 3), 0.5))
    assert arrays.tokens.shape == (2, 3) and arrays.novelty.shape == (2,)
    assert np.isnan(arrays.tokens).all() and np.isnan(arrays.novelty).all()
