"""The form in which a model is asked: what stands around a topic, per style."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import ModelNotFoundError

FRAMES_FILE = "redactor.json"
DEFAULT_STYLE = "ensayo"

_IDEAS = "{ideas}"
_PLACEHOLDER = re.compile(r"\{(topic|words)\}")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a topic in one style; ``{topic}`` and ``{words}`` are filled in.

    Attributes:
        prompt: What the model is asked to continue.
        opening: What of that the reader sees before the continuation; may be empty.
    """

    prompt: str
    opening: str

    def prompt_for(self, topic: str, words: int, special_tokens: Iterable[str] = ()) -> str:
        """Fill in the prompt.

        Args:
            topic: Whatever a person wrote; braces in it stay as they are.
            words: Length of the text asked for.
            special_tokens: The model's control tokens. They are taken out of the topic, since the
                tokenizer would read them as control, not as text.
        """
        for token in special_tokens:
            topic = topic.replace(token, " ")
        return _fill(self.prompt, topic, words)

    def opening_for(self, topic: str, words: int) -> str:
        """Fill in what the reader sees before the continuation."""
        return _fill(self.opening, topic, words)


def _fill(template: str, topic: str, words: int) -> str:
    # One pass, so that a topic that says "{words}" is left alone; str.format would trip over
    # the other braces of a chat template.
    values = {"topic": topic, "words": str(words)}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of one model.

    Attributes:
        by_style: A frame for each style that the model knows, ``ensayo`` always among them.
        special_tokens: The model's control tokens as text, to be taken out of topics.
        words_step: Lengths are asked for in multiples of this, as the model was taught.
        most_words: The greatest length that it was taught, or None.
        ideas: The line in which it plans a text before it writes, ``{ideas}`` in it and a blank
            line behind it; None for a model that does not.
    """

    by_style: Mapping[str, Frame]
    special_tokens: tuple[str, ...] = ()
    words_step: int = 1
    most_words: int | None = None
    ideas: str | None = None

    def plan(self, ideas: Sequence[str]) -> str:
        """Return the plan with somebody's ideas; its beginning only where there are none."""
        if self.ideas is None:
            return ""
        return self.ideas.replace(_IDEAS, ", ".join(ideas)) if ideas else self._plan_head

    @property
    def _plan_head(self) -> str:
        return (self.ideas or "").partition(_IDEAS)[0].rstrip()

    def split_plan(self, text: str) -> tuple[str, str]:
        """Part what a model wrote into its plan, the blank line included, and the text behind it.

        While the plan is not over, there is no text.
        """
        head = self._plan_head
        if not head or not text.startswith(head[: len(text)]):
            return "", text
        plan, end, rest = text.partition("\n\n")
        return plan + end, rest

    def ideas_of(self, plan: str) -> tuple[str, ...]:
        """Return the ideas of a plan, each once, in their order."""
        ideas = plan.removeprefix(self._plan_head).strip(" .\n").split(",")
        return tuple(dict.fromkeys(idea.strip() for idea in ideas if idea.strip()))

    def asked_words(self, words: int) -> int:
        """Return the length to ask the model for when a person wants so many words."""
        rounded = max(1, round(words / self.words_step)) * self.words_step
        return rounded if self.most_words is None else min(rounded, self.most_words)

    def of(self, style: str) -> Frame:
        """Return the frame of a style, or that of ``ensayo`` where the model has no such style."""
        return self.by_style.get(style) or self.by_style[DEFAULT_STYLE]

    @classmethod
    def plain(cls, openings: Mapping[str, str], special_tokens: Iterable[str] = ()) -> "Frames":
        """Return GPT-2's own way: the topic opens the text, and the model goes on.

        Args:
            openings: What opens a text in each style, with ``{topic}`` in it; the reader sees it
                too. ``ensayo`` is the topic itself unless it is given.
            special_tokens: The model's control tokens.
        """
        texts = {DEFAULT_STYLE: "{topic}", **openings}
        frames = {style: Frame(text, text) for style, text in texts.items()}
        return cls(frames, tuple(special_tokens))

    @classmethod
    def chat(
        cls,
        instructions: Mapping[str, str],
        render: Callable[[str], str],
        special_tokens: Iterable[str] = (),
    ) -> "Frames":
        """Return the way of instruct models: an instruction inside the model's chat template.

        Args:
            instructions: What a person would tell the model, per style, ``ensayo`` among them,
                with ``{topic}`` and ``{words}``.
            render: Puts one message of the user into the chat template.
            special_tokens: The model's control tokens.
        """
        frames = {style: Frame(render(text), "") for style, text in instructions.items()}
        return cls(frames, tuple(special_tokens))

    def to_json(self) -> dict[str, Any]:
        """Return what ``GET /v1/models`` tells of the frames."""
        frames = {
            style: {"prompt": frame.prompt, "opening": frame.opening}
            for style, frame in self.by_style.items()
        }
        return {
            "frames": frames,
            "special_tokens": list(self.special_tokens),
            "words_step": self.words_step,
            "most_words": self.most_words,
            "ideas": self.ideas,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], special_tokens: Iterable[str] = ()) -> "Frames":
        """Read what ``to_json`` wrote, or a model folder's ``redactor.json``.

        Raises:
            ValueError: It is not of that form; the message says where.
        """
        frames = {
            style: _read_frame(style, frame) for style, frame in _mapping(data, "frames").items()
        }
        if DEFAULT_STYLE not in frames:
            raise ValueError(f"frames has no {DEFAULT_STYLE!r}")
        tokens = data.get("special_tokens", list(special_tokens))
        return cls(
            frames,
            tuple(str(token) for token in tokens),
            words_step=_count(data, "words_step") or 1,
            most_words=_count(data, "most_words"),
            ideas=_ideas(data),
        )


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, Mapping):
        raise ValueError(f"{key} is not an object")  # noqa: TRY004 - all of it is one kind of error
    return value


def _count(data: Mapping[str, Any], key: str) -> int | None:
    value = data.get(key)
    if value is not None and (not isinstance(value, int) or value < 1):
        raise ValueError(f"{key} is not a positive number")
    return value


def _ideas(data: Mapping[str, Any]) -> str | None:
    line = data.get("ideas")
    if line is not None and (not isinstance(line, str) or _IDEAS not in line):
        raise ValueError(f"ideas has no {_IDEAS} in it")
    return line


def _read_frame(style: str, frame: object) -> Frame:
    prompt = frame.get("prompt") if isinstance(frame, Mapping) else None
    if not isinstance(frame, Mapping) or not isinstance(prompt, str) or "{topic}" not in prompt:
        raise ValueError(f"frames.{style} has no prompt with {{topic}} in it")
    return Frame(prompt, str(frame.get("opening", "")))


def read_frames_file(folder: Path, special_tokens: Iterable[str] = ()) -> Frames | None:
    """Read ``redactor.json`` beside a model's weights.

    Returns:
        The frames, or None when the folder has no such file or the file names no frames.

    Raises:
        ModelNotFoundError: The file is there and cannot be understood.
    """
    try:
        data = json.loads((folder / FRAMES_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(folder.name, f"{FRAMES_FILE}: {error}") from error
    if not isinstance(data, dict):
        raise ModelNotFoundError(folder.name, f"{FRAMES_FILE} is not an object")
    if "frames" not in data:
        return None
    try:
        return Frames.from_json(data, special_tokens)
    except ValueError as error:
        raise ModelNotFoundError(folder.name, f"{FRAMES_FILE}: {error}") from error
