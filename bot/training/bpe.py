"""A byte-level BPE of its own for a model trained from nothing."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GPT2Tokenizer, PreTrainedTokenizerBase

END_OF_TEXT = "<|endoftext|>"


def train_tokenizer(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Learn a byte-level BPE.

    Args:
        texts: What to learn from; read once.
        vocabulary_size: Tokens in all, the 256 bytes and the end of text included.

    Returns:
        A tokenizer that maps any Unicode text to tokens and back without loss.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context_tokens: int) -> None:
    """Write a tokenizer so that ``AutoTokenizer.from_pretrained`` loads it.

    Args:
        tokenizer: From ``train_tokenizer``.
        folder: An existing folder.
        context_tokens: The model's window, kept in the tokenizer's settings.
    """
    fast = GPT2Tokenizer(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        add_prefix_space=False,
        model_max_length=context_tokens,
        clean_up_tokenization_spaces=False,
    )
    fast.save_pretrained(folder)


def end_of_text_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the id of the token that ends a text.

    Raises:
        TypeError: The tokenizer has none.
    """
    identifier = tokenizer.eos_token_id
    if not isinstance(identifier, int):
        raise TypeError("the tokenizer has no token that ends a text")
    return identifier
