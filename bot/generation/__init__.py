"""The shared GPT-2 service, and the bot's way to it. Importing this package costs no ``torch``.

Two processes meet here, and HTTP with the OpenAI completions protocol lies between them:

- on the bot's side ``client`` asks for texts, ``supervisor`` keeps a service of the bot's own
  alive, ``frames`` puts a topic into the form that a model was taught, ``parameters`` says how to
  write;
- on the service's side ``server`` answers HTTP, ``engine`` computes, ``models`` finds the weights,
  ``lifeline`` ends it with the bot.
"""
