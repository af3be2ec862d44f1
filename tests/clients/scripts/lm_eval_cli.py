"""`generate_until`, `multiple_choice` and `loglikelihood`, on tasks made here."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

COMMON = """
task: redactor_{kind}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: {kind}
doc_to_text: "{{{{text}}}}"
"""
TASKS = {
    "multiple_choice": "doc_to_choice: [' azul', ' cuadrado']\ndoc_to_target: 0\nmetric_list: [{metric: acc}]\n",
    "generate_until": "doc_to_target: 'x'\ngeneration_kwargs: {until: ['.'], max_gen_toks: 16, do_sample: false}\nmetric_list: [{metric: exact_match}]\n",
    "loglikelihood": "doc_to_target: ' azul'\nmetric_list: [{metric: perplexity}, {metric: acc}]\n",
}
url, tokenizer = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    data = pathlib.Path(folder, "data.jsonl")
    texts = ["El mar es", "¿De qué color es el cielo? Es", "La lluvia cae sobre el mar"]
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    for kind, more in TASKS.items():
        task = COMMON.format(kind=kind, data=data) + more
        pathlib.Path(folder, f"{kind}.yaml").write_text(task)
    done = subprocess.run(
        [
            pathlib.Path(sys.executable).with_name("lm_eval"),
            *("--model", "local-completions", "--include_path", folder, "--batch_size", "2"),
            "--model_args",
            f"model=embedded,base_url={url}/v1/completions,tokenizer={tokenizer},"
            "tokenizer_backend=huggingface,max_length=1024",
            *("--tasks", ",".join(f"redactor_{kind}" for kind in TASKS)),
        ],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": folder, "OPENAI_API_KEY": "none"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for kind in TASKS:
        assert f"redactor_{kind}" in done.stdout, done.stdout
