from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

VOCABULARY = 256
# Other tests run beside these; barriers between threads would cost more than they gain.
torch.set_num_threads(1)


def save_gpt2(folder: Path, seed: int = 0, *, gain: float = 4.0, **settings: object) -> Path:
    """Save a random GPT-2 whose tokens are bytes; ``gain`` makes its distribution uneven."""
    torch.manual_seed(seed)
    shape = {"n_embd": 64, "n_head": 4, "n_layer": 2, "n_positions": 96, "vocab_size": VOCABULARY}
    config = GPT2Config.from_dict({**shape, "bos_token_id": 0, "eos_token_id": 0, **settings})
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(gain)
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    _byte_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def _byte_tokenizer() -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@pytest.fixture(scope="session")
def small_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_gpt2(tmp_path_factory.mktemp("small-gpt2"))
