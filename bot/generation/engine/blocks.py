"""Who has which block of the decoder's memory: shared beginnings, and no copy before it is due."""

from bot.generation.engine.decoder import Decoder


class BlockPool:
    """The decoder's blocks, counted by who uses them.

    A text's keys and values are a list of blocks, in the order of its tokens. Texts with the same
    beginning share the blocks that it fills; what is written to belongs to one text alone.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._users = [0] * decoder.block_count
        self._free = list(range(decoder.block_count))[::-1]
        self._written: set[int] = set()

    def extend(self, blocks: list[int], tokens: int) -> None:
        """Lengthen a list of blocks until it holds so many tokens."""
        while len(blocks) * self._decoder.block_tokens < tokens:
            blocks.append(self._take())

    def fork(self, blocks: list[int], tokens: int) -> list[int]:
        """Return blocks with the first ``tokens`` of others: full ones shared, the rest copied."""
        full, rest = divmod(tokens, self._decoder.block_tokens)
        forked = blocks[:full]
        for block in forked:
            self._users[block] += 1
        if rest:
            forked.append(self._take())
            self._decoder.copy_block(blocks[full], forked[-1], rest)
        return forked

    def drop(self, blocks: list[int]) -> None:
        """Take leave of blocks; the list is empty afterwards."""
        for block in blocks:
            self._users[block] -= 1
            if self._users[block] == 0:
                self._free.append(block)
        blocks.clear()

    def trim(self) -> None:
        """Hand the memory of blocks that nobody uses back to the system."""
        for block in [block for block in self._written if self._users[block] == 0]:
            self._decoder.release(block)
            self._written.remove(block)

    def _take(self) -> int:
        block = self._free.pop()
        self._users[block] = 1
        self._written.add(block)
        return block
