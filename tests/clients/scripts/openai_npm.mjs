// Completions and chats, whole and streamed.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: "none" });
const model = (await client.models.list()).data[0].id;
const whole = await client.completions.create({ model, prompt: "El mar", max_tokens: 12, seed: 1 });
if (!whole.choices[0].text) throw new Error("no text");
const messages = [{ role: "user", content: "El mar" }];
let text = "";
for await (const chunk of await client.chat.completions.create({
  model, messages, max_completion_tokens: 12, seed: 1, stream: true,
  stream_options: { include_usage: true },
})) text += chunk.choices[0]?.delta?.content ?? "";
if (!text) throw new Error("no text streamed");
