"""`guidellm run`, three requests one after the other."""

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
            *("run", "--backend", f"kind=openai_http,target={url},model=embedded"),
            *("--profile", "kind=synchronous", "--constraint", "kind=max_requests,count=3"),
            *("--tokenizer", f"kind=huggingface_auto,model={tokenizer}"),
            *("--data", "kind=synthetic_text,prompt_tokens=32,output_tokens=16"),
            *("--output", f"kind=json,path={folder}/report.json", "--disable-progress"),
        ],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
