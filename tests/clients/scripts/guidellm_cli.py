"""`guidellm benchmark`, three requests one after the other."""

import os
import pathlib
import subprocess
import sys
import tempfile

url, tokenizer = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run(
        [
            pathlib.Path(sys.executable).with_name("guidellm"),
            *("benchmark", "--target", url, "--profile", "synchronous", "--max-requests", "3"),
            *("--data", "prompt_tokens=32,output_tokens=16", "--processor", tokenizer),
            *("--model", "embedded", "--output-dir", folder),
        ],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
