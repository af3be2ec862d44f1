import torch

from bot.training.copying import can_copy, start_copying
from bot.training.model import logits_of, new_model, prepare_for_training

VOCABULARY, CONTEXT, PHRASE = 8000, 512, 60


def share_repeated(model) -> float:
    """How many tokens of a random phrase that is said again at the end of the window are foreseen.

    What stands between is random too, so only who looks back can know.
    """
    tokens = torch.randint(1, VOCABULARY, (4, CONTEXT), generator=torch.Generator().manual_seed(7))
    tokens[:, -PHRASE:] = tokens[:, 40 : 40 + PHRASE]
    with torch.no_grad():
        foreseen = logits_of(model, tokens).argmax(-1)
    return (foreseen[:, 1 - PHRASE :] == tokens[:, 1 - PHRASE :]).float().mean().item()


def test_a_new_model_repeats_what_it_never_saw():
    model = new_model("2x256", VOCABULARY, CONTEXT, 0, seed=1)
    prepare_for_training(model, 0.0)
    assert can_copy(model)
    assert share_repeated(model) < 0.05
    start_copying(model, torch.ones(VOCABULARY), seed=1)
    assert share_repeated(model) > 0.9


def test_it_says_each_token_as_often_as_the_text():
    counts = torch.arange(VOCABULARY)
    model = new_model("2x256", VOCABULARY, CONTEXT, 0, seed=1)
    start_copying(model, counts, seed=1)
    tokens = torch.randint(1, VOCABULARY, (4, 64), generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        shares = logits_of(model, tokens).softmax(-1).mean((0, 1))
    expected = (counts + 0.3) / (counts + 0.3).sum()
    assert torch.corrcoef(torch.stack((shares, expected)))[0, 1] > 0.9


def test_the_smallest_models_are_left_as_they_are():
    assert not can_copy(new_model("1x256", VOCABULARY, CONTEXT, 0, seed=1))
    assert not can_copy(new_model("2x64", VOCABULARY, CONTEXT, 0, seed=1))
