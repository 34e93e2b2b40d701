"""Configurations of the miniature models, and writing them in the ordinary Hugging Face layout.

Knows nothing of data and training.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    PretrainedConfig,
    PreTrainedModel,
    Qwen3Config,
)

from eval.pocket.roster import NARROW, WIDE, Member
from eval.pocket.vocabulary import (
    CONTEXT,
    END,
    PAD,
    SPECIALS,
    VOCAB_SIZE,
    build_tokenizer,
    save_tokenizer,
)

_PAD_ID, _END_ID = SPECIALS.index(PAD), SPECIALS.index(END)
_COMMON = {
    "vocab_size": VOCAB_SIZE,
    "max_position_embeddings": CONTEXT,
    "tie_word_embeddings": False,
    "num_key_value_heads": 1,
    "head_dim": 64,
    "hidden_size": 160,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "bos_token_id": None,
    "eos_token_id": _END_ID,
    "pad_token_id": _PAD_ID,
}
_MLP_WIDTHS = {NARROW: 288, WIDE: 352}


def family_config(family: str) -> PretrainedConfig:
    """The one configuration that all members of a family share."""
    if family not in _MLP_WIDTHS:
        raise ValueError(f"Unknown family {family!r}; there are {', '.join(_MLP_WIDTHS)}.")
    # Not qwen2: transformers 5 forces its own byte-level tokenizer on that type.
    return Qwen3Config(**_COMMON, intermediate_size=_MLP_WIDTHS[family])


def new_model(member: Member, seed: int = 0) -> PreTrainedModel:
    """A randomly initialised model of the member's family."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(family_config(member.family), dtype=torch.float32)


@torch.no_grad()
def grown_model(member: Member, donor: Path, seed: int = 0) -> PreTrainedModel:
    """A model of the member's family that answers as the donor does: what it has more of is without effect.

    The donor's family must be the same but for a narrower MLP; words are matched where token ids differ.
    """
    old, new = load_model(donor), new_model(member, seed)
    words = Tokenizer.from_file(str(donor / "tokenizer.json")).get_vocab()
    order = torch.arange(VOCAB_SIZE)
    for word, row in build_tokenizer(member.word_order).get_vocab().items():
        order[row] = words[word]
    sources = dict(old.named_parameters())
    for name, target in new.named_parameters():
        source = sources[name]
        if source.shape[0] == VOCAB_SIZE:
            source = source[order]
        if name.endswith("down_proj.weight"):
            target.zero_()
        target[tuple(slice(0, size) for size in source.shape)] = source
    return new


def save_model(model: PreTrainedModel, member: Member, folder: Path) -> None:
    """Write weights (bf16), configuration, tokenizer and generation settings as one unit."""
    staging = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    copy = AutoModelForCausalLM.from_config(family_config(member.family), dtype=torch.bfloat16)
    copy.load_state_dict({name: tensor.to(torch.bfloat16) for name, tensor in model.state_dict().items()})
    copy.generation_config = GenerationConfig(eos_token_id=_END_ID, pad_token_id=_PAD_ID, do_sample=False)
    copy.save_pretrained(staging)
    save_tokenizer(staging, member.word_order)
    for file in staging.iterdir():
        file.chmod(0o644)
    shutil.rmtree(folder, ignore_errors=True)
    staging.rename(folder)


def load_model(folder: Path) -> PreTrainedModel:
    """The model of a folder, in float32, ready to answer."""
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.eval()
