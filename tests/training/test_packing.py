from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bot.training.bpe import END_OF_TEXT, train_tokenizer
from bot.training.corpus import read_folder
from bot.training.framing import Framing
from bot.training.packing import (
    Pieces,
    RowStore,
    RowWriter,
    assign_rows,
    group_pieces,
    held_out_records,
)
from bot.training.tokens import Encoding, cut_at_sentences, encode_files
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
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train_tokenizer([essay(number) for number in range(30)], 400).save(str(path))
    return path


@pytest.fixture
def encoding(tokenizer_file: Path) -> Encoding:
    end = Tokenizer.from_file(str(tokenizer_file)).token_to_id(END_OF_TEXT)
    assert end is not None
    return Encoding(tokenizer_file, end, 64, Framing())


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_hold_the_texts_and_begin_with_a_text(
    texts: Path, encoding: Encoding, tmp_path: Path, workers: int
) -> None:
    files = sorted(texts.iterdir())
    encoded = encode_files(files, texts, encoding, workers=workers, on_file=lambda _: None)
    held_out = held_out_records(encoded, 0.1)
    assert sum(chosen.sum() for chosen in held_out) == 12
    groups = group_pieces(encoded, [~chosen for chosen in held_out], ())
    RowWriter(tmp_path, "rows", 64, encoding.end_of_text, "uint16").write(groups, seed=1)
    store = RowStore(tmp_path, "rows")
    assert store.tokens.shape == (len(store), 64)

    tokenizer = Tokenizer.from_file(str(encoding.tokenizer_file))
    decoded = [
        tokenizer.decode(row[:length].tolist(), skip_special_tokens=False)
        for row, length in zip(store.tokens, store.lengths, strict=True)
    ]
    parts = [part.strip() for row in decoded for part in row.split(END_OF_TEXT) if part.strip()]
    whole = {record.text for record in read_folder(texts)}
    beginnings = [part for part in parts if any(text.startswith(part[:40]) for text in whole)]
    assert beginnings
    for part in parts:
        assert any(part in text for text in whole), part
    assert all(row[0].isupper() for row in decoded)  # a text or a sentence begins each row
    assert 0.5 < store.lengths.mean() / 64 <= 1


def test_a_long_text_is_cut_at_sentences() -> None:
    text = "Una frase corta. " * 20 + "Otra frase más larga que las demás frases.\nUn verso\nOtro"
    parts = cut_at_sentences(text, 60)
    assert all(len(part) <= 60 for part in parts)
    assert " ".join(parts).replace("\n", " ") == text.replace("\n", " ")
    assert all(part[0].isupper() for part in parts)


@given(st.text("ab. \n"), st.integers(1, 30))
def test_cutting_loses_nothing_but_blanks(text: str, limit: int) -> None:
    assert "".join("".join(cut_at_sentences(text, limit)).split()) == "".join(text.split())


def pieces(count: int) -> Pieces:
    tokens: list[NDArray[Any]] = [np.full(8, number, dtype=np.uint16) for number in range(count)]
    return Pieces(tokens, np.zeros(count, dtype=np.bool_))


def test_a_pass_holds_rows_as_often_as_they_weigh(tmp_path: Path) -> None:
    writer = RowWriter(tmp_path, "rows", 8, 999, "uint16")
    writer.write([(pieces(10), 1.0), (pieces(4), 2.5)], seed=1)
    store = RowStore(tmp_path, "rows")
    assert store.rows_per_pass == 20
    order = store.pass_order(0, seed=1)
    counts = np.bincount(order, minlength=14)
    assert counts[:10].tolist() == [1] * 10
    assert sorted(counts[10:].tolist()) == [2, 2, 3, 3]
    assert np.array_equal(order, store.pass_order(0, seed=1))
    assert not np.array_equal(order, store.pass_order(1, seed=1))
    assert not np.array_equal(order, store.pass_order(0, seed=2))
