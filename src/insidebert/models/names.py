"""What a model's name says: random or not, a folder or a Hub id, a revision, options of the draw."""

import os
import re
from pathlib import Path

from insidebert.errors import InputError
from insidebert.models.embedded import EMBEDDED

HUB_FILES = [
    *("config.json", "model.safetensors", "model.safetensors.index.json", "model-*.safetensors"),
    *("tokenizer*.json", "vocab*", "merges.txt", "special_tokens_map.json", "added_tokens.json"),
]


def with_random(names: list[str]) -> list[str]:
    """The models and, behind them, the twin with random weights of each one that is not random itself."""
    return [*names, *(f"random:{name}" for name in names if not name.startswith("random:"))]


def absolute(name: str) -> str:
    """The same name, with the folder in it (if it is one) made absolute."""
    random, base, revision, options = parts_of(name)
    if base in EMBEDDED or not folder_at(base):
        return name
    written = f"{folder_at(base)}@{revision}" if revision else str(folder_at(base))
    return ("random:" if random else "") + written + (f"#{options}" if options else "")


def parts_of(name: str | Path) -> tuple[bool, str, str, str]:
    """Whether random; the name or folder; the revision; the options."""
    if not isinstance(name, str | Path):
        raise InputError(f"model name {name!r} is not text; put it in quotes")
    random, base, revision, options = str(name).startswith("random:"), str(name).removeprefix("random:"), "", ""
    marks = True
    if "#" in base and not folder_at(base):
        base, _, options = base.rpartition("#")
        marks = bool(options)
    if "@" in base and not folder_at(base):
        base, _, revision = base.partition("@")
        marks = marks and bool(revision)
    if not base or not marks:
        raise InputError(f"model name {name!r} cannot be read; write [random:]NAME[@REVISION][#seed=N,embeddings=new]")
    return random, base, revision, options


def folder_at(name: str) -> Path | None:
    """The folder of that name, absolute, if there is one."""
    path = os.path.expanduser(name)  # noqa: PTH111 - unlike Path's, it never raises
    return Path(path).resolve() if name and os.path.isdir(path) else None  # noqa: PTH112


def draw_of(name: str, options: str) -> dict:
    """How random weights are drawn: fields of a Source."""
    draw = {"weights": "random"}
    for option in options.split(",") if options else []:
        key, _, value = option.partition("=")
        if key == "seed" and re.fullmatch("[0-9]{1,9}", value):
            draw["seed"] = int(value)
        elif key == "embeddings" and value in ("kept", "new"):
            draw["keep_embeddings"] = value == "kept"
        else:
            raise InputError(f"model {name!r}: {option!r} is not an option; there are seed=N and embeddings=kept|new")
    return draw


def hub_snapshot(name: str, revision: str) -> Path:
    """Folder of a Hub model in the Hub's cache, downloaded first if need be.

    Raises:
        InputError: no such model, or no way to it.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

    known = f"known here without a network: {', '.join(EMBEDDED)}; a local folder or a Hub id works too"
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=HUB_FILES))
    except HFValidationError:
        raise InputError(f"model {name!r} is neither a folder nor a possible Hub id; {known}") from None
    except (LocalEntryNotFoundError, OfflineModeIsEnabled):
        raise InputError(
            f"model {name!r} is not embedded, not a folder and not in the Hub's cache, and the Hub is out of reach "
            f"from here; {known}"
        ) from None
    except HfHubHTTPError as error:
        why = error.response.status_code if error.response is not None else error
        raise InputError(f"model {name!r}: the Hub answers {why}; check the id and the revision; {known}") from None
