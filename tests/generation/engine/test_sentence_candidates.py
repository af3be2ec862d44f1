"""Several candidates for each sentence: the same text in any company, and bounded in memory."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import InvalidParameterError
from bot.generation.engine import Engine, load_engine
from bot.generation.engine.blocks import BlockPool
from bot.generation.engine.sentences import Candidate, Judge, sentence_ends
from bot.generation.engine.tokenizing import load_tokenizer
from bot.generation.parameters import SamplingParameters

EMBEDDED = Path(__file__).parents[3] / "bot" / "generation" / "embedded"


@pytest.fixture(scope="module", params=["int8", "fp32"])
def engine(request: pytest.FixtureRequest, small_gpt2: Path) -> Iterator[Engine]:
    engine = load_engine(small_gpt2, dtype=request.param, max_batch_size=9, threads=2)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def exact_engine(small_gpt2: Path) -> Iterator[Engine]:
    engine = load_engine(small_gpt2, max_batch_size=6, threads=2)
    engine.start()
    yield engine
    engine.close()


def written(generation) -> list[int]:
    return [event.token_id for event in generation if event.token_id is not None]


recipes = st.builds(
    lambda prompt, length, temperature, candidates, ngram, penalty, seed: (
        prompt,
        SamplingParameters(
            max_new_tokens=length,
            temperature=temperature,
            top_k=40,
            repetition_penalty=penalty,
            no_repeat_ngram_size=ngram,
            sentence_candidates=candidates,
            keywords=("mar",),
            seed=seed,
        ),
    ),
    prompt=st.lists(st.integers(1, 255), min_size=1, max_size=90),
    length=st.integers(1, 130),
    temperature=st.sampled_from([0.7, 1.2]),
    candidates=st.integers(1, 8),
    ngram=st.sampled_from([0, 3]),
    penalty=st.sampled_from([1.0, 1.3]),
    seed=st.integers(0, 2**63 - 1),
)


@given(st.lists(recipes, min_size=6, max_size=10), st.randoms(use_true_random=False))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_recipe_gives_the_same_text_alone_and_in_any_company(exact_engine, batch, random):
    alone = [written(exact_engine.submit(*recipe)) for recipe in batch]
    together = {}
    for i in random.sample(range(len(batch)), len(batch)):
        together[i] = exact_engine.submit(*batch[i])
        if random.random() < 0.3:
            together[i].cancel()
            together[i] = exact_engine.submit(*batch[i])
    assert [written(together[i]) for i in range(len(batch))] == alone


def test_tokens_come_by_sentences_and_are_as_many_as_asked_for(engine):
    parameters = SamplingParameters(
        max_new_tokens=200, ignore_eos=True, seed=3, sentence_candidates=4
    )
    generation = engine.submit([1, 2, 3], parameters)
    events = list(generation)
    assert len(events) == 200
    assert [event.finish_reason for event in events] == [None] * 199 + ["length"]
    assert generation.new_tokens == 200


def test_both_decoders_choose_alike(small_gpt2):
    """At temperature 0 all candidates are one text, which is the text without candidates."""
    for dtype in ("int8", "fp32"):
        engine = load_engine(small_gpt2, dtype=dtype, max_batch_size=8, threads=1)
        engine.start()
        greedy = {"max_new_tokens": 40, "temperature": 0.0}
        several = SamplingParameters(**greedy, sentence_candidates=8)
        plain = written(engine.submit([5, 6, 7], SamplingParameters(**greedy)))
        assert written(engine.submit([5, 6, 7], several)) == plain
        engine.close()


def test_every_block_comes_back(engine):
    generations = [
        engine.submit(
            [7] * (3 + i),
            SamplingParameters(
                max_new_tokens=10_000 if i % 2 else 30,
                ignore_eos=True,
                seed=i,
                sentence_candidates=1 + i % 8,
            ),
        )
        for i in range(20)
    ]
    for generation in generations[1::2]:
        next(iter(generation), None)
        generation.cancel()
    assert [list(one)[-1].finish_reason for one in generations] == ["length", "abort"] * 10
    pool = engine._pool
    assert sorted(pool._free) == list(range(engine._decoder.block_count))
    assert not any(pool._users)


def test_never_more_blocks_than_were_reserved(exact_engine):
    """A text with candidates takes what it needs at most, beyond the window too."""
    most = 0
    for candidates in (1, 3, 8):
        asked = SamplingParameters(
            max_new_tokens=260, ignore_eos=True, seed=5, sentence_candidates=candidates
        )
        generation = exact_engine.submit([9] * 60, asked)
        reserved = 2 + (candidates - 1) * 2  # windows of 96 tokens, blocks of 64
        for _ in generation:
            used = exact_engine._decoder.block_count - len(exact_engine._pool._free)
            assert used <= reserved
            most = max(most, used)
    assert most > 2


def test_more_candidates_than_there_is_room_for_are_refused(small_gpt2):
    engine = load_engine(small_gpt2, dtype="fp32", max_batch_size=3, threads=1)
    assert engine.sentence_candidates == 3
    with pytest.raises(InvalidParameterError):
        engine.submit([1], SamplingParameters(sentence_candidates=4))
    engine.submit([1], SamplingParameters(sentence_candidates=3))
    engine.close()


class Memory:
    """Blocks of four numbers in place of keys and values."""

    vocabulary_size, context_tokens, block_tokens, block_count = 1, 40, 4, 12

    def __init__(self) -> None:
        self.blocks = np.zeros((self.block_count, self.block_tokens), int)
        self.released: list[int] = []

    def process(self, slices):
        raise NotImplementedError

    def copy_block(self, source: int, target: int, tokens: int) -> None:
        self.blocks[target, :tokens] = self.blocks[source, :tokens]

    def release(self, block: int) -> None:
        self.blocks[block] = 0
        self.released.append(block)

    def close(self) -> None: ...


@given(st.data())
def test_forks_keep_what_they_had(data):
    """However texts grow, fork and end, each still finds its own numbers."""
    memory = Memory()
    pool = BlockPool(memory)
    texts: list[tuple[list[int], list[int]]] = []
    counter = iter(range(1, 10_000))
    for _ in range(data.draw(st.integers(1, 40))):
        used = {block for blocks, _ in texts for block in blocks}
        assert len(set(pool._free)) == len(pool._free) == memory.block_count - len(used)
        action = data.draw(st.sampled_from(["begin", "grow", "fork", "end", "trim"]))
        if action == "trim":
            pool.trim()
        elif action == "begin" or not texts:
            texts.append(([], []))
        elif action == "end":
            blocks, _ = texts.pop(data.draw(st.integers(0, len(texts) - 1)))
            pool.drop(blocks)
        elif pool._free:
            blocks, numbers = texts[data.draw(st.integers(0, len(texts) - 1))]
            if action == "fork":
                kept = data.draw(st.integers(0, len(numbers)))
                texts.append((pool.fork(blocks, kept), numbers[:kept]))
            else:
                pool.extend(blocks, len(numbers) + 1)
                numbers.append(next(counter))
                place = len(numbers) - 1
                memory.blocks[blocks[place // 4], place % 4] = numbers[-1]
        for blocks, numbers in texts:
            assert memory.blocks[blocks].ravel()[: len(numbers)].tolist() == numbers


def candidate(tokenizer, text: str, chance: float = -0.5) -> Candidate:
    token_ids = tokenizer.encode(text)
    return Candidate(token_ids, [chance] * max(1, len(token_ids)), is_whole=True)


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(EMBEDDED)


def test_sentences_end_where_they_do(tokenizer):
    ends = sentence_ends(tokenizer, 8192)
    text = "El mar es azul. ¿Quién lo sabe? «¡Yo!» Dijo que no… y se fue,\n\ntan tranquilo; así."
    token_ids = tokenizer.encode(text)
    pieces, piece = [], []
    for token_id in token_ids:
        piece.append(token_id)
        if ends[token_id]:
            pieces.append(tokenizer.decode(piece))
            piece = []
    assert "".join(pieces) == text
    assert all(any(mark in piece[-4:] for mark in ".!?…\n") for piece in pieces)
    assert 5 <= len(pieces) <= 8


def test_the_likelier_of_two_is_better(tokenizer):
    judge = Judge(tokenizer, "El mar\n\n", ["mar"])
    texts = [" Las olas van y vienen sin cansarse.", " Un faro mira la costa de noche."]
    worse, better = candidate(tokenizer, texts[0], -0.9), candidate(tokenizer, texts[1], -0.4)
    assert judge.best([worse, better]) == (1, False)
    jagged = candidate(tokenizer, texts[1], -0.4)
    jagged.log_probabilities[2:5] = [-6.0, -6.0, -6.0]
    assert judge.best([jagged, worse]) == (1, False)


def test_what_was_said_is_not_said_again(tokenizer):
    judge = Judge(tokenizer, "", [])
    said = candidate(tokenizer, "El faro mira la costa de noche.", -0.1)
    judge.remember(said)
    new = candidate(tokenizer, " Las olas van y vienen sin cansarse nunca.", -1.5)
    assert judge.best([said, new]) == (1, False)
    assert judge.best([said, said]) == (0, True)


def test_the_topic_is_named_now_and_then(tokenizer):
    judge = Judge(tokenizer, "", ["los pescadores"])
    naming = candidate(tokenizer, " El pescador sale temprano con su barca.", -0.55)
    other = candidate(tokenizer, " Las olas van y vienen sin cansarse.", -0.5)
    assert judge.best([naming, other]) == (1, False)
    for text in ("Hay sol en la playa hoy.", "Un perro ladra junto al muelle.", "Suena la radio."):
        judge.remember(candidate(tokenizer, text))
    assert judge.best([naming, other]) == (0, False)
    judge.remember(naming)
    assert judge.best([candidate(tokenizer, " Los pescadores duermen.", -0.6), other])[0] == 1


def test_the_first_alone_decides_whether_the_text_ends(tokenizer):
    judge = Judge(tokenizer, "", [])
    going_on = candidate(tokenizer, " Las olas van y vienen sin cansarse.", -2.0)
    ending = candidate(tokenizer, "", -0.1)
    assert judge.best([going_on, ending, ending]) == (0, False)
    assert judge.best([ending, going_on, going_on]) == (0, False)


def test_pairs_of_seeds_differ(engine):
    """Candidates of neighbouring seeds and sentences have random numbers of their own."""
    texts = [
        written(
            engine.submit(
                [4, 5],
                SamplingParameters(
                    max_new_tokens=60, ignore_eos=True, seed=seed, sentence_candidates=2
                ),
            )
        )
        for seed in range(5)
    ]
    assert all(one != other for one, other in pairwise(texts))
