from itertools import islice

import numpy as np
import pytest

from bot.workshop.teaching.batches import Place, Stream, encode, header_of, load_tokenizer, pack
from bot.workshop.texts.exposures import Mixture
from bot.workshop.texts.headers import header


@pytest.fixture
def stream(prepared) -> Stream:
    return Stream(prepared, Mixture(3, 1, 0, 0), 1500, 200, "seed", 0)


def test_the_stream_goes_on_exactly_where_it_stopped(stream):
    places = list(islice(stream.batches(Place()), 12))
    again = list(islice(stream.batches(places[6][1]), 5))
    for (batch, place), (other, reached) in zip(places[7:], again, strict=True):
        assert place == reached
        assert np.array_equal(batch.ids, other.ids)


def test_a_batch_holds_whole_rows_within_its_room(stream):
    for batch, _ in islice(stream.batches(Place()), 20):
        assert batch.ids.size <= max(stream.batch_tokens, batch.ids.shape[1])
        assert batch.lengths.max() <= stream.text_tokens
        for row, length in zip(batch.ids, batch.lengths, strict=True):
            assert not row[length:].any()


def test_a_header_is_encoded_alone_as_it_is_in_front_of_a_text(prepared):
    tokenizer = load_tokenizer(prepared)
    head = header("ensayo", "¿Qué es el mar?", 200)
    for text in ("Ideas: olas, sal.\n\nEl mar.", "El mar.", "«Hola», dijo."):
        ((ids, start),) = encode(tokenizer, [head + text], 500)
        assert tokenizer.decode(list(ids[:start])) == head
        assert tokenizer.decode(list(ids[start:]), skip_special_tokens=True) == text
        assert ids[-1] == tokenizer.token_to_id("<|endoftext|>")


def test_a_text_without_a_header_is_learnt_from_its_beginning():
    assert header_of("Había una vez.\nTema: nada\n\nFin.") == ""
    assert header_of("Ensayo de 50 palabras.\nTema: x\n\nFin.\n\nMás.").endswith("x\n\n")


def test_rows_of_like_length_share_a_batch():
    rows = [(np.ones(length, dtype=np.uint16), 1) for length in (10, 500, 12, 480, 11)]
    widths = [batch.ids.shape for batch in pack(rows, 1100)]
    assert widths == [(3, 128), (2, 512)]
