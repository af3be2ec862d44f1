"""What a training needs before its first step: natural passages and a vocabulary."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from bot.training.bpe import save_tokenizer, train_tokenizer
from bot.workshop.teaching.batches import PASSAGES, SEPARATOR, TOKENIZER, load_exposures
from bot.workshop.teaching.finishing import VOCABULARY
from bot.workshop.texts.cards import load_cards
from bot.workshop.texts.exposures import Exposures, Mixture
from bot.workshop.texts.natural import headed_passages

_CONTEXT_TOKENS = 1024
_SAMPLED_TEXTS = 40_000
_SAMPLED = Mixture(cards=45, compositions=40, guesses=1, passages=14)


def prepare_folder(
    folder: Path, corpus: Path | None, vocabulary: int, *, texts: int = _SAMPLED_TEXTS
) -> None:
    """Write the passages (where a corpus is given and they aren't there) and the tokenizer.

    Args:
        folder: Of the training; made if need be.
        corpus: Folder of the natural texts.
        vocabulary: Tokens, the bytes and the end of text included.
        texts: How many exposures the vocabulary is learnt from.
    """
    (folder / VOCABULARY).mkdir(parents=True, exist_ok=True)
    passages = folder / PASSAGES
    if corpus is not None and not passages.exists():
        records = headed_passages(corpus, load_cards(), random.Random(1))
        passages.write_text(SEPARATOR.join(records), encoding="utf-8")
    exposures = load_exposures(folder)
    mixture = _SAMPLED if exposures.passages else Mixture(50, 49, 1, 0)
    tokenizer = train_tokenizer(_sample(exposures, mixture, texts), vocabulary)
    save_tokenizer(tokenizer, folder / VOCABULARY, _CONTEXT_TOKENS)
    shutil.copy(folder / VOCABULARY / TOKENIZER, folder / TOKENIZER)


def _sample(exposures: Exposures, mixture: Mixture, count: int) -> Iterator[str]:
    rng = random.Random(1)
    return (exposures.draw(rng, mixture) for _ in range(count))
