"""What a request may ask of the sampler, checked; importing this costs no ``torch``."""

from dataclasses import dataclass

from bot.errors import InvalidParameterError

GREATEST_NEW_TOKENS = 32_768
GREATEST_SEED = 2**63 - 1
GREATEST_STOP_SEQUENCES = 16
GREATEST_BIASES = 1024
GREATEST_LOGPROBS = 100
GREATEST_SENTENCE_CANDIDATES = 8
GREATEST_KEYWORDS = 64


@dataclass(frozen=True, slots=True)
class SamplingParameters:
    """How one text is continued. The names are vLLM's and ``transformers``'.

    Attributes:
        max_new_tokens: Tokens to write at most, 0 to 32,768; 0 only scores the prompt.
        min_new_tokens: Tokens before which the end-of-text token is forbidden.
        temperature: Divides the logits; 0 takes the likeliest token each time. 0 to 5.
        top_k: Only the k likeliest tokens are drawn from; 0 means all.
        top_p: Only the likeliest tokens that together reach this probability are drawn from,
            above 0, at most 1.
        repetition_penalty: Divides the positive and multiplies the negative logits of tokens seen
            before (Keskar et al. 2019, https://arxiv.org/abs/1909.05858). 0.1 to 10; 1 is off.
        no_repeat_ngram_size: No run of this many tokens appears twice; 0 is off. At most 64.
        seed: Of the request's own random stream, 0 to 2**63 - 1; None draws one.
        ignore_eos: Whether writing goes on after an end-of-text token.
        stop: Texts before which the answer ends. The server looks for them, the engine does not.
        presence_penalty: Taken from the logit of each token that was written before, -2 to 2.
        frequency_penalty: The same, times how often it was written, -2 to 2.
        min_p: Only tokens at least so likely, relative to the likeliest, are drawn from; 0 to 1.
        logit_bias: ``(token id, what is added to its logit)``, each -100 to 100.
        stop_token_ids: Tokens that end the text, beside the model's own.
        logprobs: With each token come its log-probability and those of so many likeliest ones,
            0 to 100, before any of the above; None is off.
        scores_prompt: Whether the prompt's tokens get theirs, too. A token a step.
        sentence_candidates: Continuations that are drawn for each sentence, of which the best is
            kept, 1 to 8; tokens then come by sentences.
        keywords: Words that the sentences should name now and then, at most 64.
        preceding: What stands before the prompt; the sentences should not say it again.

    Raises:
        InvalidParameterError: A value is outside its range.
    """

    max_new_tokens: int = 400
    min_new_tokens: int = 0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    seed: int | None = None
    ignore_eos: bool = False
    stop: tuple[str, ...] = ()
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    min_p: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    logprobs: int | None = None
    scores_prompt: bool = False
    sentence_candidates: int = 1
    keywords: tuple[str, ...] = ()
    preceding: str = ""

    def __post_init__(self) -> None:
        """Check every range."""
        _check("max_new_tokens", self.max_new_tokens, 0, GREATEST_NEW_TOKENS)
        _check("min_new_tokens", self.min_new_tokens, 0, self.max_new_tokens)
        _check("temperature", self.temperature, 0.0, 5.0)
        _check("top_k", self.top_k, 0, 1_000_000)
        _check("top_p", self.top_p, 0.0, 1.0)
        if self.top_p == 0.0:
            raise InvalidParameterError("top_p", self.top_p, 0.0, 1.0)
        _check("repetition_penalty", self.repetition_penalty, 0.1, 10.0)
        _check("no_repeat_ngram_size", self.no_repeat_ngram_size, 0, 64)
        if self.seed is not None:
            _check("seed", self.seed, 0, GREATEST_SEED)
        _check("stop", len(self.stop), 0, GREATEST_STOP_SEQUENCES)
        _check("presence_penalty", self.presence_penalty, -2.0, 2.0)
        _check("frequency_penalty", self.frequency_penalty, -2.0, 2.0)
        _check("min_p", self.min_p, 0.0, 1.0)
        _check("logit_bias", len(self.logit_bias), 0, GREATEST_BIASES)
        for _, bias in self.logit_bias:
            _check("logit_bias", bias, -100.0, 100.0)
        _check("stop_token_ids", len(self.stop_token_ids), 0, GREATEST_BIASES)
        if self.logprobs is not None:
            _check("logprobs", self.logprobs, 0, GREATEST_LOGPROBS)
        _check("sentence_candidates", self.sentence_candidates, 1, GREATEST_SENTENCE_CANDIDATES)
        _check("keywords", len(self.keywords), 0, GREATEST_KEYWORDS)


def _check(name: str, value: float, minimum: float, maximum: float) -> None:
    # Written so that NaN, which compares false with everything, is refused too.
    if not minimum <= value <= maximum:
        raise InvalidParameterError(name, value, minimum, maximum)
