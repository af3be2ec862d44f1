"""Writes a trained model as the folder that the bot loads."""

import copy
import json
from pathlib import Path

from transformers import AutoTokenizer, GPT2LMHeadModel

from bot.training.saving import save_model
from bot.workshop.texts.headers import FRAMES, IDEAS, WORDS_STEP

MOST_WORDS = 500
"""Hardly a text that is learnt is longer."""

DEFAULTS = {"temperature": 0.5, "top_p": 0.95, "top_k": 50, "no_repeat_ngram_size": 24}
"""Sampling that suits the model."""

VOCABULARY = "vocabulary"
"""Folder of the tokenizer as `transformers` loads it."""


def write_model(model: GPT2LMHeadModel, folder: Path, out: Path) -> None:
    """Write weights as bfloat16, tokenizer, configuration and frames.

    Args:
        model: As trained; it is copied.
        folder: The training's, with the tokenizer.
        out: A folder that need not be there.
    """
    out.mkdir(parents=True, exist_ok=True)
    finished = copy.deepcopy(model).cpu()
    finished.train(False)
    save_model(finished, folder / VOCABULARY, out, "bf16", 2000)
    AutoTokenizer.from_pretrained(out, trust_remote_code=False)
    frames = {
        "frames": FRAMES,
        "ideas": IDEAS,
        "words_step": WORDS_STEP,
        "most_words": MOST_WORDS,
        "defaults": DEFAULTS,
    }
    text = json.dumps(frames, ensure_ascii=False, indent=2) + "\n"
    (out / "redactor.json").write_text(text, encoding="utf-8")
