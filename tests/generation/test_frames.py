"""The forms in which models are asked."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from bot.errors import ModelNotFoundError
from bot.generation.engine.tokenizing import load_tokenizer
from bot.generation.frames import FRAMES_FILE, Frame, Frames, read_frames_file
from bot.generation.server import ServiceOptions
from bot.generation.server.loading import model_frames, tokens_per_word
from tests.generation.conftest import save_model

OWN = {
    "frames": {
        "ensayo": {"prompt": "{topic}.\n", "opening": "{topic}.\n\n"},
        "cuento": {"prompt": "Cuento de {words} palabras: {topic}\n"},
    },
}


def test_placeholders_are_filled_once() -> None:
    frame = Frame("{topic} ({words}) {other} {{topic}}", "{topic}: ")
    assert frame.prompt_for("los {words} del mar", 300) == (
        "los {words} del mar (300) {other} {los {words} del mar}"
    )
    assert frame.opening_for("El mar", 300) == "El mar: "


@given(st.text(), st.integers(1, 3000))
def test_any_topic_stands_in_the_prompt_as_it_is(topic: str, words: int) -> None:
    assert Frame("<{topic}>", "").prompt_for(topic, words) == f"<{topic}>"


@given(st.text(alphabet="<|>endtxof a", max_size=60))
def test_control_tokens_are_taken_out_of_topics(topic: str) -> None:
    tokens = ("<|end|>", "<|endoftext|>", "<a>")
    prompt = Frame("{topic}", "{topic}").prompt_for(topic, 10, tokens)
    assert not any(token in prompt for token in tokens)


def test_unknown_style_is_written_as_an_essay() -> None:
    frames = Frames.plain({"cuento": "Cuento: {topic}\n\n"})
    assert frames.of("cuento") == Frame("Cuento: {topic}\n\n", "Cuento: {topic}\n\n")
    assert frames.of("poema") == frames.of("ensayo") == Frame("{topic}", "{topic}")


def test_frames_survive_the_protocol() -> None:
    frames = Frames.from_json(OWN, ["<|endoftext|>"])
    assert frames.of("cuento").opening == ""
    assert Frames.from_json(json.loads(json.dumps(frames.to_json()))) == frames


@pytest.mark.parametrize(
    "data",
    [
        {"frames": []},
        {"frames": {"cuento": {"prompt": "{topic}"}}},
        {"frames": {"ensayo": "x"}},
        {"frames": {"ensayo": {"opening": "{topic}"}}},
        {"frames": {"ensayo": {"prompt": "no topic"}}},
    ],
)
def test_malformed_frames(data: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frames"):
        Frames.from_json(data)
    (tmp_path / FRAMES_FILE).write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ModelNotFoundError, match=FRAMES_FILE):
        read_frames_file(tmp_path)


def test_frames_file(tmp_path: Path) -> None:
    assert read_frames_file(tmp_path) is None
    path = tmp_path / FRAMES_FILE
    path.write_text("{}", encoding="utf-8")
    assert read_frames_file(tmp_path) is None
    path.write_text(json.dumps(OWN), encoding="utf-8")
    assert read_frames_file(tmp_path) == Frames.from_json(OWN)
    for broken in ("{", "[]"):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(ModelNotFoundError):
            read_frames_file(tmp_path)


def test_frames_of_a_model_folder(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model")
    options = ServiceOptions(
        openings={"cuento": "Cuento: {topic}\n"},
        instructions={"ensayo": "Escribe {words} palabras sobre: {topic}"},
    )
    tokenizer = load_tokenizer(folder)
    plain = model_frames(folder, tokenizer, options)
    assert plain == Frames.plain(options.openings, ["<|endoftext|>"])
    assert 1 < tokens_per_word(tokenizer) < 6

    with_template = AutoTokenizer.from_pretrained(folder)
    with_template.chat_template = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|endoftext|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    with_template.save_pretrained(folder)
    chat = model_frames(folder, load_tokenizer(folder), options)
    frame = chat.of("ensayo")
    assert frame.opening == ""
    assert frame.prompt_for("el mar<|endoftext|>", 80, chat.special_tokens) == (
        "<|user|>Escribe 80 palabras sobre: el mar <|endoftext|><|assistant|>"
    )

    (folder / FRAMES_FILE).write_text(json.dumps(OWN), encoding="utf-8")
    own = model_frames(folder, load_tokenizer(folder), options)
    assert own == Frames.from_json(OWN, ["<|endoftext|>"])


def test_lengths_are_asked_for_as_the_model_was_taught():
    frames = Frames({"ensayo": Frame("{topic}", "")}, words_step=50, most_words=500)
    assert [frames.asked_words(words) for words in (30, 120, 130, 3000)] == [50, 100, 150, 500]
    assert Frames.from_json(frames.to_json()) == frames
    assert Frames({"ensayo": Frame("{topic}", "")}).asked_words(123) == 123


@pytest.mark.parametrize("value", [0, -1, "50", 2.5])
def test_a_step_that_is_no_count_is_refused(value):
    with pytest.raises(ValueError, match="words_step"):
        Frames.from_json({"frames": {"ensayo": {"prompt": "{topic}"}}, "words_step": value})
