"""The model that is trained: new or loaded, whole or through adapters, and its loss."""

import copy
import warnings
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerBase,
)

from bot.training.errors import BaseModelError
from bot.training.options import parse_size

_IGNORED = -100


def new_model(
    size: str, vocabulary_size: int, context_tokens: int, end_of_text: int, seed: int
) -> GPT2LMHeadModel:
    """Return a GPT-2 with first weights drawn from the seed.

    Raises:
        UnknownSizeError: The size is not known.
    """
    layers, width = parse_size(size)
    config = GPT2Config(
        vocab_size=vocabulary_size,
        n_positions=context_tokens,
        n_embd=width,
        n_layer=layers,
        n_head=max(1, width // 64),
        bos_token_id=end_of_text,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GPT2LMHeadModel(config)


def load_base(base: str) -> tuple[GPT2LMHeadModel, PreTrainedTokenizerBase]:
    """Load the model to start from, in float32, with its tokenizer.

    Args:
        base: A folder or a Hub id.

    Raises:
        BaseModelError: It cannot be loaded, is no GPT-2, or has no token that ends a text.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            base,
            dtype=torch.float32,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise BaseModelError(base, str(error).partition("\n")[0]) from error
    model, info = loaded
    if info["missing_keys"]:
        raise BaseModelError(base, f"no tensor {min(info['missing_keys'])}")
    if not isinstance(model, GPT2LMHeadModel):
        raise BaseModelError(base, f"it is a {type(model).__name__}, no GPT-2")
    if tokenizer.eos_token_id is None or len(tokenizer) > model.config.vocab_size:
        raise BaseModelError(base, "its tokenizer does not match its weights")
    return model, tokenizer


def prepare_for_training(model: GPT2LMHeadModel, dropout: float) -> None:
    """Set the dropout and take the fused form of GPT-2's activation.

    ``gelu_new`` and PyTorch's ``gelu`` with ``tanh`` are the same function; the latter is one
    kernel instead of eight. The configuration keeps the former name, which every loader knows.
    """
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
    if model.config.activation_function == "gelu_new":
        for block in model.transformer.h:
            cast("Any", block).mlp.act = nn.GELU(approximate="tanh")


def add_adapters(model: GPT2LMHeadModel, rank: int, dropout: float) -> nn.Module:
    """Freeze the weights and put LoRA adapters beside all matrices of the blocks.

    Returns:
        The wrapping model of ``peft``; ``plain_copy`` makes a plain GPT-2 of it.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=dropout,
        target_modules=["c_attn", "c_proj", "c_fc"],
        fan_in_fan_out=True,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # peft asks transformers for a property that was renamed.
        warnings.simplefilter("ignore", FutureWarning)
        return cast("nn.Module", get_peft_model(cast("Any", model), config))


def plain_copy(model: nn.Module, weights: dict[str, Tensor] | None = None) -> GPT2LMHeadModel:
    """Return a GPT-2 without adapters, as a copy on the CPU.

    Args:
        model: A GPT-2, or one with adapters, which are merged into their matrices.
        weights: Values to use instead of the model's own, by the names of ``trained_weights``.
    """
    copied = copy.deepcopy(model).cpu()
    if weights is not None:
        load_trained_weights(copied, weights)
    merge = getattr(copied, "merge_and_unload", None)
    merged = merge() if merge is not None else copied
    merged.train(False)
    return cast("GPT2LMHeadModel", merged)


def trained_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights that training changes, by name; tied ones once."""
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def load_trained_weights(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy saved weights into a model of the same shape."""
    own = trained_weights(model)
    if own.keys() != weights.keys():
        raise ValueError("the saved weights belong to another model")
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(value)


def gpt2_inside(model: nn.Module) -> GPT2LMHeadModel:
    """Return the GPT-2 itself, whether or not adapters are wrapped around it."""
    unwrap = getattr(model, "get_base_model", None)
    return cast("GPT2LMHeadModel", unwrap() if unwrap is not None else model)


def logits_of(model: GPT2LMHeadModel, ids: Tensor) -> Tensor:
    """Return the logits of the token behind each token but the last of a row.

    The blocks are called directly: ``GPT2Model.forward`` looks for padding and for packed rows,
    which costs a synchronisation with the GPU each time and breaks the compiled graph.

    Args:
        model: A GPT-2, its blocks with or without adapters.
        ids: Tokens, rows × context.

    Returns:
        Rows × (context - 1) × vocabulary, in the type of the computation.
    """
    body = model.transformer
    positions = torch.arange(ids.shape[1], device=ids.device)
    hidden = body.drop(body.wte(ids) + body.wpe(positions))
    for block in body.h:
        hidden = _first(block(hidden, use_cache=False))
    return cast("Tensor", model.lm_head(body.ln_f(hidden)[:, :-1]))


def summed_loss(model: GPT2LMHeadModel, ids: Tensor, lengths: Tensor) -> Tensor:
    """Return the sum of the negative log-likelihoods of all tokens but each row's first.

    Args:
        model: A GPT-2, its blocks with or without adapters.
        ids: Tokens, rows × context.
        lengths: Tokens of each row that count.

    Returns:
        A float32 scalar, in nats.
    """
    logits = logits_of(model, ids)
    positions = torch.arange(ids.shape[1], device=ids.device)
    targets = ids[:, 1:].masked_fill(positions[1:] >= lengths[:, None], _IGNORED)
    return functional.cross_entropy(
        logits.float().reshape(-1, logits.shape[-1]),
        targets.reshape(-1),
        ignore_index=_IGNORED,
        reduction="sum",
    )


def _first(output: object) -> Tensor:
    # Blocks answered with a tuple before transformers 5 and answer with the tensor since.
    return cast("Tensor", output[0] if isinstance(output, tuple) else output)


def parameter_count(model: nn.Module) -> int:
    """Return the number of weights, tied ones once."""
    return sum(value.numel() for value in model.parameters())


def decay_groups(model: nn.Module, weight_decay: float) -> Iterator[dict[str, Any]]:
    """Part the trained weights: matrices and embeddings decay, biases and norms don't."""
    values = list(trained_weights(model).values())
    matrices = [value for value in values if value.dim() >= 2]
    vectors = [value for value in values if value.dim() < 2]
    yield {"params": matrices, "weight_decay": weight_decay}
    yield {"params": vectors, "weight_decay": 0.0}


def uses_bf16(device: torch.device) -> bool:
    """Tell whether bf16 arithmetic is faster than float32 on a device."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported is not None and supported())
