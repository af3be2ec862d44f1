"""Tokens to text, piece by piece, against the tokenizer's own decoding of the whole."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from bot.generation.engine.tokenizing import PlainTokenizer, TextTokenizer, load_tokenizer
from bot.generation.server.text import Detokenizer, StopFinder


@cache
def byte_level() -> PlainTokenizer:
    """GPT-2's bytes as tokens, a few merges, a special token and an added one."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*alphabet, "Ġd", "Ġde", "Ã±"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("Ġ", "d"), ("Ġd", "e"), ("Ã", "±")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.add_tokens([AddedToken("日本", normalized=False), "abc def"])
    return PlainTokenizer(tokenizer)


@cache
def sentencepiece_like() -> PlainTokenizer:
    """Llama's way: words marked with U+2581, bytes as a last resort, no space at the start."""
    words = ["▁", "▁el", "▁mar", "a", "e", "l", "m", "r", "▁de", "ñ"]
    tokens = ["<unk>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = [("▁", "e"), ("▁e", "l"), ("▁", "m"), ("▁m", "a"), ("▁ma", "r"), ("▁", "d")]
    merges += [("▁d", "e")]
    for left, right in merges:
        vocabulary.setdefault(left, len(vocabulary))
        vocabulary.setdefault(right, len(vocabulary))
        vocabulary.setdefault(left + right, len(vocabulary))
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(["</s>"])
    return PlainTokenizer(tokenizer)


def piecewise(
    tokenizer: TextTokenizer, token_ids: list[int], prompt: Sequence[int] = ()
) -> list[str]:
    detokenizer = Detokenizer(tokenizer.backend_tokenizer, prompt)
    return [*(detokenizer.push(token_id) for token_id in token_ids), detokenizer.finish()]


@given(st.text(), st.text(max_size=12))
@example(text="\u0301!", prompt="o")
def test_text_survives_byte_level_tokens(text: str, prompt: str) -> None:
    tokenizer = byte_level()
    pieces = piecewise(tokenizer, tokenizer.encode(text), tokenizer.encode(prompt))
    # At the very end, a replacement character that was meant cannot be told from half a character.
    assert "".join(pieces) == text.replace("<|endoftext|>", "").rstrip("\ufffd")
    for piece in pieces:
        piece.encode("utf-8")  # never half a surrogate pair
        assert "\ufffd" not in piece or "\ufffd" in text


@given(st.lists(st.integers(0, 260), max_size=60))
@example([byte_level().encode("é")[0]] * 40)
def test_any_tokens_give_what_decoding_the_whole_gives(token_ids: list[int]) -> None:
    tokenizer = byte_level()
    text = "".join(piecewise(tokenizer, token_ids))
    whole = tokenizer.decode(token_ids, skip_special_tokens=True)
    # Half a character at the end is not shown.
    assert whole.startswith(text)
    assert set(whole[len(text) :]) <= {"\ufffd"}


def test_bytes_that_are_no_text_come_before_the_next_character() -> None:
    tokenizer = byte_level()
    first, second = tokenizer.encode("é")
    letter = tokenizer.encode("a")
    assert piecewise(tokenizer, [second, *letter]) == ["", "\ufffda", ""]
    assert piecewise(tokenizer, [first, first, second]) == ["", "", "\ufffdé", ""]
    assert piecewise(tokenizer, [*letter, first]) == ["a", "", ""]


@given(st.text(alphabet="elmar ñé日🙂", max_size=30), st.text(alphabet="el mar", max_size=8))
@example(text="é日🙂éé", prompt="")
def test_text_survives_other_tokens(text: str, prompt: str) -> None:
    tokenizer = sentencepiece_like()
    prompt_token_ids = tokenizer.encode(prompt)
    token_ids = tokenizer.encode(prompt + text)[len(prompt_token_ids) :]
    before = tokenizer.decode(prompt_token_ids, skip_special_tokens=True)
    whole = tokenizer.decode(prompt_token_ids + token_ids, skip_special_tokens=True)
    assert "".join(piecewise(tokenizer, token_ids, prompt_token_ids)) == whole[len(before) :]


@given(st.lists(st.integers(2 + 0x80, 267), max_size=60))
def test_other_tokens_that_are_no_text_lose_no_text(token_ids: list[int]) -> None:
    """Bytes above ASCII among words. How many U+FFFD stand for them is the tokenizer's whim."""
    tokenizer = sentencepiece_like()
    text = "".join(piecewise(tokenizer, token_ids))
    whole = tokenizer.decode(token_ids, skip_special_tokens=True)
    letters = [letter for letter in whole if letter in "elmard"]
    assert [letter for letter in text if letter in "elmard"] == letters


def test_tokens_that_are_never_text_are_let_go() -> None:
    for tokenizer, name in ((sentencepiece_like(), "<0xC3>"), (byte_level(), "Ã")):
        lone_byte = tokenizer.backend_tokenizer.token_to_id(name)
        assert lone_byte is not None
        pieces = piecewise(tokenizer, [lone_byte] * 4000)
        assert len("".join(pieces[:-1])) > 3900


def test_control_tokens_and_ids_beyond_the_vocabulary_are_no_text() -> None:
    tokenizer = sentencepiece_like()
    end = tokenizer.backend_tokenizer.token_to_id("</s>")
    assert end is not None
    el, mar = (tokenizer.backend_tokenizer.token_to_id(word) for word in ("▁el", "▁mar"))
    assert el is not None
    assert mar is not None
    pieces = piecewise(tokenizer, [el, *[end, 10**6] * 20, mar])
    assert (pieces[0], "".join(pieces)) == ("el", "el mar")


def test_real_tokenizer(model_folder: Path) -> None:
    tokenizer = load_tokenizer(model_folder)
    text = "¿Qué trae la cigüeña? 🐟🇪🇸 — «nada»\u2028fin\n\n"
    token_ids = tokenizer.encode(text)
    assert len(token_ids) > len(text)
    assert "".join(piecewise(tokenizer, token_ids)) == text


def cut_into(text: str, sizes: list[int]) -> list[str]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    return [*pieces, text[at:]]


LETTERS = st.text(alphabet="ab\n", max_size=30)
STOPS = st.lists(st.text(alphabet="ab\n", min_size=1, max_size=4), min_size=1, max_size=3)


@given(LETTERS, STOPS, st.lists(st.integers(0, 4), max_size=10))
def test_stop_does_not_depend_on_the_pieces(text: str, stop: list[str], sizes: list[int]) -> None:
    finder = StopFinder(stop)
    shown = "".join(finder.push(piece) for piece in cut_into(text, sizes)) + finder.finish()
    # The sequence that is complete first ends the text; of those, the longest.
    ends = [(text.find(one) + len(one), text.find(one)) for one in stop if one in text]
    assert finder.has_stopped == bool(ends)
    assert shown == (text[: min(ends)[1]] if ends else text)


@given(LETTERS, STOPS)
def test_no_more_is_held_back_than_a_stop_sequence_needs(text: str, stop: list[str]) -> None:
    finder = StopFinder(stop)
    shown = ""
    for count, character in enumerate(text, start=1):
        shown += finder.push(character)
        if finder.has_stopped:
            return
        held = text[len(shown) : count]
        assert shown + held == text[:count]
        assert held == "" or any(one.startswith(held) for one in stop)


def test_without_stop_sequences_everything_passes() -> None:
    finder = StopFinder(())
    assert finder.push("abc") == "abc"
    assert finder.finish() == ""


@pytest.mark.parametrize("text", ["", "ab", "x" * 50])
def test_nothing_comes_after_a_stop(text: str) -> None:
    finder = StopFinder(["."])
    assert finder.push("Fin. Y") == "Fin"
    assert finder.push(text) == ""
    assert finder.finish() == ""
