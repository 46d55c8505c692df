"""Models for the browser: an encoder as an ONNX graph that tells its maps, and its weights stored small."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import torch
from torch import nn

from book.explorer.weights import shrunk
from insidebert.errors import InputError
from insidebert.files import write_whole
from insidebert.models.attention import LayerAttention, output_projections, reducible
from insidebert.models.loading import Model
from insidebert.models.masked_lm import load_mlm_head

OPSET = 21
OUTPUTS = ("maps", "states", "norms", "logits")


class Told(nn.Module):
    """An encoder that tells its maps, in which heads can be switched off.

    The inputs are `ids` [1, T], `heads` [layers, heads], 1 where a head is on and 0 where what it moves is left out
    (Michel et al. 2019), and `places` [K], the pieces that the masked-language-model head is asked about. The outputs
    are `maps` [layers, heads, T, T], where each head looks, also one that is off; `states` [layers + 1, T, width];
    `norms` [layers, heads, T] of the values behind the output map; and `logits` [K, vocabulary].

    Args:
        model: of a family that goes through transformers' attention interface.
        head: last hidden state -> logits; without one, `logits` is [K, 0].
    """

    def __init__(self, model: Model, head: nn.Module | None):
        super().__init__()
        self.encoder, self.head = model.encoder, head
        self.gram = [part @ part.transpose(1, 2) for part in output_projections(model.encoder)]

    def forward(self, ids: torch.Tensor, heads: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, ...]:
        maps, norms = [], []

        def look(query, key, value, mask, scaling):
            layer = LayerAttention(len(maps), query, key, value, mask, scaling)
            maps.append(layer.maps)
            norms.append(torch.linalg.vecdot(value @ self.gram[layer.index], value).clamp(min=0).sqrt())
            vars(layer)["maps"] = layer.maps * heads[layer.index][None, :, None, None]  # what is moved
            return layer

        with reducible(self.encoder):
            output = self.encoder(input_ids=ids, output_hidden_states=True, reduce=look)
        states = torch.cat(output.hidden_states)
        asked = states[-1].index_select(0, places)
        logits = asked[:, :0] if self.head is None else self.head(asked)
        return torch.cat(maps), states, torch.cat(norms), logits


def export(model: Model, files: dict[str, Path]) -> None:
    """Write a model for the browser.

    Args:
        model: trained or a random twin.
        files: how matrices are stored, as for `weights.shrunk` -> the `.onnx` file.

    Raises:
        InputError: the storage would change weights that it must not.
    """
    graph = exported(Told(model, head_of(model)).eval())
    for storage, path in files.items():
        content = shrunk(graph, storage).SerializeToString()
        write_whole(path, lambda scratch, content=content: scratch.write_bytes(content))


def head_of(model: Model) -> nn.Module | None:
    """The masked-language-model head, if there is one; a random twin has none."""
    if model.source.weights == "random":
        return None
    try:
        return load_mlm_head(model)
    except InputError:
        return None


def exported(told: Told):
    """The graph in float32, of any length: an `onnx.ModelProto`."""
    layers, heads = told.encoder.config.num_hidden_layers, told.encoder.config.num_attention_heads
    inputs = torch.arange(1000, 1009)[None], torch.ones(layers, heads), torch.tensor([3, 4])
    length, asked = torch.export.Dim("pieces", min=2, max=512), torch.export.Dim("asked", min=1, max=512)
    with torch.no_grad(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        program = torch.onnx.export(
            told,
            inputs,
            dynamo=True,
            opset_version=OPSET,
            input_names=["ids", "heads", "places"],
            output_names=list(OUTPUTS),
            dynamic_shapes={"ids": {1: length}, "heads": {}, "places": {0: asked}},
            external_data=False,
            verbose=False,
        )
    return program.model_proto


def session(path: Path):
    """An exported model in ONNX Runtime on this machine, as the page opens it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # weights become floats once, when loaded
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run(opened, ids: list[int], heads: np.ndarray | None = None, places: tuple[int, ...] = (0,)) -> dict:
    """What an exported model tells of one sentence.

    Args:
        opened: as `session` gives it.
        ids: [T] pieces, special ones included where they are wanted.
        heads: [layers, heads] 1 for on, 0 for off; all on where it is None.
        places: [K] pieces asked about.

    Returns:
        Name of OUTPUTS -> array.
    """
    shape = next(given.shape for given in opened.get_inputs() if given.name == "heads")
    heads = np.ones(shape) if heads is None else heads
    given = {"ids": np.array([ids]), "heads": heads.astype(np.float32), "places": np.array(places)}
    return dict(zip(OUTPUTS, opened.run(list(OUTPUTS), given), strict=True))
