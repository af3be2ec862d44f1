from bot.generation.training.grammar.scene import Scene
def write_story(scene, target): return ''
def write_description(scene, target): return ''
def write_argument(scene, target): return ''
def write_poem(scene, target): return ''
