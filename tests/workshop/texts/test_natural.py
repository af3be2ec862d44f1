import lzma
import random

from bot.workshop.texts.natural import Source, headed_passages

SOURCES = (Source("libro.txt.xz", "redacciones", 2, 0.5),)
GOOD = "El mar estaba en calma aquella mañana. " + "Mi abuelo miraba el mar y callaba. " * 8
UNFIT = "Todos hablaban de la cerveza que bebían. " * 8
TORN = "de pronto empieza sin mayúscula y no dice nada que se entienda bien del todo. " * 4


def test_only_fit_passages_come_most_of_them_under_a_noun_of_theirs(tmp_path, cards):
    records = "\f".join(" ".join(text.split()) for text in (GOOD, UNFIT, TORN))
    (tmp_path / "libro.txt.xz").write_bytes(lzma.compress(records.encode()))
    found = [
        passage
        for seed in range(8)
        for passage in headed_passages(tmp_path, cards, random.Random(seed), sources=SOURCES)
    ]
    assert len(found) == 16
    assert all(" ".join(GOOD.split()) in passage for passage in found)
    headed = [passage for passage in found if passage.startswith("Texto de ")]
    assert 0 < len(headed) < len(found)
    assert all("mar" in passage.split("\n")[1].lower() for passage in headed)
