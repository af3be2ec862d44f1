"""GPT-2 checkpoints with random weights: speed does not depend on what a model has learnt."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SPREAD = 0.02  # GPT-2's own initialisation
VOCABULARY = 50_257
CONTEXT_TOKENS = 1024
SEED = 20


@dataclass(frozen=True, slots=True)
class Size:
    """A member of the family (Radford et al. 2019, table 2).

    Attributes:
        name: Also the folder's.
        layers: Transformer blocks.
        width: Of the hidden state.
        heads: Attention heads.
        item_type: NumPy type the weights are stored in.
    """

    name: str
    layers: int
    width: int
    heads: int
    item_type: str


SMALL = Size("gpt2-small", 12, 768, 12, "float32")
XL = Size("gpt2-xl", 48, 1600, 25, "float16")
TINY = Size("gpt2-tiny", 2, 64, 2, "float32")


def parameter_bytes_int8(size: Size) -> int:
    """Return how many weight bytes one token reads in int8: every matrix once."""
    return size.layers * 12 * size.width**2 + VOCABULARY * size.width


def random_checkpoint(size: Size, root: Path) -> Path:
    """Return the folder of a checkpoint, written if it is not there.

    Args:
        size: Its shape.
        root: Folder for checkpoints.
    """
    folder = root / size.name
    if (folder / "config.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    save_file(_tensors(size), folder / "model.safetensors", metadata={"format": "pt"})
    _write_tokenizer(folder)
    end = VOCABULARY - 1
    configuration = {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_layer": size.layers,
        "n_embd": size.width,
        "n_head": size.heads,
        "n_positions": CONTEXT_TOKENS,
        "vocab_size": VOCABULARY,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "bos_token_id": end,
        "eos_token_id": end,
    }
    (folder / "config.json").write_text(json.dumps(configuration), "utf-8")
    return folder


def _tensors(size: Size) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(SEED)
    item_type = np.dtype(size.item_type)

    def matrix(rows: int, columns: int) -> np.ndarray:
        values = generator.standard_normal((rows, columns), dtype=np.float32)
        return (values * np.float32(SPREAD)).astype(item_type)

    width = size.width
    tensors = {
        "transformer.wte.weight": matrix(VOCABULARY, width),
        "transformer.wpe.weight": matrix(CONTEXT_TOKENS, width),
        "transformer.ln_f.weight": np.ones(width, item_type),
        "transformer.ln_f.bias": np.zeros(width, item_type),
    }
    for layer in range(size.layers):
        block = f"transformer.h.{layer}"
        for norm in ("ln_1", "ln_2"):
            tensors[f"{block}.{norm}.weight"] = np.ones(width, item_type)
            tensors[f"{block}.{norm}.bias"] = np.zeros(width, item_type)
        for name, rows, columns in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, 4 * width),
            ("mlp.c_proj", 4 * width, width),
        ):
            tensors[f"{block}.{name}.weight"] = matrix(rows, columns)
            tensors[f"{block}.{name}.bias"] = np.zeros(columns, item_type)
    return tensors


def _write_tokenizer(folder: Path) -> None:
    """Write a byte-level vocabulary of GPT-2's size, whose further tokens are made-up words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    vocabulary |= {f"Ġ{n}": n for n in range(len(letters), VOCABULARY - 1)}
    vocabulary["<|endoftext|>"] = VOCABULARY - 1
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "GPT2TokenizerFast",
        "bos_token": "<|endoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
