"""Kills the real processes at every edge of every flow, and judges by what stands in the chats.

``make chaos`` first runs each flow once and notes its edges: every commit of a step and every
request to Telegram, before and after. Then it runs the flow again for each edge, and the bot kills
itself there; and then at random instants, the bot, the generation child or both, at the pace of
a seed. After every run the bot is started again, and what the local Bot API holds must be what
people were owed. ``python -m tests.chaos --without GUARD`` takes one guard away, and must fail.
"""
