"""Measures the engine beside its alternatives, all in one run.

``make bench`` runs it; ``python -m bot.workshop.benchmark run --help`` tells the choices.

* ``shapes`` checkpoints of the right shape with random weights, which serve for speed
* ``run`` the order of the measurements
* ``cells`` one measurement, in a process of its own; ``contenders`` what each cell runs
* ``llama_cpp_peer`` the GGUF file and the batch loop that llama.cpp needs
* ``bandwidth`` what the memory gives; ``service`` a class asking over HTTP
* ``report`` the table, the ratios, the chart and the figures in ``docs/performance.md``
"""
