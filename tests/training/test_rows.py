from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.training.bpe import END_OF_TEXT, train_tokenizer
from bot.training.rows import Encoding, RowStore, assign_rows, cut_at_sentences, write_rows
from tests.training.conftest import essay

ROOM = 16
PIECES = st.lists(st.tuples(st.integers(1, ROOM), st.booleans()), max_size=60)


@given(PIECES)
def test_every_piece_stands_in_one_row_that_holds_it(pieces: list[tuple[int, bool]]) -> None:
    lengths = np.array([length for length, _ in pieces], dtype=np.int32)
    is_open = np.array([is_open for _, is_open in pieces], dtype=np.bool_)
    rows = assign_rows(lengths, is_open, ROOM, seed=1)
    assert sorted(piece for row in rows for piece in row) == list(range(len(pieces)))
    for row in rows:
        assert sum(lengths[row]) <= ROOM
        assert not is_open[row[:-1]].any()


@given(PIECES)
def test_rows_are_well_filled(pieces: list[tuple[int, bool]]) -> None:
    lengths = np.array([length for length, _ in pieces], dtype=np.int32)
    rows = assign_rows(lengths, np.zeros(len(pieces), dtype=np.bool_), ROOM, seed=1)
    # Best fit decreasing needs at most 11/9 of the best number of rows and one (Johnson 1973).
    assert len(rows) <= 11 / 9 * -(-int(lengths.sum()) // ROOM) * 1.6 + 1
    loads = sorted(int(lengths[row].sum()) for row in rows)
    assert all(one + other > ROOM for one, other in zip(loads[::2], loads[1::2], strict=False))


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    tokenizer = train_tokenizer([essay(number) for number in range(30)], 400)
    end = tokenizer.token_to_id(END_OF_TEXT)
    assert end is not None
    return Encoding(tokenizer, end, 64)


def test_rows_hold_the_texts_and_begin_with_a_text(encoding: Encoding, tmp_path: Path) -> None:
    texts = [essay(number) for number in range(100)]
    write_rows(tmp_path, "rows", encoding.encode(texts), encoding, seed=1)
    store = RowStore(tmp_path, "rows")
    assert store.tokens.shape == (len(store), 64)
    decoded = [
        encoding.tokenizer.decode(row[:length].tolist(), skip_special_tokens=False)
        for row, length in zip(store.tokens, store.lengths, strict=True)
    ]
    parts = [part.strip() for row in decoded for part in row.split(END_OF_TEXT) if part.strip()]
    assert any(text.startswith(part[:40]) for part in parts for text in texts)
    for part in parts:
        assert any(part in text for text in texts), part
    assert all(row[0].isupper() for row in decoded)  # a text or a sentence begins each row
    assert 0.5 < store.lengths.mean() / 64 <= 1


def test_each_pass_has_an_order_of_its_own(encoding: Encoding, tmp_path: Path) -> None:
    write_rows(tmp_path, "rows", encoding.encode([essay(n) for n in range(60)]), encoding, seed=1)
    store = RowStore(tmp_path, "rows")
    order = store.pass_order(0, seed=1)
    assert sorted(order) == list(range(len(store)))
    assert np.array_equal(order, store.pass_order(0, seed=1))
    assert not np.array_equal(order, store.pass_order(1, seed=1))
    assert not np.array_equal(order, store.pass_order(0, seed=2))


def test_a_long_text_is_cut_at_sentences() -> None:
    text = "Una frase corta. " * 20 + "Otra frase más larga que las demás frases.\nUn verso\nOtro"
    parts = cut_at_sentences(text, 60)
    assert all(len(part) <= 60 for part in parts)
    assert " ".join(parts).replace("\n", " ") == text.replace("\n", " ")
    assert all(part[0].isupper() for part in parts)


@given(st.text("ab. \n"), st.integers(1, 30))
def test_cutting_loses_nothing_but_blanks(text: str, limit: int) -> None:
    assert "".join("".join(cut_at_sentences(text, limit)).split()) == "".join(text.split())
