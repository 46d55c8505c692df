"""Families of encoders: where transformers' code of each keeps what the measurements look at."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

import torch
from torch import nn
from transformers import PreTrainedModel


@dataclass(frozen=True)
class Family:
    """A kind of encoder. Paths are names of attributes, joined by dots.

    Args:
        encoder: transformers' class, without a head.
        layers: path from the encoder to its layers.
        output: path from a layer to the map that each head's values go through.
        head: paths from transformers' masked-language model to what makes logits of states, in order.
        pooler: whether the encoder may be built without one.
        project: path from the encoder to the map from its embeddings to the width of its layers, if there is one.
        from_padding: positions are counted from behind the number of the padding piece.
        by_hand: path from a layer to the module that computes attention without transformers' attention interface.
        values: path from that module to the map that makes values.
        values_of: what that map gives -> values [B, heads, T, width of a head]; None where it need only be parted.
        maps_dropout: path from a layer to the dropout on attention maps.
        shared: layers share their weights, so none of them can be frozen or trained alone.
        final: what stands behind the last layer, if anything does.
        first_only: path from the encoder to what runs behind its first layer alone.
        honoured: fields of a configuration that the code reads though its configuration class does not declare them.
        fixed: field -> the only value that the code here, or this package, can measure.
    """

    encoder: str
    layers: str = "encoder.layer"
    output: str = "attention.output.dense"
    head: tuple[str, ...] = ("lm_head",)
    pooler: bool = True
    project: str = ""
    from_padding: bool = False
    by_hand: str = ""
    values: str = ""
    values_of: Callable[[nn.Module, torch.Tensor], torch.Tensor] | None = None
    maps_dropout: str = "attention.self.dropout"
    shared: bool = False
    final: str = ""
    first_only: str = ""
    honoured: tuple[str, ...] = ()
    fixed: tuple[tuple[str, object], ...] = ()

    @property
    def implementation(self) -> str:
        """How attention is computed when nobody looks at it."""
        return "eager" if self.by_hand else "sdpa"


def _deberta_values(attention: nn.Module, projected: torch.Tensor) -> torch.Tensor:
    """DeBERTa's queries, keys and values come from one map, head by head; the values' bias is a weight of its own."""
    values = _by_head(projected, attention.num_attention_heads).chunk(3, dim=-1)[2]
    return values + _by_head(attention.v_bias[None, None], attention.num_attention_heads)


def _by_head(states: torch.Tensor, heads: int) -> torch.Tensor:
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


DEBERTA_FIELDS = ("position_buckets", "share_att_key", "norm_rel_ebd", "embedding_size")

FAMILIES = {
    "bert": Family("BertModel", head=("cls",)),
    "distilbert": Family(
        "DistilBertModel",
        layers="transformer.layer",
        output="attention.out_lin",
        head=("vocab_transform", "activation", "vocab_layer_norm", "vocab_projector"),
        pooler=False,
        maps_dropout="attention.dropout",
    ),
    "roberta": Family("RobertaModel", from_padding=True),
    "xlm-roberta": Family("XLMRobertaModel", from_padding=True),
    "camembert": Family("CamembertModel", from_padding=True),
    "electra": Family(
        "ElectraModel",
        head=("generator_predictions", "generator_lm_head"),
        pooler=False,
        project="embeddings_project",
    ),
    "mpnet": Family(
        "MPNetModel",
        output="attention.attn.o",
        from_padding=True,
        by_hand="attention.attn",
        values="v",
        maps_dropout="attention.attn.dropout",
        fixed=(("pad_token_id", 1), ("relative_attention_num_buckets", 32)),
    ),
    "albert": Family(
        "AlbertModel",
        layers="encoder.albert_layer_groups",
        output="attention.dense",
        head=("predictions",),
        project="encoder.embedding_hidden_mapping_in",
        maps_dropout="attention.attention_dropout",
        shared=True,
        fixed=(("inner_group_num", 1),),
    ),
    "deberta": Family(
        "DebertaModel",
        head=("cls",),
        pooler=False,
        by_hand="attention.self",
        values="in_proj",
        values_of=_deberta_values,
        honoured=DEBERTA_FIELDS,
        fixed=(("talking_head", False), ("legacy", True)),
    ),
    "deberta-v2": Family(
        "DebertaV2Model",
        head=("cls",),
        pooler=False,
        by_hand="attention.self",
        values="value_proj",
        first_only="encoder.conv",
        honoured=(*DEBERTA_FIELDS, "conv_kernel_size", "conv_act", "conv_groups"),
        fixed=(("attention_head_size", None), ("legacy", True)),
    ),
    "modernbert": Family(
        "ModernBertModel",
        layers="layers",
        output="attn.Wo",
        head=("head", "decoder"),
        pooler=False,
        maps_dropout="attn.attention_dropout",
        final="final_norm",
        honoured=("global_attn_every_n_layers", "global_rope_theta", "local_rope_theta", "rope_scaling"),
    ),
}
"""transformers' name of a family -> what is known of it; `book/families.md` shows them."""

OTHERS = {
    "longformer": "attends within windows and from a few global pieces, so it has no map of all pieces",
    "big_bird": "attends to blocks of pieces, some of them drawn at random, so it has no map of all pieces",
    "reformer": "attends within hashed buckets, so it has no map of all pieces",
    "nystromformer": "approximates its maps, which are never computed",
    "funnel": "pools its sequence between layers, so a word has no place in the upper ones",
    "fnet": "mixes pieces by a Fourier transform and has no attention",
    "convbert": "computes a part of its heads by convolution, which has no map",
    "mobilebert": "mixes every piece with its neighbours before the first layer, padding among them, so its numbers "
    "depend on the batch",
    "xlnet": "puts its [CLS] behind a sentence, where every measurement here expects it in front",
}
"""Encoders that cannot be measured, and why."""


def family_of(encoder: PreTrainedModel) -> Family:
    """The family that an encoder belongs to."""
    return FAMILIES[encoder.config.model_type]


def layers_of(encoder: PreTrainedModel) -> list[nn.Module]:
    """The layers in the order in which they run; a shared one as often as it runs."""
    family, count = family_of(encoder), encoder.config.num_hidden_layers
    found = attrgetter(family.layers)(encoder)
    if family.shared:
        return [found[int(i / (count / len(found)))].albert_layers[0] for i in range(count)]
    return list(found)


def values_of(encoder: PreTrainedModel, attention: nn.Module, projected: torch.Tensor) -> torch.Tensor:
    """[B, T, width] as a module's map of values gave them -> [B, heads, T, width of a head]."""
    own = family_of(encoder).values_of
    return own(attention, projected) if own else _by_head(projected, attention.num_attention_heads)


def projected(encoder: PreTrainedModel, embeddings: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """Embeddings behind the map to the width of the layers, where a family's embeddings are narrower."""
    path = family_of(encoder).project
    if not path or (path == "embeddings_project" and not hasattr(encoder, path)):  # ELECTRA has one only if needed
        return embeddings
    project = attrgetter(path)(encoder)
    return lambda ids: project(embeddings(ids))
