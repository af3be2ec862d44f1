"""From what a request brings to the tokens that the model reads.

Tokens are cut in a thread: a megabyte takes seconds, in which others want answers. What cannot
fit, however it is cut, is refused before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from bot.errors import PromptTooLongError
from bot.generation.engine import TextTokenizer
from bot.generation.frames import DEFAULT_STYLE
from bot.generation.server.host import LoadedModel
from bot.generation.server.protocol import ChatRequest, CompletionRequest, Prompt
from bot.generation.server.refusals import invalid
from bot.generation.server.text import longest_token

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_DEFAULT_WORDS = 250


@dataclass(frozen=True, slots=True)
class ReadPrompt:
    """A prompt as text and as tokens."""

    text: str
    token_ids: list[int]


async def read_prompts(
    model: LoadedModel, request: CompletionRequest | ChatRequest
) -> list[ReadPrompt]:
    """Return the prompts of a request, cut to the length that it asks for.

    Raises:
        ProtocolError: One is empty, no text, or has a token that is not in the vocabulary.
        PromptTooLongError: One cannot fit.
    """
    if isinstance(request, CompletionRequest):
        prompts = request.prompts
    else:
        prompts = [await asyncio.to_thread(_chat_prompt, model, request)]
    keep = request.truncate_prompt_tokens
    return [await read_prompt(model, prompt, keep) for prompt in prompts]


async def read_prompt(model: LoadedModel, prompt: Prompt, keep: int | None = None) -> ReadPrompt:
    """Return one prompt.

    Args:
        model: Whose tokens.
        prompt: A text or token ids.
        keep: Of a longer prompt, only so many tokens at its end are kept; -1 as many as fit, None
            all.

    Raises:
        ProtocolError, PromptTooLongError: See :func:`read_prompts`.
    """
    engine = model.engine
    room = engine.context_tokens - 1
    if isinstance(prompt, str):
        check_unicode(prompt)
        longest = longest_token(engine.tokenizer.backend_tokenizer)
        most_characters = engine.context_tokens * longest
        if keep is not None:
            prompt = prompt[-most_characters:]
        elif len(prompt) > most_characters:
            raise PromptTooLongError(len(prompt) // longest, room)
        token_ids = await asyncio.to_thread(engine.tokenizer.encode, prompt)
    else:
        token_ids = prompt
        check_token_ids(model, token_ids)
    if not token_ids:
        raise invalid("prompt", "the prompt is empty")
    if keep is not None:
        token_ids = token_ids[-(room if keep == -1 else keep) :]
    text = prompt if isinstance(prompt, str) else engine.tokenizer.decode(token_ids)
    return ReadPrompt(text, token_ids)


def check_token_ids(model: LoadedModel, token_ids: Sequence[int]) -> None:
    """Refuse tokens that are not in the vocabulary.

    Raises:
        ProtocolError: One is not.
    """
    size = model.engine.vocabulary_size
    if not all(0 <= token_id < size for token_id in token_ids):
        raise invalid("prompt", f"token ids go from 0 to {size - 1}")


def check_unicode(text: str) -> None:
    """Refuse half of a surrogate pair, which JSON can spell.

    Raises:
        ProtocolError: There is one.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise invalid("prompt", "the prompt is not valid Unicode") from None


def _chat_prompt(model: LoadedModel, request: ChatRequest) -> str:
    """Put a conversation into the model's chat template; without one, its last question alone.

    A model without a template was taught no conversations: it gets the last message in the form
    in which it is asked for essays.
    """
    frames = model.frames
    messages = [(message.role, message.text) for message in request.messages]
    if model.engine.tokenizer.chat_template:
        turns = []
        for role, text in messages:
            for token in frames.special_tokens:  # control, not what somebody said
                text = text.replace(token, " ")
            turns.append({"role": role, "content": text})
        return render_chat(model.engine.tokenizer, turns)
    asked = [text for role, text in messages if role == "user"]
    words = _DEFAULT_WORDS
    if request.max_tokens is not None:
        words = max(1, int(request.max_tokens / model.tokens_per_word))
    topic = asked[-1] if asked else messages[-1][1]
    frame = frames.of(DEFAULT_STYLE)
    return frame.prompt_for(topic, frames.asked_words(words), frames.special_tokens)


def render_chat(tokenizer: TextTokenizer, messages: list[dict[str, str]]) -> str:
    """Put messages into a tokenizer's chat template, up to where the answer begins.

    Raises:
        ProtocolError: The template refuses them, such as two questions in a row.
    """
    from jinja2 import TemplateError

    # Only transformers' own tokenizers have a template.
    whole = cast("PreTrainedTokenizerBase", tokenizer)
    try:
        rendered = whole.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,  # an argument of the templates of models that think aloud
        )
    except TemplateError:
        raise invalid("messages", "the model's chat template does not take these") from None
    prompt = str(rendered)
    # Tokenizers that begin every text with this token would do so twice.
    begin = whole.bos_token
    if begin and prompt.startswith(begin) and whole.encode("")[:1] == [whole.bos_token_id]:
        return prompt[len(begin) :]
    return prompt
