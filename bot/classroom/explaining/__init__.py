"""How the model works, shown with a person's own words.

What somebody wants to see is an inquiry (``storage/inquiries.py``). ``looking`` has it answered by
the generation service, ``finding`` says what is asked there, ``showing`` makes a message from what
was found, one module a kind, and says what its buttons do; ``pictures`` draws.
"""
