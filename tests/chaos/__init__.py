"""Kills the real processes at every edge of every flow, and judges by what stands in the chats.

``make chaos`` plays each flow once and notes its edges: before and after every commit of a step
and every request to Telegram, and within the text that the service sends. Then it plays the flow
again for each edge, and the bot kills itself there; and it kills the bot, its generation child or
both at random instants, drawn from a seed. Each time the bot is started again, and what the local
Bot API holds must be what people were owed. ``--without GUARD`` takes one guard away, and must
fail.

``launcher`` is the process, ``process`` starts it in no time, ``service`` writes numbered
sentences, ``flows`` is what people do, ``judge`` looks at what they got, ``runs`` makes one run.
"""
