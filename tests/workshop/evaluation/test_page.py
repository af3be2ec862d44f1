import pytest

from bot.workshop.evaluation.page import essays_shown, figures_table, marks_table, render

FIGURES = {
    "words": 200, "loops": False, "unknown": 0.01, "own_words": 3, "elsewhere": 0.1,
    "verbatim": 0.5, "whole_sentences": 0.25, "same_opening": True,
}  # fmt: skip
ESSAYS = [
    {
        "topic": f"t{n}",
        "seed": 1,
        "text": f"Uno {n}.\nDos.",
        "near": n % 2 == 0,
        "figures": FIGURES,
    }
    for n in range(1, 31)
]
PILE = [
    {"origin": "by hand", "marks": [3, 4], "topic": "a", "seed": 0, "text": "x"},
    {"origin": "embedded, near", "marks": [1, 2], "topic": "b", "seed": 1, "text": "y"},
    {"origin": "embedded, near", "marks": [2, 2], "topic": "c", "seed": 1, "text": "z"},
]
MARKS = "".join(
    f"<!-- generated {name} -->\nold\n<!-- end {name} -->\n"
    for name in ("figures", "marks", "essays")
)


def test_marks_by_origin():
    lines = marks_table(PILE).splitlines()
    assert lines[2:] == [
        "| by hand | 1 | 3.50 | 100%, 100% | 100% |",
        "| embedded, near | 2 | 1.75 | 50%, 100% | 50% |",
    ]


def test_figures_by_model_near_and_away():
    lines = figures_table({"embedded": ESSAYS}).splitlines()
    assert lines[0] == "| | embedded, near | embedded, away |"
    assert "| words of the topic's own list, mean | 3.0 | 3.0 |" in lines


def test_essays_are_drawn_by_number():
    shown = essays_shown(ESSAYS)
    assert [f"**{number}. t{number}**" in shown for number in (3, 30, 4)] == [True, True, False]
    assert "> Uno 3.\n> Dos." in shown


def test_the_page_gets_every_section():
    page = render(f"above\n{MARKS}below", {"models": {"embedded": ESSAYS}, "pile": PILE})
    assert "old" not in page
    assert page.startswith("above\n<!-- generated figures -->\n\n| |")
    assert page.endswith("<!-- end essays -->\nbelow")
    with pytest.raises(ValueError, match="figures"):
        render("nothing", {"models": {"embedded": ESSAYS}, "pile": PILE})
