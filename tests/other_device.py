"""A device that is not there: tensors on it compute like any other, but refuse company on the CPU, as a GPU's do."""

import copy

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

DEVICE = torch.device("meta")


class Away(torch.Tensor):
    """A tensor that says it is on DEVICE; its numbers are in `here`."""

    @staticmethod
    def __new__(cls, here: torch.Tensor):
        made = torch.Tensor._make_wrapper_subclass(
            cls, here.shape, strides=here.stride(), dtype=here.dtype, device=DEVICE, requires_grad=here.requires_grad
        )
        made.here = here
        return made

    def __getitem__(self, place):
        # torch would make the index of a list on the device itself, where the double cannot write numbers
        return super().__getitem__(torch.tensor(place) if isinstance(place, list) else place)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


class OtherDevice(TorchDispatchMode):
    """Inside, `.to(DEVICE)` moves a tensor away, `.cpu()` moves it back, and the two kinds do not mix."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


def run(func, args, kwargs):
    tensors = [t for t in torch.utils._pytree.tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
    away = any(isinstance(t, Away) for t in tensors)
    name = func._schema.name
    strangers = [t for t in tensors if not isinstance(t, Away) and t.ndim]
    if name in ("aten::index", "aten::index_put_"):
        strangers = strangers if not isinstance(args[0], Away) else []  # indices may come from the CPU
    if away and strangers and name not in ("aten::copy_", "aten::_to_copy"):
        raise RuntimeError(f"{name}: Expected all tensors to be on the same device, found {DEVICE} and cpu")
    wanted = kwargs.get("device")
    if wanted is not None and torch.device(wanted) == DEVICE:
        away, kwargs = True, kwargs | {"device": torch.device("cpu")}
    elif wanted is not None:
        away = False
    elif name == "aten::copy_":
        away = isinstance(args[0], Away)
    if name == "aten::_local_scalar_dense":
        away = False
    owners = {id(t.here): t for t in tensors if isinstance(t, Away)}
    found = func(*tree_map(_here, args), **tree_map(_here, kwargs))
    return tree_map(
        lambda t: owners.get(id(t)) if id(t) in owners else Away(t) if away and isinstance(t, torch.Tensor) else t,
        found,
    )


def _here(value):
    return value.here if isinstance(value, Away) else value


def moved(encoder: torch.nn.Module) -> torch.nn.Module:
    """A copy of an encoder that lives on DEVICE."""
    encoder = copy.deepcopy(encoder)
    for module in encoder.modules():
        for name, weight in module._parameters.items():
            if weight is not None:
                module._parameters[name] = torch.nn.Parameter(Away(weight.detach()), weight.requires_grad)
        for name, buffer in module._buffers.items():
            module._buffers[name] = buffer if buffer is None else Away(buffer)
    return encoder
