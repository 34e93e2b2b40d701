"""Where the encoder of the command line goes in the configuration of each kind."""

from __future__ import annotations

from eval.routing.router_settings import router_settings
from experts.encoders.config import LexicalEncoderConfig, SentenceTransformersEncoderConfig
from experts.outcome_table import OutcomeTable
from routers.ensemble.config import EnsembleConfig
from routers.neighbours.config import KnnConfig
from routers.skills.config import EncoderAnnotatorConfig, SkillRouterConfig
from routers.transformer.config import TransformerConfig

MODEL = "some-org/some-encoder"


def test_every_member_of_an_ensemble_gets_it(recorded_pool: OutcomeTable) -> None:
    settings = router_settings("ensemble", MODEL, recorded_pool)
    assert isinstance(settings, EnsembleConfig)
    assert [member.kind for member in settings.members] == ["forest", "subjects", "factors"]
    for member in settings.members:
        assert isinstance(member.encoder, SentenceTransformersEncoderConfig)
        assert member.encoder.model == MODEL


def test_a_skill_router_annotates_with_it(recorded_pool: OutcomeTable) -> None:
    settings = router_settings("skill", MODEL, recorded_pool)
    assert isinstance(settings, SkillRouterConfig) and isinstance(settings.annotator, EncoderAnnotatorConfig)
    assert isinstance(settings.annotator.encoder, SentenceTransformersEncoderConfig)


def test_a_transformer_is_it(recorded_pool: OutcomeTable) -> None:
    settings = router_settings("transformer", MODEL, recorded_pool)
    assert isinstance(settings, TransformerConfig) and settings.model == MODEL


def test_without_one_the_words_are_the_encoder(recorded_pool: OutcomeTable) -> None:
    settings = router_settings("knn", None, recorded_pool)
    assert isinstance(settings, KnnConfig) and settings.encoder == LexicalEncoderConfig(dimensions=256)
