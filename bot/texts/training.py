"""What ``redactor train`` says, in Spanish and in English.

Templates take the named values in braces; numbers come formatted.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingTexts:
    """Every sentence of training, for one language.

    Attributes:
        decimal_comma: Whether numbers have a decimal comma.
    """

    decimal_comma: bool
    reading: str
    not_read: str
    one_a_line: str
    forecast: str
    forecast_short: str
    learning_vocabulary: str
    corpus: str
    corpus_of_few: str
    starting_new: str
    starting_base: str
    starting_adapters: str
    resuming: str
    progress: str
    remaining: str
    held_out: str
    sample: str
    stopping: str
    paused: str
    how_to_resume: str
    saving: str
    finished: str
    improved: str
    not_improved: str
    how_to_use: str
    chart_title: str
    chart_steps: str
    chart_loss: str
    chart_training: str
    chart_held_out: str
    no_texts: str
    only_documents: str
    only_one_text: str
    text_too_large: str
    linked_out: str
    too_little_text: str
    unreadable_text: str
    result_exists: str
    unfinished: str
    nothing_to_resume: str
    changed: str
    not_enough_disk: str
    disk_full: str
    unknown_size: str
    base_model: str
    diverged: str
    parameter: str
    option_texts: str
    option_out: str
    option_model: str
    option_new: str
    option_size: str
    option_vocabulary: str
    option_context: str
    option_minutes: str
    option_passes: str
    option_learning_rate: str
    option_lora: str
    option_resume: str
    option_restart: str


ES = TrainingTexts(
    decimal_comma=True,
    reading="Leo los textos de {folder}…",
    not_read="No leo {names}: guarda esos documentos como texto (.txt) si son para aprender.",
    one_a_line=(
        "En {name} cada línea parece un texto: cuento {lines}. Si no es así, separa los textos "
        "con dos líneas en blanco."
    ),
    forecast=(
        "A {speed} tokens por segundo tardará unos {minutes} min y leerá cada texto unas {times} "
        "veces."
    ),
    forecast_short=(
        "A {speed} tokens por segundo no llega a leer cada texto entero en {minutes} min: dale "
        "--minutes {enough} o más."
    ),
    learning_vocabulary="Aprendo un vocabulario de {size} tokens…",
    corpus=(
        "{records} textos, {characters} letras, {tokens} tokens; {held_out} textos apartados para "
        "medir."
    ),
    corpus_of_few=(
        "{records} textos, {characters} letras: aprendo de {learnt} ({tokens} tokens) y aparto "
        "uno para medir. Con más textos se aprende mejor el estilo y se copian menos frases."
    ),
    starting_new="Modelo nuevo de {parameters} millones de parámetros, en {device}.",
    starting_base="Parto de {base}: {parameters} millones de parámetros, en {device}.",
    starting_adapters=(
        "Parto de {base} con adaptadores LoRA: entreno {trained} de {parameters} millones de "
        "parámetros, en {device}."
    ),
    resuming="Sigo desde el paso {step}.",
    progress="{percent} %, quedan {remaining}, pérdida {loss}, {speed} tokens/s",
    remaining="{minutes} min",
    held_out="Paso {step}: pérdida {loss}, en los textos apartados {held_out}.",
    sample="Muestra: {text}",
    stopping="Termino este paso y guardo…",
    paused="Entrenamiento guardado en el paso {step} ({percent} %).",
    how_to_resume="Para seguir, repite la misma orden con --resume.",
    saving="Guardo el modelo…",
    finished="Listo: {out} ({minutes} min, {tokens} tokens).",
    improved="En los textos apartados la pérdida bajó de {before} a {after}.",
    not_improved=(
        "En los textos apartados la pérdida no bajó ({before} antes, {after} ahora): hacen falta "
        "más textos o más tiempo."
    ),
    how_to_use="Para usarlo, pon en .env la línea REDACTOR_MODEL={out}",
    chart_title="Pérdida durante el entrenamiento",
    chart_steps="pasos",
    chart_loss="nats por token",
    chart_training="entrenamiento",
    chart_held_out="textos apartados",
    no_texts="En {folder} no hay textos. Pon ahí archivos .txt, también en subcarpetas.",
    only_documents=(
        "En {folder} no hay archivos .txt. No sé leer {names}: guárdalos como texto (.txt)."
    ),
    only_one_text=(
        "Solo hay un texto y hacen falta dos, porque uno se aparta para medir. Sepáralos en "
        "archivos, o con dos líneas en blanco."
    ),
    text_too_large="{path} es demasiado grande: leo hasta {most} MB por archivo descomprimido.",
    linked_out="{path} es un enlace a un archivo de fuera de la carpeta: cópialo en ella.",
    too_little_text=(
        "Hay muy poco texto: {characters} letras en {records} textos. Hacen falta al menos "
        "{minimum} letras y dos textos."
    ),
    unreadable_text=(
        "No puedo leer {path}: no es texto sin formato. Guárdalo como texto (.txt) en UTF-8."
    ),
    result_exists="{path} ya existe y no lo toco. Elige otro nombre con --out.",
    unfinished=(
        "Hay un entrenamiento a medias con ese nombre ({work}). Síguelo con --resume o "
        "descártalo con --restart."
    ),
    nothing_to_resume="No hay ningún entrenamiento a medias en {work}.",
    changed=(
        "El entrenamiento a medias se empezó con otros valores de: {names}. Repite la misma "
        "orden, o descártalo con --restart."
    ),
    not_enough_disk=(
        "Falta sitio en el disco para {path}: hacen falta {needed} MB y hay {free} MB."
    ),
    disk_full="Se llenó el disco al escribir {path}. Libera sitio y sigue con --resume.",
    unknown_size="No conozco el tamaño «{size}». Los que hay: {known}, o CAPASxANCHO, como 6x384.",
    base_model="No puedo partir de «{base}»: {reason}",
    diverged=(
        "El entrenamiento se desbocó en el paso {step}. Prueba con --learning-rate más pequeño."
    ),
    parameter="{name}: {value} no vale; debe estar entre {minimum} y {maximum}.",
    option_texts="Carpeta con archivos .txt o .txt.xz.",
    option_out="Nombre del modelo nuevo, o una carpeta.",
    option_model="De qué modelo partir; sin esto, el que está en uso.",
    option_new="Empezar de cero, con un vocabulario propio.",
    option_size="De cero: mini, small, medium o CAPASxANCHO.",
    option_vocabulary="De cero: tokens del vocabulario.",
    option_context="Ventana en tokens.",
    option_minutes="Tiempo de entrenamiento, en minutos.",
    option_passes="Veces que se lee cada texto, como mucho.",
    option_learning_rate="Ritmo de aprendizaje máximo.",
    option_lora="Entrenar solo adaptadores LoRA; sin esto, según el tamaño.",
    option_resume="Seguir un entrenamiento interrumpido.",
    option_restart="Descartar uno interrumpido y empezar otra vez.",
)

EN = TrainingTexts(
    decimal_comma=False,
    reading="Reading the texts in {folder}…",
    not_read="Not reading {names}: save these documents as text (.txt) if they are to be learnt.",
    one_a_line=(
        "In {name} each line seems to be a text: {lines} of them. If that is wrong, part the "
        "texts with two blank lines."
    ),
    forecast=(
        "At {speed} tokens a second it will take some {minutes} min and read each text some "
        "{times} times."
    ),
    forecast_short=(
        "At {speed} tokens a second it cannot read each text once in {minutes} min: give it "
        "--minutes {enough} or more."
    ),
    learning_vocabulary="Learning a vocabulary of {size} tokens…",
    corpus="{records} texts, {characters} letters, {tokens} tokens; {held_out} held out.",
    corpus_of_few=(
        "{records} texts, {characters} letters: learning from {learnt} ({tokens} tokens), one is "
        "held out. With more texts the style is learnt better and fewer sentences are copied."
    ),
    starting_new="A new model of {parameters} million parameters, on {device}.",
    starting_base="Starting from {base}: {parameters} million parameters, on {device}.",
    starting_adapters=(
        "Starting from {base} with LoRA adapters: training {trained} of {parameters} million "
        "parameters, on {device}."
    ),
    resuming="Going on from step {step}.",
    progress="{percent} %, {remaining} left, loss {loss}, {speed} tokens/s",
    remaining="{minutes} min",
    held_out="Step {step}: loss {loss}, on the held-out texts {held_out}.",
    sample="Sample: {text}",
    stopping="Ending this step and saving…",
    paused="Training saved at step {step} ({percent} %).",
    how_to_resume="To go on, repeat the same command with --resume.",
    saving="Saving the model…",
    finished="Done: {out} ({minutes} min, {tokens} tokens).",
    improved="On the held-out texts the loss went down from {before} to {after}.",
    not_improved=(
        "On the held-out texts the loss did not go down ({before} before, {after} now): it takes "
        "more texts or more time."
    ),
    how_to_use="To use it, put the line REDACTOR_MODEL={out} into .env",
    chart_title="Loss during training",
    chart_steps="steps",
    chart_loss="nats a token",
    chart_training="training",
    chart_held_out="held-out texts",
    no_texts="There are no texts in {folder}. Put .txt files there; subfolders are fine.",
    only_documents="There are no .txt files in {folder}. {names}: save them as text (.txt).",
    only_one_text=(
        "There is only one text and it takes two, since one is held out to measure with. Part "
        "them into files, or with two blank lines."
    ),
    text_too_large="{path} is too large: files of up to {most} MB are read, once unpacked.",
    linked_out="{path} is a link to a file outside of the folder: copy the file into it.",
    too_little_text=(
        "There is too little text: {characters} letters in {records} texts. It takes at least "
        "{minimum} letters and two texts."
    ),
    unreadable_text="Cannot read {path}: it is no plain text. Save it as text (.txt) in UTF-8.",
    result_exists="{path} exists and stays as it is. Choose another name with --out.",
    unfinished=(
        "There is an unfinished training of that name ({work}). Go on with --resume or throw it "
        "away with --restart."
    ),
    nothing_to_resume="There is no unfinished training in {work}.",
    changed=(
        "The unfinished training was begun with other values of: {names}. Repeat the same "
        "command, or throw it away with --restart."
    ),
    not_enough_disk="Too little room on the disk for {path}: {needed} MB needed, {free} MB free.",
    disk_full="The disk became full while writing {path}. Make room and go on with --resume.",
    unknown_size="There is no size “{size}”. There are: {known}, or LAYERSxWIDTH, such as 6x384.",
    base_model="Cannot start from “{base}”: {reason}",
    diverged="The training diverged at step {step}. Try a smaller --learning-rate.",
    parameter="{name}: {value} is not valid; it must be between {minimum} and {maximum}.",
    option_texts="Folder with .txt or .txt.xz files.",
    option_out="Name of the new model, or a folder.",
    option_model="Which model to start from; without it, the one in use.",
    option_new="Start from nothing, with a vocabulary of its own.",
    option_size="From nothing: mini, small, medium or LAYERSxWIDTH.",
    option_vocabulary="From nothing: tokens of the vocabulary.",
    option_context="Window in tokens.",
    option_minutes="Time of the training, in minutes.",
    option_passes="Times that each text is read, at most.",
    option_learning_rate="Peak learning rate.",
    option_lora="Train LoRA adapters only; without it, by size.",
    option_resume="Go on with an interrupted training.",
    option_restart="Throw an interrupted one away and begin again.",
)
