"""The tiny trained model of the training's tests."""

from tests.training.conftest import base, one_thread, texts

__all__ = ["base", "one_thread", "texts"]
