"""What the embedded model learns from: topic cards, compositions, and the exposures made of them.

`cards/` and `compositions/` hold the texts; `cards.py` and `compositions.py` read them;
`requests.py` draws a wish that a card answers, `composing.py` puts the essay together, `ideas.py`
finds its line of ideas, `wording.py` words the wish in another way, `guessing.py` writes about
words that nobody knows, and `exposures.py` draws from all of them what the model sees next.
`held_out.py` keeps the topics that no text may hold, and `checking.py` refuses a text that is not
fit.
"""
