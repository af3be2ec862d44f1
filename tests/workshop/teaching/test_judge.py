from bot.workshop.teaching.judge import TopicReader, ask_learnt, judge, sentences_of
from bot.workshop.teaching.writing import Written
from bot.workshop.texts.cards import load_cards
from bot.workshop.texts.wording import ASKING

CARDS = load_cards()[:30]


def essay_of(card, *, ideas="Ideas: a, b.\n\n"):
    lines = [line for lines in card.lines.values() for line in lines]
    return Written("", ideas + " ".join(lines[:15]), ended=True)


def test_learnt_topics_are_asked_for_in_ways_that_were_not_taught():
    asked = ask_learnt(CARDS, 12, seed=1)
    assert len({request.card.topic for request in asked}) == 12
    for request in asked:
        topic = request.prompt.splitlines()[1].removeprefix("Tema: ")
        assert not any(topic.startswith(way.split("{")[0] or "\0") for way in ASKING)


def test_an_essay_of_the_own_card_keeps_to_its_topic_and_one_of_another_does_not():
    asked = ask_learnt(CARDS, 10, seed=2)
    reader = TopicReader(CARDS)
    right = judge(asked, [essay_of(request.card) for request in asked], reader)
    assert right.keeping == 1
    assert right.whole_lines == 1
    assert right.sentences > 0.95
    wrong = judge(asked, [essay_of(request.card) for request in [*asked[1:], asked[0]]], reader)
    assert wrong.keeping == 0
    assert wrong.whole_lines == 0


def test_the_line_of_ideas_is_no_part_of_the_essay():
    text = Written("", "Ideas: olas, sal.\n\nEl mar. La sal.", ended=True)
    assert sentences_of(text.essay) == ["El mar.", "La sal."]
    assert Written("", "El mar.", ended=True).essay == "El mar."


def test_an_empty_essay_keeps_to_nothing():
    asked = ask_learnt(CARDS, 2, seed=3)
    verdict = judge(asked, [Written("", "", ended=False)] * 2, TopicReader(CARDS))
    assert (verdict.keeping, verdict.ended, verdict.words) == (0, 0, 0)
