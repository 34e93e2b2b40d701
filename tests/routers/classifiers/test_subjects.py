from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data

from experts.errors import RouterError
from routers.classifiers.config import SubjectsConfig
from routers.classifiers.subjects import Subjects


def subjects(**options: Any) -> Subjects:
    return Subjects(SubjectsConfig.model_validate({"kind": "subjects", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("hard", [False, True])
def test_contract(check: Check, hard: bool) -> None:
    check(lambda: subjects(hard=hard))


def test_the_likeliest_subject_alone_counts_as_published() -> None:
    data = training_data()
    chances = subjects(hard=True, prior_questions=0).fit(data).predict(fresh_vectors()[:1])
    np.testing.assert_allclose(chances[0], data.scores[::3].mean(axis=0), atol=1e-6)


def test_in_between_two_subjects_chances_are_in_between() -> None:
    fitted = subjects().fit(training_data())
    middle = np.eye(12, dtype=np.float32)[[0]] + np.eye(12, dtype=np.float32)[[1]]
    mixed = fitted.predict(middle / np.float32(np.sqrt(2)))[0]
    law, math = fitted.predict(np.eye(12, dtype=np.float32)[:2])
    assert mixed[0] < law[0] - 0.05 and mixed[1] < math[1] - 0.05


def test_questions_without_a_subject_do_not_disturb() -> None:
    data = training_data()
    some = replace(data, subjects=tuple("" if i % 2 else name for i, name in enumerate(data.subjects)))
    fitted = subjects().fit(some)
    assert fitted.by_subject_.classifier.labels == ("biology", "law", "math")
    assert fitted.by_subject_.counts.run.sum() == 75 * 3


def test_without_subjects_one_sentence_says_what_to_do() -> None:
    with pytest.raises(RouterError, match=r"'subjects' router learns from the subjects.*`kind: clusters`"):
        subjects().fit(replace(training_data(), subjects=("",) * 150))


def test_reasons_name_subject_and_counts() -> None:
    data = training_data()
    (reason,) = subjects().fit(data).explain(fresh_vectors()[:1])[0]
    assert reason.startswith("Subject law (probability ")
    assert f"atlas right on {int(data.scores[::3, 0].sum())} of 50" in reason
