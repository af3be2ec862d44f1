import json

import pytest

from bot.workshop.evaluation.reading import MarksError, mix, read_marks, write_pile
from bot.workshop.evaluation.writing import Essay

ORIGINS = {
    "embedded": [Essay(f"tema {number}", 1, f"Texto {number}.") for number in range(20)],
    "by hand": [Essay("el mar", 0, "Texto a mano.")],
}


def test_the_pile_tells_readers_nothing_and_the_key_everything(tmp_path):
    pile = mix(ORIGINS, seed=1)
    assert [read.essay for read in pile if read.origin == "embedded"] != ORIGINS["embedded"]
    write_pile(pile, tmp_path / "pile.md", tmp_path / "key.json")
    shown = (tmp_path / "pile.md").read_text("utf-8")
    assert shown.count("## ") == 21
    assert "embedded" not in shown
    assert "by hand" not in shown
    marks = {str(number): number % 5 for number in range(1, 22)}
    (tmp_path / "one.json").write_text(json.dumps(marks))
    (tmp_path / "two.json").write_text(json.dumps(dict.fromkeys(marks, 4)))
    read = read_marks(tmp_path / "key.json", [tmp_path / "one.json", tmp_path / "two.json"])
    assert [(item.origin, item.essay) for item in read] == [(x.origin, x.essay) for x in pile]
    assert [item.marks for item in read] == [(number % 5, 4) for number in range(1, 22)]


@pytest.mark.parametrize("marks", [{"1": 5}, {"1": "2"}, {}])
def test_a_mark_that_is_none_is_refused(tmp_path, marks):
    write_pile(mix({"x": ORIGINS["by hand"]}, 1), tmp_path / "pile.md", tmp_path / "key.json")
    (tmp_path / "one.json").write_text(json.dumps(marks))
    with pytest.raises(MarksError, match=r"one\.json: 1"):
        read_marks(tmp_path / "key.json", [tmp_path / "one.json"])
