"""From the operator's options to a model that can be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.generation.engine import TextTokenizer, load_engine
from bot.generation.engine.tokenizing import check_chat_template
from bot.generation.frames import DEFAULT_STYLE, Frames, read_frames_file
from bot.generation.models import download_model, resolve_model
from bot.generation.server.host import LoadedModel, ReportProgress
from bot.generation.server.prompts import render_chat
from bot.generation.server.text import special_tokens

# Everyday prose, to learn how many tokens a word costs with a vocabulary.
_SAMPLE = (
    "El mar siempre ha sido generoso con quienes viven cerca de él, aunque también exige mucho. "
    "Cada madrugada, antes de que salga el sol, los pescadores preparan sus redes y se alejan de "
    "la costa. Nadie sabe con certeza qué encontrarán. Algunos días regresan con las barcas "
    "llenas; otros, en cambio, vuelven cansados y con las manos vacías. Sin embargo, ninguno "
    "querría cambiar de oficio, porque en el agua aprendieron casi todo lo que saben."
)


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How a service loads its model and behaves.

    Attributes:
        dtype: ``auto``, ``int8``, ``fp32`` or ``bf16``.
        device: ``auto``, ``cpu`` or a torch device.
        threads: Of arithmetic; None = chosen from the machine.
        max_batch_size: Texts at once; None = chosen from the machine.
        memory_budget_mb: For keys and values; None = chosen from the machine.
        cache_dir: Where quantised weights are kept.
        models_dir: Folder of model folders.
        openings: What opens a text of a plain model, per style, with ``{topic}``.
        instructions: What an instruct model is told, per style, with ``{topic}``, ``{words}``.
        api_key: What clients must send; None asks for nothing.
        drain_s: How long texts may go on after the signal to stop.
        stall_s: An engine with work that makes no step for so long counts as stalled.
    """

    dtype: str = "auto"
    device: str = "auto"
    threads: int | None = None
    max_batch_size: int | None = None
    memory_budget_mb: int | None = None
    cache_dir: Path | None = None
    models_dir: Path | None = None
    openings: Mapping[str, str] = field(default_factory=dict)
    instructions: Mapping[str, str] = field(default_factory=dict)
    api_key: str | None = None
    drain_s: float = 5.0
    stall_s: float = 120.0


def load_model(model: str, options: ServiceOptions, report: ReportProgress) -> LoadedModel:
    """Find a model, fetch it if it is a Hub id that is not on disk, load it and start its engine.

    Args:
        model: ``embedded``, a folder, a name in ``options.models_dir``, or a Hub id.
        options: See there.
        report: Told how far a download got.

    Raises:
        ModelNotFoundError: There is no such model, or it cannot be loaded.
    """
    found = resolve_model(model, options.models_dir)
    folder = found if isinstance(found, Path) else download_model(found, report)
    report(None)
    engine = load_engine(
        folder,
        dtype=options.dtype,  # type: ignore[arg-type] # checked by the engine
        device=options.device,
        threads=options.threads,
        max_batch_size=options.max_batch_size,
        memory_budget_mb=options.memory_budget_mb,
        cache_dir=options.cache_dir,
    )
    frames = model_frames(folder, engine.tokenizer, options)
    engine.start()
    return LoadedModel(
        name=served_name(model),
        engine=engine,
        frames=frames,
        tokens_per_word=tokens_per_word(engine.tokenizer),
        folder=folder,
    )


def served_name(model: str) -> str:
    """Return what clients call a model: its name, for a folder only the last part of the path."""
    return Path(model).resolve().name if Path(model).is_dir() else model


def tokens_per_word(tokenizer: TextTokenizer) -> float:
    """Return how many tokens a word of Spanish prose takes."""
    token_ids = tokenizer.encode(_SAMPLE, add_special_tokens=False)
    return round(len(token_ids) / len(_SAMPLE.split()), 3)


def model_frames(folder: Path, tokenizer: TextTokenizer, options: ServiceOptions) -> Frames:
    """Return the model's own frames, else those of its chat template, else GPT-2's plain way."""
    control = tuple(special_tokens(tokenizer.backend_tokenizer).values())
    own = read_frames_file(folder, control)
    if own is not None:
        return own
    if tokenizer.chat_template and DEFAULT_STYLE in options.instructions:
        check_chat_template(folder)
        return Frames.chat(
            options.instructions,
            lambda text: render_chat(tokenizer, [{"role": "user", "content": text}]),
            control,
        )
    return Frames.plain(options.openings, control)
