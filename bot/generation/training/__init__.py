"""Training and fine-tuning a GPT-2, and measuring what it learnt.

``train`` in ``bot.generation.training.run`` does it; this package imports nothing heavy, because
the processes that tokenise import it.
"""
