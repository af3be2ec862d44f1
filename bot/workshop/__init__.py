"""How the embedded model and the figures are made: not in the wheel, and nothing imports it.

``texts`` holds what the model learns from, ``teaching`` trains and judges it; ``grammar`` and
``recipe`` made the model before it, which ``evaluation`` measures; ``benchmark`` measures the
engine. ``make check-texts``, ``make train-embedded``, ``make judge-embedded`` and ``make bench``
run them.
"""
