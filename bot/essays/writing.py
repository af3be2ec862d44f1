"""From a topic to an essay: the prompt, the stream, the end.

The chat and the console both write with :class:`Writer`.

A text ends where the model ends it, at 60 to 130 % of the length asked for. One that ends before
goes on with a new paragraph, one that loops goes on from the sentence before with other random
numbers, and one longer than the model was taught is written in sections. So an essay takes one
request to the service, or several; the n-th has the n-th seed, and the same recipe gives the same
text.
"""

import math
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from bot.errors import FailureReason, GenerationError
from bot.essays import finishing
from bot.generation.client import GenerationClient, ServedModel
from bot.generation.parameters import GREATEST_SEED, SamplingParameters
from bot.storage.records import Preferences, Style

_LEAST_SHARE = 0.6
"""A text that ends before this share of its length goes on."""

_SPARE_TOKENS = 64
"""For the plan, and for the last sentence to end."""

_FEWEST_TOKENS = 8
"""An answer that ends at once is none."""

_NO_REPEAT_TOKENS = 24
"""Longest run of tokens that may come twice; long enough for a topic to be quoted whole."""

_NO_LOOP_TOKENS = 8
"""The same after a loop."""

_WARMER = 0.15
"""What each loop, and each section that is written, adds to the temperature: what is likeliest has
been said."""

_REDRAWS = 5
_ADDITIONS = 4
"""Times that a section may begin again before a loop, and go on after its end."""

_SECTION_WORDS = 350
"""Length of the sections of a text that is longer than the model was taught."""

_MORE_SECTIONS = 2
"""Sections that may follow the last where the others were short."""

_LOOK_CHARACTERS = 16
_LOOK_SHARE = 0.02
"""Growth after which the text is looked at again. A look reads all of it, so that looks at a
long text are rarer and the whole costs no more than a few readings of it."""

_TELLING_NOTHING = """
una uno unos unas los las del que qué con por para sobre como cómo cuando cuándo donde dónde ser
son está están hay muy más pero sin entre hasta desde porque escribe escribir habla háblame cuenta
cuéntame texto redacción ensayo tema quiero the and for about what how why with from write essay
"""
_EMPTY_WORDS = frozenset(_TELLING_NOTHING.split())
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Draft:
    """The essay so far.

    Attributes:
        text: Clean text, the opening included; whole sentences once ``is_final``.
        ideas: The plans of its sections, in which the model, or a person, said what is to come.
        is_final: Whether this is the finished essay.
        has_gap: Whether a sentence had to be taken out, and no better one came.
    """

    text: str
    ideas: tuple[tuple[str, ...], ...] = ()
    is_final: bool = False
    has_gap: bool = False


class Writer:
    """Writes essays with the generation service."""

    def __init__(self, client: GenerationClient) -> None:
        self._client = client

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Wait for the service to have loaded its model.

        Raises:
            GenerationError: It did not within the time.
        """
        await self._client.wait_until_ready(timeout_s)

    async def write(
        self,
        topic: str,
        preferences: Preferences,
        seed: int,
        preceding: str = "",
        ideas: Sequence[str] = (),
        is_fit: Callable[[str], bool] = bool,
    ) -> AsyncGenerator[Draft]:
        """Write one essay, or what follows a given text.

        Args:
            topic: What it is about.
            preferences: Length, style and sampling.
            seed: Seed of the random draws.
            preceding: An essay on the same topic to go on from; the result does not repeat it.
            ideas: A person's own, in place of those that a model with a plan writes first.
            is_fit: Whether a sentence, or a plan, may stay; others are drawn again.

        Yields:
            The growing essay, and last the finished one, never empty.

        Raises:
            GenerationError: The service failed or wrote nothing.
            PromptTooLongError: The topic does not fit into the model's window.
        """
        model = await self._client.describe()
        essay = _Essay(model, topic, preferences, preceding, ideas, is_fit)
        number = 0
        while not essay.is_done:
            stream = self._client.stream(
                essay.prompt(),
                essay.parameters((seed + number) % (GREATEST_SEED + 1)),
                keep_last_tokens=essay.keep_last_tokens,
            )
            number += 1
            try:
                async with aclosing(stream):
                    async for piece in stream:
                        if essay.take(piece):
                            if essay.is_broken_off:
                                break
                            yield Draft(essay.text, essay.ideas_so_far)
            except GenerationError as error:
                if error.reason is not FailureReason.EMPTY or not essay.has_text:
                    raise
            essay.end_request()
        if not essay.has_text:
            raise GenerationError(FailureReason.EMPTY)
        yield Draft(essay.text, essay.ideas, is_final=True, has_gap=essay.has_gap)


class _Essay:
    """An essay between its requests.

    Attributes:
        ideas: The plans so far.
        is_broken_off: Whether what came last is not to go on: it loops, is unfit, or is as long as
            it may.
        has_gap: Whether a sentence had to be taken out, and no better one came.
        is_done: Whether nothing is left to ask for.
    """

    def __init__(
        self,
        model: ServedModel,
        topic: str,
        preferences: Preferences,
        preceding: str,
        ideas: Sequence[str],
        is_fit: Callable[[str], bool],
    ) -> None:
        self._is_fit = is_fit
        self.has_gap = False
        self._model = model
        self._topic = topic
        self._asked = preferences
        frames = model.frames
        if ideas and frames.ideas is None:
            # It is asked as if they had been part of the topic.
            self._topic = topic = f"{topic}: {', '.join(ideas)}"
        self._frame = frames.of(preferences.style)
        self._opening = self._frame.opening_for(topic, preferences.words)
        self._preceding = preceding.removeprefix(self._opening)
        most = frames.most_words
        self._is_long = most is not None and preferences.words > most and not preceding
        self._sections_left = math.ceil(preferences.words / _SECTION_WORDS) if self._is_long else 1
        self._more_sections = _MORE_SECTIONS
        self._sections = 0
        self._written = ""
        self.ideas: tuple[tuple[str, ...], ...] = ()
        self.is_done = False
        self._begin_section(ideas)
        self._begin_request()

    def _begin_section(self, ideas: Sequence[str] = ()) -> None:
        frames = self._model.frames
        self._plan = self._given = frames.plan(ideas) if ideas or self._is_long else ""
        self._body = ""
        self._redraws = 0
        self._additions = 0
        left = self._asked.words - finishing.count_words(self._written)
        self._words = max(1, math.ceil(left / self._sections_left))

    def _begin_request(self) -> None:
        self._raw = self._plan + self._body
        self._next_look = len(self._raw) + _LOOK_CHARACTERS
        self._cut: int | None = None
        self._judged = len(self._body)
        self._is_unfit = False
        self.is_broken_off = False

    @property
    def has_text(self) -> bool:
        """Whether anything is there that a person could read."""
        return bool(self._written or self._body.strip())

    @property
    def ideas_so_far(self) -> tuple[tuple[str, ...], ...]:
        """The plans, that of the section included whose text has begun."""
        plan = self._model.frames.ideas_of(self._plan) if self._body else ()
        return (*self.ideas, plan) if plan else self.ideas

    @property
    def text(self) -> str:
        """The essay as a person sees it: whole sentences, which were found fit."""
        between = "\n\n" if self._written else ""
        text = self._written + between + self._body[: self._judged]
        return finishing.clean(text if self._preceding else self._opening + text)

    def prompt(self) -> str:
        """What the model is asked to continue."""
        frames = self._model.frames
        words = frames.asked_words(self._words)
        prompt = self._frame.prompt_for(self._topic, words, frames.special_tokens)
        return prompt + self._preceding + self._raw

    @property
    def keep_last_tokens(self) -> int | None:
        """How much of the prompt is used, beyond the topic, which has to fit."""
        if self._preceding:
            return self._model.context_tokens // 2
        return self._model.context_tokens * 3 // 4 if self._raw else None

    def parameters(self, seed: int) -> SamplingParameters:
        """How the next request is sampled."""
        asked = self._asked
        room = finishing.MOST_SHARE * self._words - finishing.count_words(self._body)
        return SamplingParameters(
            max_new_tokens=math.ceil(max(0, room) * self._model.tokens_per_word) + _SPARE_TOKENS,
            min_new_tokens=_FEWEST_TOKENS,
            temperature=min(2.0, asked.temperature + _WARMER * (self._redraws + self._sections)),
            top_p=asked.top_p,
            top_k=asked.top_k,
            repetition_penalty=asked.repetition_penalty,
            no_repeat_ngram_size=_NO_LOOP_TOKENS if self._redraws else _NO_REPEAT_TOKENS,
            seed=seed,
            sentence_candidates=asked.candidates,
            keywords=topic_words(self._topic),
            preceding="\n\n".join(part for part in (self._preceding, self._written) if part),
        )

    def take(self, piece: str) -> bool:
        """Take what came; return whether the text was looked at again.

        Where it is looked at does not depend on the pieces in which it happens to come: else the
        same recipe would now and then give another end.
        """
        is_looked_at = False
        while piece and not self.is_broken_off:
            room = self._next_look - len(self._raw)
            self._raw, piece = self._raw + piece[:room], piece[room:]
            if len(self._raw) == self._next_look:
                self._next_look += _LOOK_CHARACTERS + int(len(self._raw) * _LOOK_SHARE)
                self._look()
                is_looked_at = True
        return is_looked_at

    def _look(self) -> None:
        self._plan, self._body = self._model.frames.split_plan(self._raw)
        self._cut = self._unfit_start()
        self._is_unfit = self._cut is not None
        if not self._is_unfit:
            self._cut = finishing.loop_start(self._body)
        is_long = finishing.count_words(self._body) >= finishing.MOST_SHARE * self._words
        self.is_broken_off = self._cut is not None or is_long

    def _unfit_start(self) -> int | None:
        """Where the first whole sentence begins that may not stay, or None."""
        if self._body and not self._judged and self._plan != self._given:
            ideas = ", ".join(self._model.frames.ideas_of(self._plan))
            if ideas and not self._is_fit(ideas):
                self._plan = self._given
                return 0
        for end in finishing.sentence_ends(self._body):
            if end <= self._judged:
                continue
            if not self._is_fit(self._body[self._judged : end]):
                return self._judged
            self._judged = end
        return None

    def end_request(self) -> None:
        """Decide how it goes on when an answer is over."""
        self._look()
        is_one = bool(self._body) and not finishing.sentence_ends(self._body)
        if is_one and not self._is_fit(self._body):
            self._cut, self._is_unfit = 0, True
        is_redrawn = self._cut is not None and self._redraws < _REDRAWS
        self.has_gap |= self._is_unfit and not is_redrawn
        if self._cut is not None:
            self._body = self._body[: self._cut]
        if is_redrawn:
            self._body = self._body[: max(finishing.sentence_ends(self._body), default=0)]
        is_short = finishing.count_words(self._body) < _LEAST_SHARE * self._words
        if is_redrawn:
            self._redraws += 1
        elif is_short and self._additions < _ADDITIONS:
            # The first word may go on from the opening's last.
            space = self._body[: len(self._body) - len(self._body.lstrip())]
            self._body = f"{space}{finishing.finish(self._body)}\n\n"
            self._additions += 1
        else:
            self._end_section()
        if not self.is_done:
            self._begin_request()

    def _end_section(self) -> None:
        plan = self._model.frames.ideas_of(self._plan)
        self.ideas += (plan,) if plan else ()
        section = finishing.finish(self._body, self._words)
        if not self._written:
            # The first word may go on from the opening's last.
            self._opening += self._body[: len(self._body) - len(self._body.lstrip())]
        whole = "\n\n".join(part for part in (self._written, section) if part)
        if self._asked.style is not Style.POEM:
            whole = finishing.say_once(whole)
        self._written = whole
        self._sections += 1
        self._sections_left -= 1
        missing = self._asked.words - finishing.count_words(whole)
        if self._is_long and not self._sections_left and missing > _SECTION_WORDS / 2:
            self._sections_left = min(1, self._more_sections)
            self._more_sections -= 1
        self.is_done = self._sections_left == 0
        self._body = ""
        if not self.is_done:
            self._begin_section()


def topic_words(topic: str) -> tuple[str, ...]:
    """Return the words of a topic that an essay on it should name, in their order."""
    words = [word for word in _WORD.findall(topic) if word.casefold() not in _EMPTY_WORDS]
    return tuple(dict.fromkeys(words))
