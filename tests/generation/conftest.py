"""A small random GPT-2 with a byte-level vocabulary of its own, made once."""

from pathlib import Path

import pytest

CONTEXT_TOKENS = 128
TEXT = [
    "El mar es hermoso, pero esclavo para los pescadores que trabajan en él.",
    "Cada mañana salen las barcas; ¿quién sabe qué traerán? ¡Ojalá vuelvan llenas!",
    "La lluvia cae despacio sobre los tejados del pueblo y nadie tiene prisa.",
    "El niño miró el cañón, el pingüino y la cigüeña: todo le parecía nuevo.",
] * 20


def save_model(folder: Path, *, seed: int = 0, context_tokens: int = CONTEXT_TOKENS) -> Path:
    """Write a GPT-2 with random weights and a trained tokenizer into a folder."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(TEXT, vocab_size=400, special_tokens=["<|endoftext|>"])
    folder.mkdir(parents=True)
    bpe.save_model(str(folder))
    tokenizer = GPT2Tokenizer.from_pretrained(folder)
    config = GPT2Config(
        vocab_size=bpe.get_vocab_size(),
        n_positions=context_tokens,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
        # Wider than usual, so that greedy decoding does not say one word for ever.
        initializer_range=0.6,
    )
    torch.manual_seed(seed)
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that ``from_pretrained`` loads: GPT-2, 2 layers, 32 wide, 400 tokens."""
    return save_model(tmp_path_factory.mktemp("models") / "small")
