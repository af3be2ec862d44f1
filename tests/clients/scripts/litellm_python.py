"""`completion` (chat), streamed too, and `text_completion`."""

import sys

import litellm

asked = {"api_base": f"{sys.argv[1]}/v1", "api_key": "none", "max_tokens": 12, "seed": 1}
turns = [{"role": "user", "content": "El mar"}]
said = litellm.completion(model="openai/embedded", messages=turns, **asked)
assert said.choices[0].message.content
chunks = litellm.completion(model="openai/embedded", messages=turns, stream=True, **asked)
assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
text = litellm.text_completion(model="text-completion-openai/embedded", prompt="El mar", **asked)
assert text.choices[0].text
