"""`/v1/models`, completions and chats, whole and streamed, log-probabilities, refusals."""

import sys

import openai

client = openai.OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="none")
model = client.models.list().data[0].id
asked = {"model": model, "max_tokens": 12, "seed": 1, "temperature": 0.5}
whole = client.completions.create(prompt="El mar", logprobs=3, echo=True, **asked)
assert len(whole.choices[0].logprobs.tokens) == whole.usage.total_tokens
assert "".join(
    c.choices[0].text for c in client.completions.create(prompt="El mar", stream=True, **asked)
)
turns = [{"role": "user", "content": "El mar"}]
said = client.chat.completions.create(messages=turns, logprobs=True, top_logprobs=2, **asked)
assert said.choices[0].logprobs.content[0].top_logprobs
chunks = client.chat.completions.create(messages=turns, stream=True, **asked)
assert "".join(c.choices[0].delta.content or "" for c in chunks) == said.choices[0].message.content
refused = ""
try:
    client.completions.create(prompt="El mar", suffix="fin", **asked)
except openai.BadRequestError as error:
    refused = str(error.param)
assert refused == "suffix"
