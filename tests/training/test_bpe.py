import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from bot.training.bpe import (
    END_OF_TEXT,
    end_of_text_id,
    save_tokenizer,
    train_tokenizer,
)

TEXT = ["El mar es hermoso y el mar es de todos.", "La niña soñó con el pingüino."] * 20
TOKENIZER = train_tokenizer(TEXT, 320)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerBase:
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(TOKENIZER, folder, 128)
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    return tokenizer


@given(st.text())
def test_any_text_survives_tokens(text: str) -> None:
    ids = TOKENIZER.encode(text, add_special_tokens=False).ids
    assert TOKENIZER.decode(ids, skip_special_tokens=False) == text


@given(text=st.text())
def test_the_saved_tokenizer_is_the_same(loaded: PreTrainedTokenizerBase, text: str) -> None:
    ids = TOKENIZER.encode(text, add_special_tokens=False).ids
    assert loaded.encode(text) == ids
    assert loaded.decode(ids) == text


def test_words_of_the_text_become_few_tokens() -> None:
    assert len(TOKENIZER.encode(" mar es").ids) == 2
    assert isinstance(TOKENIZER, Tokenizer)
    assert TOKENIZER.get_vocab_size() <= 320


def test_the_end_of_text_is_one_token_for_every_role(loaded: PreTrainedTokenizerBase) -> None:
    end = end_of_text_id(loaded)
    assert loaded.encode(END_OF_TEXT) == [end]
    assert loaded.bos_token_id == loaded.pad_token_id == end
    assert loaded.model_max_length == 128


def test_a_tokenizer_without_an_end_is_refused(loaded: PreTrainedTokenizerBase) -> None:
    without = copy.deepcopy(loaded)
    without.eos_token = None
    with pytest.raises(TypeError):
        end_of_text_id(without)
