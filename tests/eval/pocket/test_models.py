"""The shipped models: small enough, untied, of equal configuration inside a family, with their tokenizers."""

import json
from collections import defaultdict

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from eval.pocket import load
from eval.pocket.roster import EXPERTS, POOL_DIR, ROSTER, Member
from eval.pocket.teaching import user_content
from eval.pocket.vocabulary import CONTEXT, END, UNKNOWN, VOCAB_SIZE, build_tokenizer, chat_ids

MIB = 2**20


def test_all_weights_together_stay_small() -> None:
    assert sum(file.stat().st_size for file in POOL_DIR.rglob("*") if file.is_file()) <= 20 * 10**6


def test_the_pool_is_as_large_as_it_says() -> None:
    assert len(EXPERTS) >= 8 and len({m.family for m in EXPERTS}) >= 2
    assert sorted(m.role for m in ROSTER if m not in EXPERTS) == ["aggregator", "annotator"]
    assert {folder.name for folder in POOL_DIR.iterdir() if folder.is_dir()} == {m.name for m in ROSTER}


@pytest.mark.parametrize("member", ROSTER, ids=lambda m: m.name)
def test_a_folder_is_an_ordinary_model(member: Member) -> None:
    folder = POOL_DIR / member.name
    config = json.loads((folder / "config.json").read_text())
    assert config["tie_word_embeddings"] is False and config["head_dim"] == 64
    assert config["vocab_size"] == VOCAB_SIZE and config["max_position_embeddings"] == CONTEXT
    settings = json.loads((folder / "generation_config.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert settings["eos_token_id"] == tokenizer.eos_token_id == tokenizer.convert_tokens_to_ids(END)
    assert (folder / "README.md").read_text().startswith("---\nlicense: apache-2.0")
    query = load("test", 2)[1].query
    turns = [{"role": "user", "content": user_content(query)}]
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    assert ids == chat_ids(build_tokenizer(member.word_order), user_content(query))[0]


def test_families_share_one_configuration() -> None:
    families = defaultdict(set)
    for member in ROSTER:
        families[member.family].add((POOL_DIR / member.name / "config.json").read_text())
    assert len(families) == 2 and all(len(found) == 1 for found in families.values())


def test_one_expert_has_other_token_ids() -> None:
    vocabularies = {
        m.name: Tokenizer.from_file(str(POOL_DIR / m.name / "tokenizer.json")).get_vocab() for m in ROSTER
    }
    assert vocabularies["scholar"] != vocabularies["ledger"] == vocabularies["abacus"]
    assert set(vocabularies["scholar"]) == set(vocabularies["ledger"])


@pytest.mark.parametrize("word_order", [0, 1])
def test_the_tokenizer_knows_every_word_of_the_benchmark(word_order: int) -> None:
    tokenizer = build_tokenizer(word_order)
    unknown = tokenizer.token_to_id(UNKNOWN)
    for split in ("expert-train", "test"):
        for question in load(split, 600):
            assert unknown not in tokenizer.encode(user_content(question.query)).ids


def test_answers_survive_encoding_and_decoding() -> None:
    tokenizer = build_tokenizer()
    for text in (
        "Units 2 carry. It is 42: A. 17 no B. 42 yes.\nThe answer is (B).",
        "It is II: A. II yes.\nPerhaps the answer is (A).",
        "1 May 2 June.\nThe answer is June.",
        "Keywords: addition, small numbers",
    ):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_digits_are_tokens_of_their_own() -> None:
    assert build_tokenizer().encode("It is 142").tokens == [" It", " is", " 1", "4", "2"]
