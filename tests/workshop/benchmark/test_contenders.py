"""What is measured is the same work for everybody."""

from pathlib import Path

import psutil
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.workshop.benchmark.cells import CONTENDERS, Request, peak_memory_mb
from bot.workshop.benchmark.contenders import Name, Setting, best_of_repeats, prompts_of
from bot.workshop.benchmark.shapes import (
    SMALL,
    TINY,
    VOCABULARY,
    XL,
    parameter_bytes_int8,
    random_checkpoint,
)


class Counter:
    """Writes nothing and counts how often it was asked to."""

    def __init__(self) -> None:
        self.writes = 0

    def write(self, prompts: list[list[int]], new_tokens: int) -> None:
        self.writes += 1

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_checkpoint(TINY, tmp_path_factory.mktemp("shapes"))


def test_every_name_has_its_contender() -> None:
    assert CONTENDERS.keys() == set(Name)


@pytest.mark.parametrize("name", [Name.ENGINE, Name.TRANSFORMERS, Name.TRANSFORMERS_BF16])
def test_contenders_write_as_much_as_they_are_asked(
    name: Name, folder: Path, tmp_path: Path
) -> None:
    contender = CONTENDERS[name](Setting(folder, tmp_path, threads=1, streams=2))
    try:
        contender.write(prompts_of(2, 5), 3)
    finally:
        contender.close()


def test_a_checkpoint_has_its_shape_and_one_token_a_byte(folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert (model.config.n_layer, model.config.n_embd, model.config.n_head) == (2, 64, 2)
    assert model.config.vocab_size == VOCABULARY
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert len(tokenizer.encode("Tema de la clase: el 007")) == 24


def test_a_checkpoint_is_written_once(folder: Path) -> None:
    written = (folder / "model.safetensors").stat()
    assert random_checkpoint(TINY, folder.parent) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written.st_mtime_ns


def test_one_token_reads_every_matrix_once() -> None:
    # 12 blocks of 12 squares, and the embedding: GPT-2 small's 124 million less its positions.
    assert parameter_bytes_int8(SMALL) == 123_532_032
    assert parameter_bytes_int8(XL) > 12 * parameter_bytes_int8(SMALL)


def test_prompts_are_the_same_in_every_run() -> None:
    prompts = prompts_of(3, 24)
    assert prompts == prompts_of(3, 24)
    assert [len(prompt) for prompt in prompts] == [24, 24, 24]
    assert all(0 < token < VOCABULARY for prompt in prompts for token in prompt)


@pytest.mark.parametrize(("limit_s", "writes"), [(float("inf"), 4), (0.0, 1)])
def test_repeats_end_with_their_number_or_their_time(limit_s: float, writes: int) -> None:
    counter = Counter()
    assert 0 < best_of_repeats(counter, [[1]], 5, repeats=4, limit_s=limit_s) < float("inf")
    assert counter.writes == writes


def test_a_request_survives_its_way_to_the_process() -> None:
    request = Request(
        kind="start",
        contender=Name.LLAMA_CPP,
        folder="a",
        work="b",
        threads=2,
        streams=(1, 8),
        prompt_tokens=24,
        new_tokens=50,
        repeats=3,
        limit_s=2.0,
    )
    read = Request.from_json(request.to_json())
    assert read.started_s > 0
    assert (read.contender, read.streams) == (Name.LLAMA_CPP, (1, 8))


def test_the_peak_of_memory_is_no_less_than_what_is_held() -> None:
    held_mb = psutil.Process().memory_info().rss / 2**20
    assert peak_memory_mb() > 0.9 * held_mb
