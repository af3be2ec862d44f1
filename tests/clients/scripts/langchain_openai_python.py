"""`ChatOpenAI` (invoke, stream, log-probabilities) and `OpenAI` (completions)."""

import sys

from langchain_openai import ChatOpenAI, OpenAI

asked = {"base_url": f"{sys.argv[1]}/v1", "api_key": "none", "model": "embedded", "max_tokens": 12}
chat = ChatOpenAI(**asked, logprobs=True)
said = chat.invoke([("system", "Sé breve."), ("human", "El mar")])
assert said.content
assert said.response_metadata["logprobs"]["content"]
assert "".join(str(chunk.content) for chunk in chat.stream("El mar"))
assert OpenAI(**asked).invoke("El mar")
