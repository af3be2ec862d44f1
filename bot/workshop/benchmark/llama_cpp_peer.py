"""llama.cpp as a contender: a GGUF file in Q8_0, and a batch of sequences through its C interface.

``llama-cpp-python``'s own ``Llama`` class writes one text at a time.
"""

import ctypes
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from bot.workshop.benchmark.contenders import TOP_K, TOP_P, Setting

SLACK_TOKENS = 8
MATRICES = (
    ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"),
    ("mlp.c_fc", "ffn_up"),
    ("mlp.c_proj", "ffn_down"),
)


def write_gguf(folder: Path, target: Path) -> None:
    """Convert a GPT-2 checkpoint to GGUF with Q8_0 matrices.

    The names are those of llama.cpp's ``gpt2`` architecture; the vocabulary is left out.
    """
    import gguf

    configuration = json.loads((folder / "config.json").read_text("utf-8"))
    tensors = load_file(folder / "model.safetensors")
    quantised = gguf.GGMLQuantizationType.Q8_0
    writer = gguf.GGUFWriter(target, "gpt2")
    writer.add_block_count(configuration["n_layer"])
    writer.add_context_length(configuration["n_positions"])
    writer.add_embedding_length(configuration["n_embd"])
    writer.add_feed_forward_length(4 * configuration["n_embd"])
    writer.add_head_count(configuration["n_head"])
    writer.add_layer_norm_eps(configuration["layer_norm_epsilon"])
    writer.add_vocab_size(configuration["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("no_vocab")

    def matrix(name: str, values: np.ndarray) -> None:
        rounded = gguf.quants.quantize(np.ascontiguousarray(values, np.float32), quantised)
        writer.add_tensor(f"{name}.weight", rounded, raw_dtype=quantised)

    def vector(name: str, source: str) -> None:
        values = tensors[f"transformer.{source}"]
        writer.add_tensor(name, np.ascontiguousarray(values, np.float32))

    embedding = tensors["transformer.wte.weight"]
    matrix("token_embd", embedding)
    matrix("output", embedding)
    vector("position_embd.weight", "wpe.weight")
    for part in ("weight", "bias"):
        vector(f"output_norm.{part}", f"ln_f.{part}")
    for layer in range(configuration["n_layer"]):
        block = f"h.{layer}"
        for part in ("weight", "bias"):
            vector(f"blk.{layer}.attn_norm.{part}", f"{block}.ln_1.{part}")
            vector(f"blk.{layer}.ffn_norm.{part}", f"{block}.ln_2.{part}")
        for source, name in MATRICES:
            matrix(f"blk.{layer}.{name}", tensors[f"transformer.{block}.{source}.weight"].T)
            vector(f"blk.{layer}.{name}.bias", f"{block}.{source}.bias")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class LlamaCpp:
    """A llama.cpp context with one sequence for each stream."""

    def __init__(self, setting: Setting) -> None:
        import llama_cpp

        self._library: Any = llama_cpp
        target = setting.work / f"{setting.folder.name}.q8_0.gguf"
        if not target.is_file():
            partial = target.with_suffix(".part")
            write_gguf(setting.folder, partial)
            partial.replace(target)
        self._silence = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self._silence, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        parameters = llama_cpp.llama_model_default_params()
        self._model = llama_cpp.llama_model_load_from_file(str(target).encode(), parameters)
        if not self._model:
            raise RuntimeError("llama.cpp does not load the file")
        self._threads = setting.threads

    def write(self, prompts: list[list[int]], new_tokens: int) -> None:
        """Run the prompts as one batch, then one token of each text at a time."""
        library = self._library
        length = len(prompts[0]) + new_tokens + SLACK_TOKENS
        context = self._new_context(len(prompts), length)
        samplers = [self._new_sampler(seed) for seed in range(len(prompts))]
        batch = library.llama_batch_init(len(prompts) * len(prompts[0]), 0, 1)
        self._fill(
            batch,
            [
                (token, position, number, position == len(prompt) - 1)
                for number, prompt in enumerate(prompts)
                for position, token in enumerate(prompt)
            ],
        )
        ends = [(number + 1) * len(prompts[0]) - 1 for number in range(len(prompts))]
        for step in range(new_tokens):
            if library.llama_decode(context, batch) != 0:
                raise RuntimeError("llama_decode failed")
            tokens = [
                library.llama_sampler_sample(sampler, context, end)
                for sampler, end in zip(samplers, ends, strict=True)
            ]
            position = len(prompts[0]) + step
            self._fill(batch, [(token, position, n, True) for n, token in enumerate(tokens)])
            ends = list(range(len(prompts)))
        library.llama_batch_free(batch)
        for sampler in samplers:
            library.llama_sampler_free(sampler)
        library.llama_free(context)

    def close(self) -> None:
        """Free the model."""
        self._library.llama_model_free(self._model)

    def _new_context(self, streams: int, length: int) -> Any:  # noqa: ANN401, a ctypes pointer
        parameters = self._library.llama_context_default_params()
        parameters.n_ctx = streams * length
        parameters.n_batch = parameters.n_ubatch = 1024
        parameters.n_seq_max = streams
        parameters.n_threads = parameters.n_threads_batch = self._threads
        context = self._library.llama_init_from_model(self._model, parameters)
        if not context:
            raise RuntimeError("llama.cpp makes no context")
        return context

    def _new_sampler(self, seed: int) -> Any:  # noqa: ANN401, a ctypes pointer
        library = self._library
        chain = library.llama_sampler_chain_init(library.llama_sampler_chain_default_params())
        for part in (
            library.llama_sampler_init_top_k(TOP_K),
            library.llama_sampler_init_top_p(TOP_P, 1),
            library.llama_sampler_init_dist(seed),
        ):
            library.llama_sampler_chain_add(chain, part)
        return chain

    @staticmethod
    def _fill(
        batch: Any,  # noqa: ANN401, a ctypes structure
        rows: list[tuple[int, int, int, bool]],
    ) -> None:
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, wants_logits) in enumerate(rows):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = wants_logits
