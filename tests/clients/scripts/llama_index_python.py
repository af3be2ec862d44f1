"""`OpenAILike`: complete, chat, streamed."""

import sys

from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

asked = {"model": "embedded", "api_base": f"{sys.argv[1]}/v1", "api_key": "none", "max_tokens": 12}
assert OpenAILike(**asked, is_chat_model=False).complete("El mar").text
chat = OpenAILike(**asked, is_chat_model=True)
turns = [ChatMessage(role="user", content="El mar")]
assert chat.chat(turns).message.content
assert "".join(part.delta or "" for part in chat.stream_chat(turns))
