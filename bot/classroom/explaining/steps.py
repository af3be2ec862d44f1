"""From a topic to an essay in five steps, with the numbers of this model and this topic."""

from bot.classroom.explaining import attention
from bot.classroom.explaining.showing import CLOSE, Button, Shown, Turn, spoken
from bot.essays.messages import shorten, without_mentions
from bot.storage.inquiries import Inquiry, Subject
from bot.texts import Texts

_LAST = 5
_PICTURES = {3: Subject.ATTENTION, 4: Subject.PROBABILITIES}
_TOPIC_UNITS = 100


def shown(inquiry: Inquiry, texts: Texts) -> Shown:
    """One step."""
    words, step = texts.explaining.steps, inquiry.view["step"]
    forward = [Button(words.forward, "n")]
    found = inquiry.found or {}
    has_picture = found.get("weights" if step == 3 else "likely")
    if step in _PICTURES and has_picture:
        forward.insert(0, Button(words.picture, "v"))
    if step == _LAST:
        forward = [Button(words.own, "o"), Button(texts.explaining.close, CLOSE)]
    return Shown(_said(inquiry, texts), buttons=(tuple(forward),))


def _said(inquiry: Inquiry, texts: Texts) -> str:
    words, found, step = texts.explaining.steps, inquiry.found or {}, inquiry.view["step"]
    if step == 1:
        topic = without_mentions(shorten(inquiry.text, _TOPIC_UNITS))
        return words.pieces(topic, len(found["pieces"]), found["vocabulary_size"])
    if step == 2:
        return words.lists(found["width"])
    share = texts.explaining.share
    if step == 3:
        weights = found["weights"]
        shares = attention.shares_of(weights, None, None) if weights else []
        ranked = attention.ranking(shares)
        if not ranked:
            return words.looks_unknown
        top = spoken(found["pieces"][ranked[0]], texts)
        return words.looks(len(weights[0]), len(weights), top, share(shares[ranked[0]]))
    temperature = texts.explaining.number(inquiry.preferences.temperature)
    if step == 4:
        if not found["likely"]:
            return words.chances_unknown(temperature)
        piece, probability = found["likely"]
        return words.chances(spoken(piece, texts), share(probability), temperature)
    return words.again(found["essay_pieces"], found["pieces_per_s"])


def pressed(inquiry: Inquiry, action: str, texts: Texts) -> Turn:
    """``n`` the next step, ``v`` the picture of this one, ``o`` how to take one's own words.

    Raises:
        ValueError: It is none of these.
    """
    view = inquiry.view
    if action == "n":
        return Turn({**view, "step": min(view["step"] + 1, _LAST)})
    if action == "v" and view["step"] in _PICTURES:
        return Turn(view, opens=_PICTURES[view["step"]])
    if action == "o":
        return Turn(view, toast=texts.explaining.steps.own_how)
    raise ValueError(action)
