"""A folder of odd checkpoints, and what the service makes of each.

``python -m tests.generation.checkpoints`` writes the table of ``docs/checkpoints.md``.
"""

import json
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    GPT2LMHeadModel,
    GPT2Model,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
)

from bot.errors import ModelNotFoundError
from bot.generation.engine import load_engine
from bot.generation.models import resolve_model
from bot.generation.parameters import SamplingParameters
from tests.generation.engine.conftest import save_gpt2

TABLE = Path(__file__).parents[2] / "docs" / "checkpoints.md"
PROMPT = [72, 105, 33, 7, 200]
NEW_TOKENS = 16
SAME = "the same greedy tokens as `transformers`"
GREEDY = SamplingParameters(max_new_tokens=NEW_TOKENS, temperature=0.0, ignore_eos=True)

Make = Callable[[Path], object]
Tensors = dict[str, torch.Tensor]


def gpt2(**settings: object) -> Make:
    return lambda folder: save_gpt2(folder, **settings)  # type: ignore[arg-type]


def in_type(dtype: torch.dtype) -> Make:
    return changed(lambda tensors: {name: value.to(dtype) for name, value in tensors.items()})


def changed(change: Callable[[Tensors], Tensors], **settings: object) -> Make:
    """Make a GPT-2 and change its tensors afterwards."""

    def make(folder: Path) -> None:
        gpt2(**settings)(folder)
        path = folder / "model.safetensors"
        tensors = {name: value.contiguous() for name, value in change(load_file(path)).items()}
        save_file(tensors, path, metadata={"format": "pt"})

    return make


def without(name: str, **settings: object) -> Make:
    def change(tensors: Tensors) -> Tensors:
        return {key: value for key, value in tensors.items() if not key.endswith(name)}

    return changed(change, **settings)


def cut(name: str, rows: int) -> Make:
    def change(tensors: Tensors) -> Tensors:
        return {key: v[:rows] if key.endswith(name) else v for key, v in tensors.items()}

    return changed(change)


def turned(tensors: Tensors) -> Tensors:
    """Lay the matrices as nanoGPT's Linear does."""
    names = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    return {key: value.t() if key.endswith(names) else value for key, value in tensors.items()}


def first_names(folder: Path) -> None:
    """Save as the first GPT-2 files were: no ``transformer.`` before the names."""
    gpt2()(folder)
    GPT2Model.from_pretrained(folder, use_safetensors=True).save_pretrained(folder)


def in_shards(folder: Path) -> None:
    gpt2()(folder)
    model = GPT2LMHeadModel.from_pretrained(folder, use_safetensors=True)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="100KB")
    assert len(list(folder.glob("*.safetensors"))) > 2


def with_extra_tokens(folder: Path) -> None:
    gpt2()(folder)
    model = GPT2LMHeadModel.from_pretrained(folder, use_safetensors=True)
    model.resize_token_embeddings(259)
    model.save_pretrained(folder)


def other(model: type[Any], config: type[Any], **sizes: object) -> Make:
    def make(folder: Path) -> None:
        gpt2()(folder)
        torch.manual_seed(0)
        settings = {"vocab_size": 256, "bos_token_id": 0, "eos_token_id": 0, **sizes}
        model(config(initializer_range=0.4, **settings)).save_pretrained(folder)

    return make


def with_configuration(**settings: object) -> Make:
    """Make a GPT-2 and change its configuration afterwards."""

    def make(folder: Path) -> None:
        gpt2()(folder)
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))

    return make


def with_file(name: str, content: bytes) -> Make:
    def make(folder: Path) -> None:
        gpt2()(folder)
        (folder / name).write_bytes(content)

    return make


def pickled(folder: Path) -> None:
    gpt2()(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def ending_early(folder: Path) -> None:
    gpt2()(folder)
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def with_code(folder: Path) -> None:
    with_configuration(
        model_type="own", auto_map={"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"}
    )(folder)
    (folder / "own.py").write_text("raise SystemExit('this ran')\n")


CASES: dict[str, tuple[Make, str]] = {
    "GPT-2, single precision": (gpt2(), SAME),
    "untied output projection": (gpt2(tie_word_embeddings=False), SAME),
    "three added tokens": (with_extra_tokens, SAME),
    "vocabulary padded to 320": (gpt2(vocab_size=320), SAME),
    "weights in bf16": (in_type(torch.bfloat16), SAME),
    "weights in fp16": (in_type(torch.float16), SAME),
    "weights in fp64": (in_type(torch.float64), SAME),
    "weights in shards": (in_shards, SAME),
    "names without `transformer.`": (first_names, SAME),
    "one head, one layer": (gpt2(n_head=1, n_layer=1), SAME),
    "`n_inner` 96": (gpt2(n_inner=96), SAME),
    "`scale_attn_by_inverse_layer_idx`": (gpt2(scale_attn_by_inverse_layer_idx=True), SAME),
    "`scale_attn_weights` off": (gpt2(scale_attn_weights=False), SAME),
    "`reorder_and_upcast_attn`": (gpt2(reorder_and_upcast_attn=True), SAME),
    "activation `gelu`": (gpt2(activation_function="gelu"), SAME),
    "activation `gelu_fast`": (gpt2(activation_function="gelu_fast"), SAME),
    "activation `relu`": (gpt2(activation_function="relu"), SAME),
    "activation `silu`": (gpt2(activation_function="silu"), SAME),
    "GPT-Neo": (
        other(
            GPTNeoForCausalLM,
            GPTNeoConfig,
            hidden_size=64,
            num_layers=2,
            num_heads=4,
            attention_types=[[["global", "local"], 1]],
            max_position_embeddings=96,
        ),
        SAME,
    ),
    "GPT-NeoX": (
        other(
            GPTNeoXForCausalLM,
            GPTNeoXConfig,
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=128,
            max_position_embeddings=96,
        ),
        SAME,
    ),
    "Llama": (
        other(
            LlamaForCausalLM,
            LlamaConfig,
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            intermediate_size=128,
            max_position_embeddings=96,
        ),
        SAME,
    ),
    "fewer positions than configured": (
        cut("wpe.weight", 64),
        "transformer.wpe.weight is 64 x 64 and should be 96 x 64",
    ),
    "fewer token rows than configured": (
        cut("wte.weight", 200),
        "transformer.wte.weight is 200 x 64 and should be 256 x 64",
    ),
    "matrices the other way round (nanoGPT)": (
        changed(turned),
        "transformer.h.0.attn.c_attn.weight is 192 x 64 and should be 64 x 192",
    ),
    "a norm is missing": (without("h.1.ln_2.bias"), "no tensor transformer.h.1.ln_2.bias"),
    "the untied output projection is missing": (
        without("lm_head.weight", tie_word_embeddings=False),
        "no tensor lm_head.weight",
    ),
    "three layers configured, two there": (
        with_configuration(n_layer=3),
        "no tensor transformer.h.2.ln_1.weight",
    ),
    "a billion layers configured": (
        with_configuration(n_layer=10**9),
        "n_layer in its config.json is 1000000000, not 1 to 1,000",
    ),
    "weights in int8": (in_type(torch.int8), "has type I8"),
    "a pickle": (pickled, "its weights are not in the safetensors format"),
    "a weights file cut short": (ending_early, "ends early"),
    "a weights file of rubbish": (
        with_file("model.safetensors", b"\xff" * 100_000),
        "model.safetensors is damaged: header too long",
    ),
    "a configuration of rubbish": (with_file("config.json", b"{"), "its config.json is no JSON"),
    "a tokenizer of rubbish": (with_file("tokenizer.json", b"{}"), "tokenizer.json: "),
    "its own code": (with_code, "contains custom code"),
}
"""For each odd checkpoint how it is made, and what becomes of it: ``SAME`` or a refusal."""


def outcome(folder: Path, dtype: str = "fp32") -> str:
    """Return what the service makes of a model folder: ``SAME``, or why it refuses it.

    Raises:
        AssertionError: It writes other tokens.
    """
    try:
        found = resolve_model(str(folder))
        assert isinstance(found, Path)
        engine = load_engine(found, dtype=dtype, device="cpu", threads=1, max_batch_size=1)  # type: ignore[arg-type]
    except ModelNotFoundError as error:
        return error.reason.splitlines()[0].replace(str(folder), "FOLDER")
    engine.start()
    try:
        ours = [e.token_id for e in engine.submit(PROMPT, GREEDY) if e.token_id is not None]
    finally:
        engine.close()
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, trust_remote_code=False, use_safetensors=True
    )
    ids = torch.tensor([PROMPT])
    theirs = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=NEW_TOKENS,
        min_new_tokens=NEW_TOKENS,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=None,
    )
    assert ours == theirs[0, len(PROMPT) :].tolist()
    return SAME


def table() -> str:
    """Make every checkpoint, load it, and tell what happened as a page of Markdown."""
    lines = [
        "# Other people's checkpoints",
        "",
        "Made by `python -m tests.generation.checkpoints`; a test loads each of them and compares "
        "with this page. What is loaded, is loaded without running code that came with it.",
        "",
        "| checkpoint | what the service does |",
        "|---|---|",
    ]
    with tempfile.TemporaryDirectory() as place:
        for number, (name, (make, _)) in enumerate(CASES.items()):
            folder = Path(place) / str(number)
            make(folder)
            found = outcome(folder)
            lines.append(f"| {name} | {found if found == SAME else f'refused: {found}'} |")
            shutil.rmtree(folder)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    TABLE.write_text(table(), encoding="utf-8")
