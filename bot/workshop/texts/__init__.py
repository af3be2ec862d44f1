"""What the embedded model learns from: topic cards, compositions, and how exposures are made of them.

`cards/` and `compositions/` hold the texts; `cards.py` and `compositions.py` read them; `composing.py`
puts an essay together from a card, `ideas.py` finds the line of ideas of a text, `wording.py` asks for
the same topic in another way, `guessing.py` writes about words that nobody knows, and `exposures.py`
draws from all of them what the model sees next. `checking.py` refuses a text that is not fit.
"""
