from tests.generation.conftest import model_folder

__all__ = ["model_folder"]
