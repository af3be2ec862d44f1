"""How the embedded model is taught from the cards and the compositions, and judged.

`batches.py` makes the endless stream of exposures, in an order that a seed fixes; `run.py` learns
from it, stops and goes on at any step, and decays a copy; `judge.py` reads what a model writes
freely.
`python -m bot.workshop.teaching --help` runs them.
"""
