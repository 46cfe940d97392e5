"""Undo and redo: any walk through the history gives back exactly the states that were."""

from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.undo import MOST_STEPS, History


def test_undo_and_redo_go_back_and_forth_by_name():
    history = History("a").changed("b", "referral").changed("c", "comment")

    back = history.undone()

    assert (back.present, back.undo_label, back.redo_label) == ("b", "referral", "comment")
    assert back.redone() == history
    assert back.undone().undone().present == "a"


def test_a_change_after_undo_drops_what_was_undone():
    history = History("a").changed("b", "one").undone().changed("c", "two")

    assert history.redone() is history
    assert history.undo_label == "two"


def test_typing_is_one_step_until_it_is_sealed():
    history = History("")
    for text in ("r", "re", "red"):
        history = history.changed(text, "comment", continues=True)
    history = history.sealed().changed("red.", "comment", continues=True)

    assert history.undone().present == "red"
    assert history.undone().undone().present == ""


def test_another_field_between_begins_a_new_step():
    history = History(("", ""))
    history = history.changed(("a", ""), "reason", continues=True)
    history = history.changed(("a", "b"), "operator", continues=True)
    history = history.changed(("ac", "b"), "reason", continues=True)

    assert history.undone().present == ("a", "b")


def test_an_equal_state_is_no_step():
    history = History("a")

    assert history.changed("a", "nothing") is history
    assert history.undo_label == ""


def test_mapping_reaches_every_state():
    history = History(1).changed(2, "x").changed(3, "y").undone().mapped(lambda n: n * 10)

    assert (history.present, history.undone().present, history.redone().present) == (20, 10, 30)


def test_the_oldest_steps_are_let_go():
    history = History(0)
    for number in range(1, MOST_STEPS + 50):
        history = history.changed(number, "n")

    assert len(history.past) == MOST_STEPS


@given(st.lists(st.one_of(st.integers(0, 5), st.sampled_from(["undo", "redo"]))))
def test_any_walk_agrees_with_a_list_and_a_cursor(walk):
    history, states, cursor = History(0), [0], 0
    for step in walk:
        if step == "undo":
            history, cursor = history.undone(), max(cursor - 1, 0)
        elif step == "redo":
            history, cursor = history.redone(), min(cursor + 1, len(states) - 1)
        elif step != states[cursor]:
            history = history.changed(step, "set")
            states = [*states[: cursor + 1], step]
            cursor += 1
        assert history.present == states[cursor]
