"""`llm -m MODEL`, the command, through `extra-openai-models.yaml`."""

import os
import pathlib
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    models = f"- model_id: redactor\n  model_name: embedded\n  api_base: {sys.argv[1]}/v1\n"
    pathlib.Path(folder, "extra-openai-models.yaml").write_text(models)
    for more in ([], ["--no-stream"]):
        command = [
            pathlib.Path(sys.executable).with_name("llm"),
            "-m",
            "redactor",
            "--key",
            "none",
        ]
        done = subprocess.run(
            [*command, "-o", "max_tokens", "12", *more, "El mar"],
            env={**os.environ, "LLM_USER_PATH": folder},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
