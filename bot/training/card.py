"""The model card beside the weights: data, licences, recipe, figures."""

import math
from pathlib import Path

from bot.training.options import TrainingOptions, TrainingResult
from bot.training.preparation import Prepared

_SOURCES_SHOWN = 40
_LIMITS = """## Limits

- It writes what is likely after its texts, not what is true.
- It repeats the views and prejudices of the texts that it learnt from.
"""


def model_card(
    options: TrainingOptions,
    prepared: Prepared,
    result: TrainingResult,
    recipe: dict[str, object],
    samples: tuple[str, ...],
) -> str:
    """Return the card as Markdown with the Hub's metadata on top.

    It is in English, as model cards are, and holds no path of the machine that trained.

    Args:
        options: What was asked for.
        prepared: The texts' figures.
        result: The training's figures.
        recipe: Names and values of the numbers that were chosen.
        samples: What the finished model writes, unchosen.
    """
    parts = [
        _metadata(options),
        f"# {options.out.name}\n",
        _description(options),
        _data(prepared),
        _recipe(options, recipe),
        _figures(result),
        _samples(samples),
        _LIMITS,
        _loading(options.out.name),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def _metadata(options: TrainingOptions) -> str:
    lines = ["---", "language: es", "library_name: transformers", "pipeline_tag: text-generation"]
    if options.base is not None and not Path(options.base).exists():
        lines.append(f"base_model: {options.base}")
    return "\n".join([*lines, "tags:", "- gpt2", "---", ""])


def _description(options: TrainingOptions) -> str:
    if options.base is None:
        return "A GPT-2 trained from nothing with `redactor train`."
    return f"`{options.base_name}`, fine-tuned with `redactor train`."


def _data(prepared: Prepared) -> str:
    lines = [
        "## Data\n",
        "Texts given by whoever trained the model; their rights stay with their authors.\n",
        f"{prepared.records:,} texts, {prepared.characters:,} characters, "
        f"{prepared.tokens:,} tokens to learn from, each headed in {prepared.exposures} ways; "
        f"{prepared.held_out_records:,} texts held out.\n",
    ]
    if len(prepared.sources) <= _SOURCES_SHOWN:
        lines += ["| file | texts | characters |", "|---|---:|---:|"]
        lines += [
            f"| {name} | {records:,} | {characters:,} |"
            for name, records, characters in prepared.sources
        ]
    return "\n".join(lines)


def _recipe(options: TrainingOptions, recipe: dict[str, object]) -> str:
    start = "new weights" if options.base is None else f"from `{options.base_name}`"
    rows = [f"| {name} | {value} |" for name, value in recipe.items()]
    return "\n".join(["## Recipe\n", "| | |", "|---|---|", f"| start | {start} |", *rows])


def _figures(result: TrainingResult) -> str:
    return "\n".join(
        [
            "## Figures\n",
            "| | |",
            "|---|---|",
            f"| parameters | {result.parameters:,} |",
            f"| steps | {result.steps:,} |",
            f"| tokens seen | {result.tokens:,} |",
            f"| time | {result.elapsed_s / 60:.1f} min |",
            f"| held-out loss before | {result.first_held_out:.3f} nats a token |",
            f"| held-out loss after | {result.held_out:.3f} nats a token |",
            f"| held-out perplexity | {math.exp(min(50.0, result.held_out)):.1f} |",
            f"| held-out bits a byte | {result.bits_per_byte:.3f} |",
            "",
            "![losses](training.png)",
        ]
    )


def _samples(samples: tuple[str, ...]) -> str:
    if not samples:
        return ""
    quoted = ["> " + sample.strip().replace("\n", "\n> ") + "\n" for sample in samples]
    return "\n".join(["## Samples, unchosen\n", *quoted])


def _loading(name: str) -> str:
    return "\n".join(
        [
            "## Loading\n",
            "```python",
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "",
            f'tokenizer = AutoTokenizer.from_pretrained("{name}")',
            f'model = AutoModelForCausalLM.from_pretrained("{name}", use_safetensors=True)',
            "```",
        ]
    )
