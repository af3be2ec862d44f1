"""Run every client and write the table."""

import argparse
import ast
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from bot.generation.child_process import free_port

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).with_name("scripts")
DOCUMENT = ROOT / "docs" / "protocol.md"
BEGIN, END = "<!-- clients: made by `make test-clients` -->", "<!-- end of clients -->"
EMBEDDED = ROOT / "bot" / "generation" / "embedded"
CLIENTS = {
    "openai (Python)": ("openai", "openai_python.py"),
    "openai (npm)": ("", "openai_npm.mjs"),
    "litellm": ("litellm", "litellm_python.py"),
    "langchain-openai": ("langchain-openai", "langchain_openai_python.py"),
    "llm": ("llm", "llm_cli.py"),
    "llama-index": ("llama-index-llms-openai-like", "llama_index_python.py"),
    "lm-eval": ("lm-eval", "lm_eval_cli.py"),
    "guidellm": ("guidellm", "guidellm_cli.py"),
}
NEED_A_TOKENIZER = {"lm-eval", "guidellm"}
VERSION = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"


def main() -> None:
    """Start a service, let every client ask it, write down how that went."""
    parser = argparse.ArgumentParser()
    parser.add_argument("environment", type=Path, help="a venv, with node_modules in it")
    environment = parser.parse_args().environment.absolute()
    url = f"http://127.0.0.1:{free_port()}"
    port = url.rpartition(":")[2]
    service = subprocess.Popen([sys.executable, "-m", "bot", "serve", "--port", port])
    try:
        while not _is_ready(url):
            time.sleep(0.2)
        with ThreadPoolExecutor(4) as pool:
            rows = list(pool.map(lambda name: _row(name, environment, url), CLIENTS))
    finally:
        service.terminate()
        service.wait()
    table = "\n".join(["| client | version | what it does here | |", "|---|---|---|---|", *rows])
    text = DOCUMENT.read_text("utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    text = pattern.sub(lambda _: f"{BEGIN}\n{table}\n{END}", text)
    DOCUMENT.write_text(text, "utf-8")
    print(table)
    sys.exit(any("fails" in row for row in rows))


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.HTTPError:
        return False


def _row(name: str, environment: Path, url: str) -> str:
    package, script = CLIENTS[name]
    version = _version(package, environment)
    about = _about(SCRIPTS / script)
    if not version:
        return f"| {name} | | {about} | could not be installed |"
    runner = str(environment / "bin" / "python") if package else "node"
    path = SCRIPTS / script
    if not package:  # node looks for packages beside the script
        path = environment / script
        path.write_text((SCRIPTS / script).read_text("utf-8"), "utf-8")
    more = [str(EMBEDDED)] if name in NEED_A_TOKENIZER else []
    print(f"{name} {version} ...", flush=True)
    try:
        done = subprocess.run(
            [runner, str(path), url, *more], capture_output=True, text=True, timeout=600
        )
    except subprocess.TimeoutExpired:
        return f"| {name} | {version} | {about} | fails: no end |"
    print(f"{name}: {done.returncode}", flush=True)
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-3000:])
    return f"| {name} | {version} | {about} | {'fails' if done.returncode else 'works'} |"


def _version(package: str, environment: Path) -> str:
    if not package:
        file = environment / "node_modules" / "openai" / "package.json"
        found = re.search(r'"version": "([^"]+)"', file.read_text()) if file.is_file() else None
        return found[1] if found else ""
    python = environment / "bin" / "python"
    done = subprocess.run([python, "-c", VERSION, package], capture_output=True, text=True)
    return done.stdout.strip()


def _about(script: Path) -> str:
    text = script.read_text("utf-8")
    if script.suffix == ".py":
        return ast.get_docstring(ast.parse(text)) or ""
    return text.partition("\n")[0].removeprefix("// ")


if __name__ == "__main__":
    main()
