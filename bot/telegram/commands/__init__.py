"""What happens when somebody sends a command or presses a button, one module per family.

Handlers are free functions ``async def name(update, context) -> None``. They check, put a job into
the queue or an answer into the outbox, and return; none waits for a message to be sent.
"""
