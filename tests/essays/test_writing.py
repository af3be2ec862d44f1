"""Where an essay ends, and what is asked of the service for that."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bot.errors import FailureReason, GenerationError
from bot.essays.finishing import count_words, sentence_ends
from bot.essays.safety import is_fit_to_read
from bot.essays.writing import Draft, Writer, topic_words
from bot.generation.client import ServedModel
from bot.generation.frames import Frames
from bot.generation.parameters import SamplingParameters
from bot.storage.records import Preferences, Style

PLANNED = Frames.from_json(
    {
        "frames": {"ensayo": {"prompt": "Tema: {topic} ({words})\n\n", "opening": "{topic}\n\n"}},
        "ideas": "Ideas: {ideas}.\n\n",
        "words_step": 50,
        "most_words": 500,
    }
)


def prose(words: int, first: int = 0) -> str:
    """Return sentences of ten words, no two the same, and a paragraph every five."""
    sentences = [
        f"{'Número' if i % 5 else 'Primero'} {i} de las cosas que vi aquella misma tarde."
        for i in range(first, first + words // 10)
    ]
    return "".join(
        ("" if i == 0 else "\n\n" if i % 5 == 0 else " ") + sentence
        for i, sentence in enumerate(sentences)
    )


@dataclass
class Answers:
    """A service that gives one answer after another, the last for ever; an error is raised."""

    answers: list[str | GenerationError]
    frames: Frames = PLANNED
    asked: list[tuple[str, SamplingParameters]] = field(default_factory=list)
    piece_characters: int = 5

    async def describe(self) -> ServedModel:
        return ServedModel(id="answers", frames=self.frames, tokens_per_word=1.5)

    async def stream(
        self,
        prompt: str,
        parameters: SamplingParameters,
        *,
        keep_last_tokens: int | None = None,
    ) -> AsyncGenerator[str]:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append((prompt, parameters))
        if isinstance(answer, GenerationError):
            raise answer
        for at in range(0, len(answer), self.piece_characters):
            yield answer[at : at + self.piece_characters]


async def write(service: Answers, words: int = 250, **options) -> list[Draft]:
    preferences = options.pop("preferences", None) or Preferences(words=words)
    writer = Writer(service)  # type: ignore[arg-type]
    drafts = [draft async for draft in writer.write("El mar", preferences, 7, **options)]
    assert [draft.is_final for draft in drafts] == [False] * (len(drafts) - 1) + [True]
    return drafts


@pytest.mark.parametrize("words", [160, 250, 320])
async def test_a_text_that_ends_by_itself_is_kept_whole(words):
    service = Answers([f"Ideas: olas, sal.\n\n{prose(words)}"])
    *drafts, last = await write(service)
    assert last.text == f"El mar\n\n{prose(words)}"
    assert last.ideas == (("olas", "sal"),)
    assert drafts[-1].text.startswith("El mar\n\n")
    assert all("Ideas" not in draft.text for draft in drafts)
    [(prompt, parameters)] = service.asked
    assert prompt == "Tema: El mar (250)\n\n"
    assert parameters.max_new_tokens >= 1.3 * 250 * 1.5
    assert parameters.keywords == ("mar",)
    assert parameters.seed == 7


async def test_a_text_without_an_end_stops_at_130_percent():
    service = Answers([prose(2000)])
    *_, last = await write(service)
    assert 250 <= count_words(last.text) <= 325 + 2
    assert last.text.endswith(".")
    assert len(service.asked) == 1


@pytest.mark.parametrize("answer", [prose(2000), prose(2000).replace(".", ","), prose(100) * 3])
async def test_the_text_does_not_depend_on_the_pieces_in_which_it_comes(answer):
    texts = {
        (await write(Answers([answer], piece_characters=count)))[-1].text
        for count in (1, 5, 17, 400)
    }
    assert len(texts) == 1


async def test_a_short_text_goes_on_with_a_new_paragraph():
    first, second = prose(80), prose(100, 50)
    service = Answers([f"Ideas: olas.\n\n{first}", second])
    *_, last = await write(service)
    assert last.text == f"El mar\n\n{first}\n\n{second}"
    assert service.asked[1][0] == f"Tema: El mar (250)\n\nIdeas: olas.\n\n{first}\n\n"
    assert service.asked[1][1].seed == 8
    assert service.asked[1][1].max_new_tokens < service.asked[0][1].max_new_tokens


async def test_a_model_that_says_no_more_is_asked_a_few_times():
    nothing = GenerationError(FailureReason.EMPTY)
    service = Answers([prose(80), nothing])
    *_, last = await write(service)
    assert last.text == f"El mar\n\n{prose(80)}"
    assert 2 < len(service.asked) < 8
    with pytest.raises(GenerationError):
        await write(Answers([nothing]))


async def test_a_failure_on_the_way_is_one():
    service = Answers([prose(80), GenerationError(FailureReason.AWAY)])
    with pytest.raises(GenerationError) as failure:
        await write(service)
    assert failure.value.reason is FailureReason.AWAY


async def test_a_loop_is_drawn_again_from_the_sentence_before():
    good, loop = prose(100), " Y las olas van y" + " vienen y van y" * 40
    service = Answers([good + loop, " " + prose(120, 50)])
    *_, last = await write(service)
    assert last.text == f"El mar\n\n{good} {prose(120, 50)}"
    assert service.asked[1][0].endswith(good)
    first, again = (parameters for _, parameters in service.asked)
    assert again.seed != first.seed
    assert again.temperature > first.temperature


async def test_a_model_that_only_loops_still_gives_what_it_can():
    service = Answers(["El mar, " + "el mar, " * 500])
    *_, last = await write(service)
    assert len(service.asked) < 15
    assert count_words(last.text) < 60


@pytest.mark.parametrize("words", [1000, 3000])
async def test_a_long_text_has_sections_each_with_its_plan(words):
    service = Answers([f" olas, sal {i}.\n\n{prose(350, 40 * i)}" for i in range(12)])
    *_, last = await write(service, words)
    sections = len(service.asked)
    assert sections == len(last.ideas) == -(-words // 350)
    assert words * 0.9 <= count_words(last.text) <= words * 1.3
    for number, (prompt, parameters) in enumerate(service.asked):
        assert prompt.endswith(")\n\nIdeas:")
        assert int(prompt.partition("(")[2].partition(")")[0]) <= 500
        assert count_words(parameters.preceding) == 350 * number
    ends = sentence_ends(last.text)
    sentences = [last.text[start:end].strip() for start, end in pairwise([0, *ends])]
    assert len(sentences) == len(set(sentences))


async def test_what_a_section_says_again_is_left_out_and_made_up_for():
    service = Answers([f" olas.\n\n{prose(350)}", f" sal.\n\n{prose(350)}"])
    *_, last = await write(service, 600)
    assert last.text == f"El mar\n\n{prose(350)}"
    assert len(service.asked) == 2 + 2


async def test_a_persons_own_ideas_take_the_place_of_the_models():
    service = Answers([prose(250)])
    *_, last = await write(service, ideas=["gaviotas", "mi abuelo"])
    assert service.asked[0][0].endswith("\n\nIdeas: gaviotas, mi abuelo.\n\n")
    assert last.ideas == (("gaviotas", "mi abuelo"),)


async def test_a_model_without_plans_is_asked_plainly():
    service = Answers([f"Ideas: las hay.\n\n{prose(2000)}"], Frames.plain({}))
    *_, last = await write(service, 1000, ideas=["gaviotas"])
    assert service.asked[0][0] == "El mar: gaviotas"
    assert last.text.startswith("El mar Ideas: las hay.") or "Ideas: las hay." in last.text
    assert last.ideas == ()
    assert 1000 <= count_words(last.text) <= 1310


async def test_a_poem_may_say_a_line_twice():
    verse = "La luna se mira en el agua.\n"
    poem = f"{verse}Duerme la barca en la arena.\n\n{verse}Nadie la llama de noche.\n"
    service = Answers([poem])
    *_, last = await write(service, preferences=Preferences(words=30, style=Style.POEM))
    assert last.text.count(verse.strip()) == 2


async def test_a_text_that_is_gone_on_from_is_not_repeated():
    before = f"El mar\n\n{prose(250)}"
    service = Answers([" " + prose(200, 50)])
    *_, last = await write(service, preceding=before)
    assert service.asked[0][0] == f"Tema: El mar (250)\n\n{prose(250)}"
    assert service.asked[0][1].preceding == prose(250)
    assert last.text == prose(200, 50)


def test_topic_words():
    assert topic_words("Escribe sobre el mar y los pescadores") == ("mar", "pescadores")
    assert topic_words("¿Por qué leer?") == ("leer",)
    assert topic_words("la sal, la sal") == ("sal",)


CURSE = "Aquel idiota era un hijo de puta."


async def test_a_sentence_that_may_not_stay_is_drawn_again():
    good = prose(100)
    service = Answers([f"{good} {CURSE} Y siguió el día.", " " + prose(120, 50)])
    drafts = await write(service, is_fit=is_fit_to_read)
    assert drafts[-1].text == f"El mar\n\n{good} {prose(120, 50)}"
    assert not drafts[-1].has_gap
    assert all(CURSE not in draft.text for draft in drafts)
    assert service.asked[1][0].endswith(good)
    first, again = (parameters for _, parameters in service.asked)
    assert again.seed != first.seed


async def test_a_sentence_for_which_none_better_comes_is_taken_out():
    good = prose(200)
    service = Answers([f"{good} {CURSE}", f" {CURSE}"])
    *_, last = await write(service, is_fit=is_fit_to_read)
    assert last.text == f"El mar\n\n{good}"
    assert last.has_gap
    assert len(service.asked) < 15


@pytest.mark.parametrize("words", [CURSE, CURSE.rstrip(".")])
async def test_a_text_of_which_nothing_may_stay_is_none(words):
    with pytest.raises(GenerationError) as failure:
        await write(Answers([words]), is_fit=is_fit_to_read)
    assert failure.value.reason is FailureReason.EMPTY


async def test_ideas_that_may_not_stay_are_drawn_again():
    bad, good = "Ideas: porno, olas.\n\n", "Ideas: olas, sal.\n\n"
    service = Answers([bad + prose(250), good + prose(250)])
    drafts = await write(service, is_fit=is_fit_to_read)
    assert drafts[-1].ideas == (("olas", "sal"),)
    assert drafts[-1].text == f"El mar\n\n{prose(250)}"
    assert service.asked[1][0] == service.asked[0][0]
