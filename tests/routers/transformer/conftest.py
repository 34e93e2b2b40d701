"""A network of two layers with random weights, in a folder, that reads the words of the miniature pool."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch = pytest.importorskip("torch", reason="needs torch (extra `embeddings`)")
    # skops looks through all modules when it is imported, which takes half a minute after transformers.
    import skops.io  # noqa: F401
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = Path(tmp_path_factory.mktemp("tiny"))
    words = ["capital", "river", "addition", "europe", "asia", "small", "large", "numbers", "of", "number"]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *",?0123456789"]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    return str(folder)
