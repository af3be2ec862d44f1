"""How the embedded model and the figures are made: not in the wheel, and nothing imports it.

``grammar`` writes the texts that the model learns from, ``recipe`` trains it, ``evaluation``
measures it, ``benchmark`` measures the engine. ``make train-embedded``, ``make evaluate-embedded``
and ``make bench`` run them.
"""
