"""Weights in .bin to safetensors: `python -m insidebert.models.convert FOLDER NEW_FOLDER`; nothing in them is run."""

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from insidebert.errors import InputError
from insidebert.files import whole_folder
from insidebert.models.checkpoint import read_checkpoint
from insidebert.models.tokenizer import brief, read_object


def convert(folder: Path, target: Path) -> None:
    """Write a checkpoint anew with its weights as safetensors; it appears whole and checked, or not at all.

    Args:
        folder: config.json, the tokenizer's files, and pytorch_model.bin or its shards with their index.
        target: does not exist yet.

    Raises:
        InputError: no such weights, something other than weights in them, or a checkpoint that `load` would refuse.
    """
    if target.exists():
        raise InputError(f"{target} exists already; name a new folder")
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; `hf download MODEL --local-dir FOLDER` fetches one from the Hub")
    weights = {name: tensor for file in _files(folder) for name, tensor in _read(file).items()}
    with whole_folder(target) as scratch:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix in (".json", ".txt") and not path.name.startswith("pytorch_model"):
                shutil.copyfile(path, scratch / path.name)
        save_file(weights, scratch / "model.safetensors", metadata={"format": "pt"})
        try:
            read_checkpoint(scratch)
        except InputError as error:
            raise InputError(str(error).replace(str(scratch), str(folder))) from None


def _files(folder: Path) -> list[Path]:
    index = folder / "pytorch_model.bin.index.json"
    if (folder / "pytorch_model.bin").is_file() or not index.is_file():
        return [folder / "pytorch_model.bin"]
    places = read_object(index).get("weight_map")
    names = sorted({Path(str(name)).name for name in places.values()}) if isinstance(places, dict) else []
    return [folder / name for name in names]


def _read(file: Path) -> dict[str, torch.Tensor]:
    if not file.is_file():
        raise InputError(f"{file} does not exist; there is nothing to convert")
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever its reader stumbles over
        raise InputError(f"{file} holds more than weights or is damaged ({brief(error)}); it is not read") from None
    if not isinstance(found, dict) or not all(isinstance(part, torch.Tensor) for part in found.values()):
        raise InputError(f"{file} does not hold weights by name; save the model's state_dict() in it")
    return {str(name): tensor.detach().clone().contiguous() for name, tensor in found.items()}


def main() -> None:
    """Convert a folder, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("new_folder", type=Path)
    options = parser.parse_args()
    try:
        convert(options.folder, options.new_folder)
    except InputError as error:
        parser.error(str(error))
    print(f"{options.new_folder} is written; it loads by that name")


if __name__ == "__main__":
    main()
