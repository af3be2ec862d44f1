"""Other people's clients against the service: ``make test-clients``, in an environment of theirs.

Each script in ``scripts`` is run by that environment with the service's address, and fails or does
what its first line says; the table in ``docs/protocol.md`` is made of that.
"""
