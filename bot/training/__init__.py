"""Training and fine-tuning a GPT-2: what ``redactor train`` does.

``train`` in ``bot.training.run`` does it; this package imports nothing heavy, because the
processes that tokenise import it.
"""
