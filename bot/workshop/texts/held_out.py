"""Topics that no text may hold: only they tell honestly what a model does with something new."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "held_out_topics.toml"


@dataclass(frozen=True, slots=True)
class HeldOutTopic:
    """One topic.

    Attributes:
        form: How it is worded: noun, phrase, claim, question, title, proverb …
        near: Whether a text on something like it is learnt.
        text: The topic as it is asked for.
        words: Words that belong to it, in their plain forms.
        about: The thing in it, where it is more than a noun; "" where it is about no one thing.
    """

    form: str
    near: bool
    text: str
    words: tuple[str, ...]
    about: str = ""


def load_held_out(file: Path = FILE) -> list[HeldOutTopic]:
    """Read the topics, in their order."""
    found = tomllib.loads(file.read_text(encoding="utf-8"))["topic"]
    return [
        HeldOutTopic(
            item["form"], item["near"], item["text"], tuple(item["words"]), item.get("about", "")
        )
        for item in found
    ]
