"""What the program says in a terminal: help, start-up, progress, and why it could not start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsoleTexts:
    """Sentences of the command line.

    Attributes:
        about: What the program is.
        help_*: What a command does.
        option_*: What an option or argument does.
        no_token: From the page's address to the greeting of a start without a token.
        token_ready: From the bot's user name to the greeting of a start with one.
        owner_link: From the link to the sentence that invites its owner.
        loading_model: From the model's name to a progress bar's label.
        model_ready: The model can write now.
        stopping: Said when the program was asked to stop.
        stopped: Said last.
        bad_settings: From ``(variable, reason)`` pairs to a sentence.
        unknown_settings: From names to a warning.
        bad_token: Telegram refused the token.
        port_taken: From the port to a sentence.
        key_missing: From the address to a sentence.
        model_not_found: From model and reason to a sentence.
        database_failed: From address and reason to a sentence.
        backup_*: Answers of ``redactor backup`` and ``restore``; ``backup_failed`` is from what is
            in the way and its subject.
        check_*: Headings, words and sentences of ``redactor check-service``; ``check_capability``
            is from a capability's name to what it is and what the bot does without it.
        telegram_unreachable: From the reason to a sentence, said while it is tried again.
        already_running: Another process is the front of this bot.
        standing_by: Another process is the front of this bot, and is waited for.
        not_installed: From the package that is missing to a sentence.
        startup_failed: From a reason to a sentence, for what has none of its own.
        write_no_topic: No topic came on the command line or on standard input.
        write_failed: From a reason to a sentence.
        write_saved: From the file to a sentence.
        write_not_saved: From the file and the reason to a sentence.
        service_failed: From the service's address and the reason to a sentence.
        service_slow: Said while an answer is waited for.
        bad_value: From option, least and greatest value to a sentence.
        models_*: Headings and answers of ``redactor models``.
    """

    about: str
    help_run: str
    help_write: str
    help_serve: str
    help_models: str
    help_models_list: str
    help_models_download: str
    help_models_remove: str
    help_train: str
    help_backup: str
    help_restore: str
    help_check_service: str
    option_topic: str
    option_words: str
    option_style: str
    option_seed: str
    option_temperature: str
    option_top_p: str
    option_top_k: str
    option_repetition_penalty: str
    option_candidates: str
    option_model: str
    option_out: str
    option_host: str
    option_port: str
    option_uds: str
    option_version: str
    option_model_id: str
    option_yes: str
    option_backup: str
    option_service: str
    no_token: Callable[[str], str]
    token_ready: Callable[[str], str]
    owner_link: Callable[[str], str]
    loading_model: Callable[[str], str]
    model_ready: str
    stopping: str
    stopped: str
    bad_settings: Callable[[list[tuple[str, str]]], str]
    unknown_settings: Callable[[list[str]], str]
    bad_token: str
    port_taken: Callable[[int], str]
    key_missing: Callable[[str], str]
    model_not_found: Callable[[str, str], str]
    database_failed: Callable[[str, str], str]
    backup_made: Callable[[str], str]
    backup_question: Callable[[str, str], str]
    backup_restored: Callable[[str], str]
    backup_not_restored: str
    backup_failed: Callable[[str, str], str]
    check_title: Callable[[str], str]
    check_headings: tuple[str, str, str]
    check_yes: str
    check_no: str
    check_unknown: str
    check_capability: Mapping[str, tuple[str, str]]
    telegram_unreachable: Callable[[str], str]
    already_running: str
    standing_by: str
    not_installed: Callable[[str], str]
    startup_failed: Callable[[str], str]
    write_no_topic: str
    write_failed: Callable[[str], str]
    write_saved: Callable[[str], str]
    write_not_saved: Callable[[str, str], str]
    service_failed: Callable[[str, str], str]
    service_slow: str
    bad_value: Callable[[str, float | None, float | None], str]
    models_title: str
    models_name: str
    models_size: str
    models_where: str
    models_current: str
    models_embedded: str
    models_downloaded: Callable[[str, str], str]
    models_removed: Callable[[str, str], str]
    models_remove_question: Callable[[str, str], str]
    models_kept: str
    models_embedded_stays: str
    models_good_title: str
    models_good_headings: tuple[str, ...]
    models_good_caption: str
    models_fits: str
    models_offer: Callable[[str, str], str]
    models_how_to_use: Callable[[str], str]


SPANISH = ConsoleTexts(
    about="Redactor: un bot de Telegram que escribe redacciones con un GPT-2 para toda la clase.",
    help_run="Pone en marcha el bot (o, sin token, la página de prueba).",
    help_write="Escribe una redacción en la terminal.",
    help_serve="Pone en marcha solo el servicio que escribe (protocolo de OpenAI).",
    help_models="Los modelos: ver, descargar, quitar.",
    help_models_list="Muestra los modelos que hay y lo que ocupan.",
    help_models_download="Descarga un modelo de Hugging Face.",
    help_models_remove="Borra un modelo del disco.",
    help_train="Enseña a un GPT-2 con tus propios textos.",
    help_backup="Copia la base de datos en un archivo, también con el bot en marcha.",
    help_restore="Pone una copia en el lugar de la base de datos, con el bot parado.",
    help_check_service="Dice qué sabe hacer un servicio y sin qué se queda el bot.",
    option_topic="El tema; sin él, un tema por línea de la entrada estándar.",
    option_words="Longitud en palabras.",
    option_style="Tipo de texto.",
    option_seed="Semilla: la misma da el mismo texto.",
    option_temperature="Creatividad, de 0 a 2.",
    option_top_p="Parte de la probabilidad entre la que se elige.",
    option_top_k="Número de palabras entre las que se elige; 0 = todas.",
    option_repetition_penalty="Cuánto se evita repetir; 1 = nada.",
    option_candidates="Borradores de cada frase, de los que queda el mejor.",
    option_model="embedded, un nombre de Hugging Face o una carpeta.",
    option_out="Archivo en el que guardar el texto.",
    option_host="Dirección en la que escuchar.",
    option_port="Puerto en el que escuchar.",
    option_uds="Socket Unix en lugar de dirección y puerto.",
    option_version="Muestra la versión y termina.",
    option_model_id="Nombre en Hugging Face, como DeepESP/gpt2-spanish.",
    option_yes="No preguntar.",
    option_service="Dirección del servicio, como http://localhost:8000.",
    option_backup="Archivo de la copia.",
    no_token=lambda address: (
        "No hay token de Telegram, así que Redactor funciona en tu navegador, sin cuenta "
        "ni internet:\n\n"
        f"    {address}\n\n"
        "Para usarlo en Telegram: escribe /newbot a @BotFather, copia el token que te da en un "
        "archivo .env con la línea REDACTOR_TELEGRAM_TOKEN=… y vuelve a empezar."
    ),
    token_ready=lambda name: f"El bot está en marcha: https://t.me/{name}",
    owner_link=lambda link: (
        "Todavía no tiene dueño. Abre este enlace con tu cuenta de Telegram y será tuyo "
        f"(sirve una sola vez):\n\n    {link}\n"
    ),
    loading_model=lambda model: f"Cargando el modelo {model}",
    model_ready="El modelo está listo.",
    stopping="Cerrando: lo que está en la cola se guarda para la próxima vez…",
    stopped="Hasta pronto.",
    bad_settings=lambda problems: (
        "Hay ajustes que no valen. Corrígelos en .env o en el entorno y vuelve a empezar:\n"
        + "\n".join(f"    {name}: {reason}" for name, reason in problems)
    ),
    unknown_settings=lambda names: (
        f"No conozco estos ajustes y no los uso: {', '.join(names)}. Los que hay están en "
        ".env.example."
    ),
    bad_token=(
        "Telegram no reconoce el token. Cópialo otra vez de @BotFather a "
        "REDACTOR_TELEGRAM_TOKEN en .env, entero y sin espacios."
    ),
    port_taken=lambda port: (
        f"El puerto {port} está ocupado. Cierra el programa que lo usa o elige otro, por "
        f"ejemplo REDACTOR_PLAYGROUND_PORT={port + 1} (con redactor serve, --port {port + 1})."
    ),
    key_missing=lambda host: (
        f"En {host}, cualquiera que llegue a este ordenador podría usar el modelo y ocuparlo del "
        "todo. Inventa una clave, ponla en REDACTOR_GENERATION_API_KEY, aquí y en el bot, y "
        "vuelve a empezar; o quita --host."
    ),
    model_not_found=lambda model, reason: (
        f"No se puede cargar el modelo {model}: {reason}\n"
        "Con `redactor models` ves los que hay; `embedded` está siempre."
    ),
    database_failed=lambda url, reason: (
        f"No se puede abrir la base de datos {url}: {reason}\n"
        "Comprueba REDACTOR_DATABASE_URL y que se puede escribir en REDACTOR_DATA_DIR."
    ),
    backup_made=lambda file: f"La copia de seguridad está en {file}. Guárdala como los datos.",
    backup_question=lambda database, file: (
        f"Se cambiará todo lo que hay en {database} por la copia {file}; lo que vino después se "
        "pierde. ¿Seguir?"
    ),
    backup_restored=lambda file: f"Ya está todo como en {file}. Pon en marcha el bot.",
    backup_not_restored="No se ha cambiado nada.",
    backup_failed=lambda problem, subject: {
        "no_database": f"Todavía no hay base de datos en {subject}.",
        "is_the_database": (
            f"{subject} es la propia base de datos. Elige otro archivo para la copia."
        ),
        "not_a_backup": (
            f"{subject} no es una copia entera de una base de datos de Redactor de este tipo."
        ),
        "no_program": (
            f"Falta {subject}, que viene con PostgreSQL (en Debian, el paquete postgresql-client)."
        ),
        "failed": f"No se ha podido, y nada ha cambiado: {subject}",
    }[problem],
    check_title=lambda model: f"Lo que sabe hacer el servicio (modelo {model})",
    check_headings=("Capacidad", "", "Sin ella, el bot…"),
    check_yes="sí",
    check_no="no",
    check_unknown="no se ve",
    check_capability={
        "streaming": ("envía el texto mientras lo escribe", "lo enseña entero, al final"),
        "seed": ("respeta la semilla", "no puede repetir un texto con su receta"),
        "stop": ("para donde se le dice", "corta él mismo lo que sobra"),
        "top_k": ("elige entre los k tokens más probables", "no aplica ese ajuste de /config"),
        "logprobs": ("dice qué palabras son probables", "no puede enseñar probabilidades"),
        "cancellation": (
            "deja de escribir cuando se cancela",
            "cancela igual, pero el servicio sigue ocupado un rato",
        ),
        "tokens": ("enseña cómo corta un texto", "no puede enseñar los tokens"),
        "sentence_candidates": (
            "escribe varios borradores de cada frase",
            "se queda con el primero",
        ),
    },
    telegram_unreachable=lambda reason: (
        f"No se llega a Telegram ({reason}). Sigo intentándolo; comprueba la conexión a internet."
    ),
    already_running=(
        "Este bot ya está en marcha en otro proceso, y solo puede atenderlo uno a la vez."
    ),
    standing_by="Este bot ya está en marcha en otro proceso. Espero aquí y lo relevo si falta.",
    not_installed=lambda package: (
        f"Falta {package}: aquí solo está instalado el bot, sin lo necesario para escribir y "
        "entrenar. Pon en REDACTOR_GENERATION_URL la dirección de un servicio en marcha, o "
        "instala lo demás desde la carpeta del programa: pip install ."
    ),
    startup_failed=lambda reason: f"No se ha podido empezar: {reason}",
    write_no_topic='Falta el tema. Por ejemplo: redactor write "El mar es hermoso"',
    write_failed=lambda reason: f"No se ha podido escribir la redacción: {reason}",
    write_saved=lambda file: f"Guardado en {file}",
    write_not_saved=lambda file, reason: f"No se puede guardar en {file}: {reason}",
    service_failed=lambda address, reason: (
        f"El servicio de {address} no contesta como debe ({reason}). Comprueba que está en marcha "
        "y que REDACTOR_GENERATION_URL, REDACTOR_GENERATION_API_KEY y REDACTOR_MODEL son los "
        "suyos."
    ),
    service_slow="El servicio todavía no ha escrito nada; sigo esperando. Con Ctrl-C lo dejas.",
    bad_value=lambda name, least, greatest: (
        f"--{name.replace('_', '-')} tiene que estar entre {least:g} y {greatest:g}."
    ),
    models_title="Modelos",
    models_name="Modelo",
    models_size="En disco",
    models_where="Dónde",
    models_current="en uso",
    models_embedded="incluido",
    models_downloaded=lambda model, size: f"{model} está descargado ({size}).",
    models_removed=lambda model, size: f"{model} ya no está; se liberan {size}.",
    models_remove_question=lambda model, size: f"¿Borrar {model} ({size})?",
    models_kept="No se ha borrado nada.",
    models_embedded_stays="El modelo incluido forma parte del programa y no se puede borrar.",
    models_good_title="Buenos modelos para descargar",
    models_good_headings=(
        "Modelo",
        "Escribe",
        "Licencia",
        "Descarga",
        "Memoria",
        "Tokens/s aquí",
        "",
    ),
    models_good_caption=(
        "Memoria y velocidad están calculadas. Se descargan con redactor models download MODELO."
    ),
    models_fits="va bien aquí",
    models_offer=lambda model, size: (
        f"Este ordenador puede con un modelo mayor, {model}. ¿Lo descargo ({size})? Solo pregunto "
        "una vez; sin él sigo con el incluido."
    ),
    models_how_to_use=lambda model: (
        f"Para usarlo, pon en .env la línea REDACTOR_MODEL={model} y arranca otra vez."
    ),
)

ENGLISH = ConsoleTexts(
    about="Redactor: a Telegram bot that writes essays with a GPT-2 shared by a whole class.",
    help_run="Start the bot (or, without a token, the playground page).",
    help_write="Write an essay to the terminal.",
    help_serve="Start only the service that writes (OpenAI protocol).",
    help_models="Models: list, download, remove.",
    help_models_list="Show the models there are and the disk space they take.",
    help_models_download="Download a model from Hugging Face.",
    help_models_remove="Delete a model from the disk.",
    help_train="Teach a GPT-2 with your own texts.",
    help_backup="Copy the database into a file, also while the bot runs.",
    help_restore="Put a backup in the place of the database, while the bot is stopped.",
    help_check_service="Tell what a service can do, and what the bot will do without.",
    option_topic="The topic; without it, one topic a line from standard input.",
    option_words="Length in words.",
    option_style="Kind of text.",
    option_seed="Seed: the same one gives the same text.",
    option_temperature="Creativity, 0 to 2.",
    option_top_p="Share of the probability to choose from.",
    option_top_k="Number of tokens to choose from; 0 = all.",
    option_repetition_penalty="How much repetition is avoided; 1 = not at all.",
    option_candidates="Drafts of each sentence, of which the best is kept.",
    option_model="embedded, a Hugging Face name, or a folder.",
    option_out="File to save the text to.",
    option_host="Address to listen on.",
    option_port="Port to listen on.",
    option_uds="Unix socket instead of address and port.",
    option_version="Show the version and exit.",
    option_model_id="Name on Hugging Face, such as DeepESP/gpt2-spanish.",
    option_yes="Do not ask.",
    option_service="Address of the service, such as http://localhost:8000.",
    option_backup="File of the backup.",
    no_token=lambda address: (
        "There is no Telegram token, so Redactor runs in your browser, without account or "
        "internet:\n\n"
        f"    {address}\n\n"
        "To use it in Telegram: write /newbot to @BotFather, copy the token it gives you into a "
        "file .env with the line REDACTOR_TELEGRAM_TOKEN=… and start again."
    ),
    token_ready=lambda name: f"The bot is running: https://t.me/{name}",
    owner_link=lambda link: (
        "It has no owner yet. Open this link with your Telegram account and it is yours "
        f"(it works once):\n\n    {link}\n"
    ),
    loading_model=lambda model: f"Loading the model {model}",
    model_ready="The model is ready.",
    stopping="Stopping: what is in the queue is kept for the next time…",
    stopped="See you soon.",
    bad_settings=lambda problems: (
        "Some settings are wrong. Correct them in .env or in the environment and start again:\n"
        + "\n".join(f"    {name}: {reason}" for name, reason in problems)
    ),
    unknown_settings=lambda names: (
        f"These settings are unknown and not used: {', '.join(names)}. .env.example lists those "
        "there are."
    ),
    bad_token=(
        "Telegram does not know the token. Copy it again from @BotFather to "
        "REDACTOR_TELEGRAM_TOKEN in .env, whole and without spaces."
    ),
    port_taken=lambda port: (
        f"Port {port} is taken. Close the program that uses it or choose another one, for "
        f"example REDACTOR_PLAYGROUND_PORT={port + 1} (with redactor serve, --port {port + 1})."
    ),
    key_missing=lambda host: (
        f"On {host}, anybody who reaches this computer could use the model and keep it busy. "
        "Make up a key, put it into REDACTOR_GENERATION_API_KEY, here and for the bot, and start "
        "again; or leave --host out."
    ),
    model_not_found=lambda model, reason: (
        f"The model {model} cannot be loaded: {reason}\n"
        "`redactor models` lists those there are; `embedded` is always there."
    ),
    database_failed=lambda url, reason: (
        f"The database {url} cannot be opened: {reason}\n"
        "Check REDACTOR_DATABASE_URL, and that REDACTOR_DATA_DIR can be written to."
    ),
    backup_made=lambda file: f"The backup is in {file}. Keep it as safe as the data.",
    backup_question=lambda database, file: (
        f"Everything in {database} will be replaced by the backup {file}; what came after it is "
        "lost. Go on?"
    ),
    backup_restored=lambda file: f"Everything is as in {file} again. Start the bot.",
    backup_not_restored="Nothing was changed.",
    backup_failed=lambda problem, subject: {
        "no_database": f"There is no database at {subject} yet.",
        "is_the_database": (
            f"{subject} is the database itself. Choose another file for the backup."
        ),
        "not_a_backup": (
            f"{subject} is not a whole backup of a database of Redactor of this kind."
        ),
        "no_program": (
            f"{subject} is missing; it comes with PostgreSQL (Debian: postgresql-client)."
        ),
        "failed": f"That failed, and nothing was changed: {subject}",
    }[problem],
    check_title=lambda model: f"What the service can do (model {model})",
    check_headings=("Capability", "", "Without it, the bot…"),
    check_yes="yes",
    check_no="no",
    check_unknown="cannot be seen",
    check_capability={
        "streaming": ("sends the text while it is written", "shows it whole, at the end"),
        "seed": ("keeps to the seed", "cannot repeat a text by its recipe"),
        "stop": ("stops where it is told to", "cuts off itself what is too much"),
        "top_k": ("draws from the k likeliest tokens", "ignores that setting of /config"),
        "logprobs": ("tells which words are likely", "cannot show probabilities"),
        "cancellation": (
            "stops writing when it is cancelled",
            "cancels all the same, and the service stays busy for a while",
        ),
        "tokens": ("shows how it cuts a text", "cannot show the tokens"),
        "sentence_candidates": (
            "writes several drafts of each sentence",
            "takes the first one",
        ),
    },
    telegram_unreachable=lambda reason: (
        f"Telegram cannot be reached ({reason}). I keep trying; check the internet connection."
    ),
    already_running="Another process runs this bot already, and only one at a time can.",
    standing_by="Another process runs this bot. I wait here, and take over when it is gone.",
    not_installed=lambda package: (
        f"{package} is missing: only the bot is installed here, without what writing and "
        "training need. Put the address of a running service into REDACTOR_GENERATION_URL, or "
        "install the rest from the program's folder: pip install ."
    ),
    startup_failed=lambda reason: f"Cannot start: {reason}",
    write_no_topic='A topic is missing. For example: redactor write "The sea is beautiful"',
    write_failed=lambda reason: f"The essay could not be written: {reason}",
    write_saved=lambda file: f"Saved to {file}",
    write_not_saved=lambda file, reason: f"Cannot save to {file}: {reason}",
    service_failed=lambda address, reason: (
        f"The service at {address} does not answer as it should ({reason}). Check that it is "
        "running, and REDACTOR_GENERATION_URL, REDACTOR_GENERATION_API_KEY and REDACTOR_MODEL."
    ),
    service_slow="The service has not written anything yet; I keep waiting. Ctrl-C ends it.",
    bad_value=lambda name, least, greatest: (
        f"--{name.replace('_', '-')} must be between {least:g} and {greatest:g}."
    ),
    models_title="Models",
    models_name="Model",
    models_size="On disk",
    models_where="Where",
    models_current="in use",
    models_embedded="included",
    models_downloaded=lambda model, size: f"{model} has been downloaded ({size}).",
    models_removed=lambda model, size: f"{model} is gone; {size} are free again.",
    models_remove_question=lambda model, size: f"Delete {model} ({size})?",
    models_kept="Nothing was deleted.",
    models_embedded_stays="The included model is part of the program and cannot be deleted.",
    models_good_title="Good models to download",
    models_good_headings=(
        "Model",
        "Writes",
        "Licence",
        "Download",
        "Memory",
        "Tokens/s here",
        "",
    ),
    models_good_caption=(
        "Memory and speed are reckoned. Fetch one with redactor models download MODEL."
    ),
    models_fits="runs well here",
    models_offer=lambda model, size: (
        f"This computer can run a larger model, {model}. Download it ({size})? I only ask once; "
        "without it I go on with the included one."
    ),
    models_how_to_use=lambda model: (
        f"To use it, put the line REDACTOR_MODEL={model} into .env and start again."
    ),
)
