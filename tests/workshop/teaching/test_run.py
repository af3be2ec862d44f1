import json

import pytest
import torch

from bot.generation.frames import read_frames_file
from bot.training.model import new_model
from bot.workshop.teaching.batches import Place, Stream
from bot.workshop.teaching.finishing import write_model
from bot.workshop.teaching.lesson import Lesson
from bot.workshop.teaching.optimizer import orthogonalise
from bot.workshop.teaching.run import HISTORY, STATE, Run, mean_loss
from bot.workshop.teaching.writing import load_writer, write
from bot.workshop.texts.exposures import Mixture
from bot.workshop.texts.headers import IDEAS, KINDS, header

TINY = Lesson(
    size="2x192",
    context_tokens=256,
    text_tokens=128,
    batch_tokens=512,
    warmup_steps=2,
    dropout=0.0,
    main=Mixture(3, 1, 1, 0),
    last=Mixture(3, 1, 1, 0),
)


@pytest.fixture
def folder(prepared, tmp_path):
    for name in ("tokenizer.json", "vocabulary"):
        (tmp_path / name).symlink_to(prepared / name)
    return tmp_path


def run(folder, lesson=TINY) -> Run:
    return Run(folder, lesson, device="cpu", processes=0, tell=lambda _: None)


def weights(model) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in model.parameters()])


def test_a_run_that_stops_and_goes_on_is_the_run_that_went_through(folder):
    through = run(folder)
    through.take_steps(4)
    straight = weights(through.model).clone()
    stopped = run(folder)
    stopped.take_steps(2)
    stopped.save()
    going_on = run(folder)
    assert going_on.progress == stopped.progress
    going_on.take_steps(2)
    assert torch.equal(weights(going_on.model), straight)


def loss_of(model, folder) -> float:
    stream = Stream(folder, TINY.main, TINY.batch_tokens, TINY.text_tokens, "other", 0)
    batch, _ = next(stream.batches(Place()))
    ids = torch.from_numpy(batch.ids.astype("int64"))
    with torch.no_grad():
        loss = mean_loss(
            model, ids, torch.from_numpy(batch.lengths), torch.from_numpy(batch.starts)
        )
    return loss.item()


def test_a_run_learns_what_it_is_told_on_the_way(folder):
    learner = run(folder)
    before = loss_of(learner.model, folder)
    learner.take_steps(25)
    assert loss_of(learner.model, folder) < before - 0.1
    told = [json.loads(line) for line in (folder / HISTORY).read_text().splitlines()]
    assert [facts["step"] for facts in told] == [1, 2, 25]


def test_a_decay_changes_its_copy_and_leaves_the_state(folder):
    learner = run(folder)
    learner.take_steps(2)
    learner.save()
    kept = (folder / STATE).read_bytes()
    before = weights(learner.model).clone()
    learner.decay(3)
    assert not torch.equal(weights(learner.model), before)
    assert (folder / STATE).read_bytes() == kept


def test_general_spanish_comes_first_and_then_the_stream_begins_anew(folder):
    lesson = Lesson(**{**vars_of(TINY), "general_tokens": 1, "general": Mixture(0, 1, 0, 0)})
    learner = run(folder, lesson)
    learner.take_steps(1)
    assert learner.progress.place.shard == learner.progress.place.batch == 0
    learner.take_steps(1)
    assert learner.progress.step == 2


def vars_of(lesson):
    return {name: getattr(lesson, name) for name in lesson.__slots__}


def test_the_figures_of_a_training_are_kept_beside_it(folder):
    TINY.write(folder)
    assert Lesson.read(folder) == TINY


def test_the_written_model_is_asked_by_its_frames_and_writes(folder, tmp_path):
    learner = run(folder)
    out = tmp_path / "model"
    write_model(learner.model, folder, out)
    frames = read_frames_file(out)
    assert set(frames.by_style) == set(KINDS)
    assert frames.of("carta").prompt_for("El mar", 200) == header("carta", "El mar", 200)
    assert json.loads((out / "redactor.json").read_text(encoding="utf-8"))["ideas"] == IDEAS
    model, tokenizer = load_writer(out)
    (written,) = write(model, tokenizer, [header("ensayo", "El mar", 50)], seed=1)
    assert written.text


def test_the_header_is_not_learnt():
    model = new_model("1x64", 50, 32, 0, 1).eval()
    ids = torch.randint(1, 50, (2, 8))
    lengths, starts = torch.tensor([8, 8]), torch.tensor([5, 5])
    changed = ids.clone()
    loss = mean_loss(model, ids, lengths, starts)
    logits = model(ids).logits.log_softmax(-1)
    rows = torch.arange(2)[:, None]
    expected = -logits[rows, torch.arange(4, 7), changed[:, 5:]].mean()
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("shape", [(6, 6), (4, 10), (10, 4)])
def test_orthogonalising_brings_all_singular_values_near_one(shape):
    torch.manual_seed(1)
    found = torch.linalg.svdvals(orthogonalise(torch.randn(2, *shape)))
    assert found.min() > 0.4
    assert found.max() < 1.4
