from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data

from experts.errors import RouterError
from routers.classifiers.config import DOMAINS, DomainsConfig
from routers.classifiers.domains import Domains


def domains(**options: Any) -> Domains:
    return Domains(DomainsConfig.model_validate({"kind": "domains", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Check) -> None:
    check(domains)


@pytest.mark.parametrize(
    ("subject", "domain"),
    [
        ("math", "math"),
        ("computer science", "coding"),
        ("Clinical_Knowledge", "health"),
        ("physics", "science"),
        ("law", "other"),
        ("", ""),
    ],
)
def test_subjects_have_a_domain(subject: str, domain: str) -> None:
    assert domains().domain(subject) == domain


def test_no_subject_is_in_two_domains() -> None:
    named = [subject for held in DOMAINS.values() for subject in held]
    assert len(named) == len(set(named))


def test_every_domain_has_one_expert() -> None:
    fitted = domains().fit(training_data())
    assert fitted.assignment_ == {"other": "atlas", "math": "bard", "science": "cato"}
    chosen = fitted.predict(fresh_vectors()).argmax(axis=1)
    np.testing.assert_array_equal(chosen, np.arange(30) % 3)


def test_domains_can_be_given() -> None:
    fitted = domains(domains={"words": ("law",), "numbers": ("math", "biology")}).fit(training_data())
    assert set(fitted.assignment_) == {"words", "numbers"}
    assert fitted.explain(fresh_vectors()[:1])[0][0].startswith("Domain words (probability ")


def test_without_subjects_one_sentence_says_what_to_do() -> None:
    with pytest.raises(RouterError, match="'domains' router learns from the subjects"):
        domains().fit(replace(training_data(), subjects=("",) * 150))
