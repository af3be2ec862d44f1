"""Training from a folder of texts to a folder with a model."""

import dataclasses
import json
import math
import shutil
from typing import Any

import torch
from rich.console import Console
from torch import nn
from torch.optim import AdamW
from transformers import GPT2LMHeadModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from bot.texts.training import ES, TrainingTexts
from bot.training import checkpoint, saving
from bot.training.bpe import end_of_text_id
from bot.training.card import model_card
from bot.training.chart import draw_losses
from bot.training.copying import can_copy, start_copying
from bot.training.errors import (
    ChangedTrainingError,
    NothingToResumeError,
    ResultExistsError,
    UnfinishedTrainingError,
)
from bot.training.model import (
    add_adapters,
    decay_groups,
    gpt2_inside,
    load_base,
    new_model,
    parameter_count,
    plain_copy,
    prepare_for_training,
    trained_weights,
)
from bot.training.options import (
    LARGE_MODEL_PARAMETERS,
    TrainingOptions,
    TrainingResult,
    comparable,
)
from bot.training.planning import WEIGHT_DECAY, Plan, forecast, make_plan, recipe_facts
from bot.training.preparation import (
    Prepared,
    load_tokenizer,
    prepare,
    read_prepared,
    tokenizer_folder,
)
from bot.training.progress import Progress
from bot.training.rows import RowStore
from bot.training.sampling import write_sample
from bot.training.session import Position, Session
from bot.training.signals import stopped_by_signals

_SAMPLE_TOKENS = 120
_STATE_BYTES_PER_PARAMETER = 16
_FINE_TUNING_DROPOUT = 0.1
_ADAPTER_RANK = 16
_SAVED_DTYPE = "bf16"
_SHARD_MB = 2000
_BETAS = (0.9, 0.95)


def train(
    options: TrainingOptions, *, console: Console, texts: TrainingTexts = ES
) -> TrainingResult:
    """Train a model, or go on with an interrupted training.

    SIGINT and SIGTERM end the step that runs, leave a checkpoint and return with ``finished``
    False. The result's folder appears at once and whole.

    Args:
        options: What to train.
        console: Where progress is written.
        texts: In which language.

    Raises:
        TrainingError: One of ``bot.training.errors``; ``describe_error`` explains it.
    """
    _claim_places(options)
    # One bar at a time: this training's own.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    with Progress(console, texts) as progress:
        try:
            return _Training(options, progress, texts).run()
        except OSError as error:
            saving.raise_if_disk_full(error, options.work)
            raise


def _claim_places(options: TrainingOptions) -> None:
    if options.out.exists():
        raise ResultExistsError(options.out)
    saved = (options.work / checkpoint.CHECKPOINT).exists()
    if options.resume:
        if not saved:
            raise NothingToResumeError(options.work)
        return
    if saved and not options.restart:
        raise UnfinishedTrainingError(options.work)
    if options.work.exists():
        shutil.rmtree(options.work)
    options.work.mkdir(parents=True)


class _Training:
    """One call of ``train``."""

    def __init__(self, options: TrainingOptions, progress: Progress, texts: TrainingTexts) -> None:
        self._options = options
        self._progress = progress
        self._texts = texts
        self._device = _device(options.device)
        self._frames = options.frames
        if self._frames is None and options.base is not None:
            self._frames = saving.read_frames(options.base)

    def run(self) -> TrainingResult:
        options = self._options
        state = checkpoint.read_checkpoint(options.work) if options.resume else None
        if state is not None:
            _compare(state["facts"]["options"], comparable(options))
        base = load_base(options.base) if options.base is not None else None
        prepared = read_prepared(options.work) if state is not None else self._prepare(base)
        tokenizer = load_tokenizer(options.work)
        learnt = RowStore(options.work, "learnt")
        model = self._model(base, prepared, tokenizer, learnt)
        plan = make_plan(options, learnt, prepared.exposures, _facts_of(model), self._device)
        session, position = self._session(model, learnt, plan, state)
        if state is None:
            speed = session.measure_speed()
            self._progress.forecast(*forecast(plan, learnt, prepared.tokens, speed), speed)

        def stop() -> None:
            self._progress.stopping()
            session.stop()

        with stopped_by_signals(stop):
            finished = session.run(lambda: self._show_sample(model, tokenizer, prepared))
        result = self._result(model, position, session, prepared, finished)
        if finished:
            self._save(model, tokenizer, prepared, result, plan)
        return result

    def _prepare(self, base: tuple[GPT2LMHeadModel, PreTrainedTokenizerBase] | None) -> Prepared:
        model, tokenizer = base if base is not None else (None, None)
        context = model.config.n_positions if model is not None else None
        return prepare(self._options, tokenizer, context, self._frames, self._progress)

    def _model(
        self,
        base: tuple[GPT2LMHeadModel, PreTrainedTokenizerBase] | None,
        prepared: Prepared,
        tokenizer: PreTrainedTokenizerBase,
        learnt: RowStore,
    ) -> nn.Module:
        options = self._options
        torch.manual_seed(options.seed)
        if base is None:
            gpt2 = new_model(
                options.size,
                len(tokenizer),
                prepared.context_tokens,
                end_of_text_id(tokenizer),
                options.seed,
            )
            if can_copy(gpt2):
                start_copying(gpt2, learnt.token_counts(len(tokenizer)), options.seed)
        else:
            gpt2 = base[0]
        dropout = 0.0 if base is None else _FINE_TUNING_DROPOUT
        prepare_for_training(gpt2, dropout)
        parameters = parameter_count(gpt2)
        with_adapters = options.lora
        if with_adapters is None:
            with_adapters = base is not None and parameters >= LARGE_MODEL_PARAMETERS
        model: nn.Module = gpt2
        if with_adapters:
            model = add_adapters(gpt2, _ADAPTER_RANK, dropout)
        trained = sum(value.numel() for value in trained_weights(model).values())
        checkpoint.check_room(options.work, _STATE_BYTES_PER_PARAMETER * trained + 8 * parameters)
        self._progress.starting(options.base_name, trained, parameters, str(self._device))
        return model.to(self._device)

    def _session(
        self, model: nn.Module, learnt: RowStore, plan: Plan, state: dict[str, Any] | None
    ) -> tuple[Session, Position]:
        options = self._options
        optimizer = AdamW(
            list(decay_groups(model, WEIGHT_DECAY)),
            lr=plan.schedule.peak,
            betas=_BETAS,
            fused=True,
        )
        position = Position()
        if state is not None:
            checkpoint.restore(state, model, optimizer)
            position = Position.from_facts(state["facts"]["position"])
            self._progress.resuming(position.step)
        compile_model = self._device.type == "cuda"
        if compile_model:
            # Imported here for its weight. Without a working compiler the training is slower.
            from torch import _dynamo

            _dynamo.config.suppress_errors = True
        session = Session(
            model,
            optimizer,
            learnt,
            RowStore(options.work, "held_out"),
            plan,
            position,
            options.work,
            self._progress,
            {"options": comparable(options)},
            compile_model=compile_model,
        )
        return session, position

    def _show_sample(
        self, model: nn.Module, tokenizer: PreTrainedTokenizerBase, prepared: Prepared
    ) -> None:
        for prompt in prepared.prompts[:1]:
            self._progress.sample(self._sample(model, tokenizer, prompt, 60))

    def _sample(
        self, model: nn.Module, tokenizer: PreTrainedTokenizerBase, prompt: str, tokens: int
    ) -> str:
        gpt2 = gpt2_inside(model)
        return write_sample(
            gpt2,
            tokenizer,
            prompt,
            new_tokens=min(tokens, gpt2.config.n_positions // 2),
            seed=self._options.seed,
        )

    def _result(
        self,
        model: nn.Module,
        position: Position,
        session: Session,
        prepared: Prepared,
        finished: bool,
    ) -> TrainingResult:
        held_out = position.best_held_out if self._options.keeps_best else position.last_held_out
        return TrainingResult(
            out=self._options.out,
            work=self._options.work,
            finished=finished,
            parameters=_facts_of(model)[0],
            steps=position.step,
            tokens=position.tokens,
            elapsed_s=position.elapsed_s,
            tokens_per_s=session.tokens_per_s,
            first_held_out=position.first_held_out,
            held_out=held_out,
            bits_per_byte=held_out * prepared.tokens_per_byte / math.log(2),
            history=tuple(position.history),
        )

    def _save(
        self,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        prepared: Prepared,
        result: TrainingResult,
        plan: Plan,
    ) -> None:
        options = self._options
        self._progress.saving()
        best = checkpoint.read_best(options.work) if self._options.keeps_best else None
        plain = plain_copy(model, best)
        samples = tuple(
            self._sample(plain, tokenizer, prompt, _SAMPLE_TOKENS) for prompt in prepared.prompts
        )
        folder = options.work / "result"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        saving.save_model(
            plain,
            tokenizer_folder(options.work),
            folder,
            _SAVED_DTYPE,
            _SHARD_MB,
        )
        if self._frames is not None:
            frames = json.dumps(self._frames, ensure_ascii=False, indent=2)
            (folder / saving.FRAMES).write_text(frames + "\n", encoding="utf-8")
        draw_losses(result.history, folder / saving.CHART, self._texts)
        curve = [dataclasses.asdict(point) for point in result.history]
        (folder / saving.CURVE).write_text(json.dumps(curve), encoding="utf-8")
        recipe = recipe_facts(options, plan, prepared, _facts_of(model), str(self._device))
        card = model_card(options, prepared, result, recipe, samples)
        (folder / saving.CARD).write_text(card, encoding="utf-8")
        saving.put_in_place(folder, options.out)
        shutil.rmtree(options.work)
        self._progress.finished(
            options.out,
            result.elapsed_s,
            result.tokens,
            result.first_held_out,
            result.held_out,
        )


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        torch.set_float32_matmul_precision("high")
    return torch.device(name)


def _facts_of(model: nn.Module) -> tuple[int, int, int]:
    """Return parameters, width and vocabulary of a model, adapters not counted."""
    config = gpt2_inside(model).config
    parameters = sum(
        value.numel() for name, value in model.named_parameters() if "lora_" not in name
    )
    return parameters, config.n_embd, config.vocab_size


def _compare(saved: dict[str, str], asked: dict[str, str]) -> None:
    names = tuple(sorted(name for name in asked if saved.get(name) != asked[name]))
    if names:
        raise ChangedTrainingError(names)
