"""The configuration of an encoder: what its code honours, and no field that would be ignored in silence."""

import math
import re

from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig
from transformers.activations import ACT2FN

from insidebert.errors import InputError
from insidebert.models.families import FAMILIES
from insidebert.models.families import OTHERS as NOT_MEASURED
from insidebert.models.tokenizer import brief

EXACT = ("eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention")
"""Ways to compute the same attention; any other that a configuration asks for may be another attention."""

COMPUTES = re.compile(
    r"auto_map|remote|kernel|position|relative|rope|rotary|alibi|attn|attention|prun|quant|compress|adapter|lora|window"
    r"|sparse|expert|per_layer|layer_types|fusion|norm_first|pre_?norm|transformers_weights|encoder_decoder"
)
"""Fields that change what is computed; those that the code at hand does not know would be ignored in silence."""
OTHERS = re.compile(r"pooler_|summary_|output_|_attn_implementation_autoset|.*dropout")
UNUSED = {"bos_token_id", "eos_token_id", "use_cache", "is_decoder", "add_cross_attention"}
"""Fields of decoders alone."""


def configuration(described: dict, where: str) -> PreTrainedConfig:
    """The configuration of an encoder, made of the fields that its code honours.

    Args:
        described: what config.json holds.
        where: a folder or a model's name, for messages.

    Raises:
        InputError: not a supported encoder, a value that cannot be, or a field that would be ignored although it
            changes what is computed.
    """
    kind = described.get("model_type")
    roles = [field for field in ("is_decoder", "add_cross_attention", "is_encoder_decoder") if described.get(field)]
    if not isinstance(kind, str) or kind not in FAMILIES or roles:
        role = f" with {roles[0]}" if roles else ""
        why = f", which {NOT_MEASURED[kind]}" if isinstance(kind, str) and kind in NOT_MEASURED else ""
        raise InputError(
            f"{where} holds a {kind!r} model{role}{why}; the measurements need an encoder: {', '.join(FAMILIES)}"
        )
    family = FAMILIES[kind]
    default = CONFIG_MAPPING[kind]()
    own = (default.to_dict().keys() - PreTrainedConfig().to_dict().keys()) | {"pad_token_id", "tie_word_embeddings"}
    own = (own | set(family.honoured)) - UNUSED
    for field, only in family.fixed:
        if described.get(field, only) != only:
            said = f"{field} {str(described[field])[:60]!r}"
            raise InputError(f"{where}: config.json says {said}; {kind} can only be measured with {only}")
    aliases = {name: field for name, field in default.attribute_map.items() if field in own}
    fields = {field: value for field, value in described.items() if field in own}
    for field, value in described.items():
        if field in aliases:
            if fields.setdefault(aliases[field], value) != value:
                raise InputError(f"{where}: config.json says {field} {value} and {aliases[field]} otherwise; keep one")
        elif field not in own and not _harmless(field, value):
            raise InputError(
                f"{where}: config.json says {field} {str(value)[:60]!r}, which the encoder here would not honour; "
                "its numbers would not be the model's; take a checkpoint without it"
            )
    heads = aliases.get("num_attention_heads", "num_attention_heads")
    if heads not in fields:
        raise InputError(f"{where}: config.json does not say {heads}; the weights cannot tell it")
    for field, value in fields.items():
        _check_value(field, value, getattr(default, field, None), where)
        if isinstance(getattr(default, field, None), float):
            fields[field] = float(value)
    try:
        config = AutoConfig.for_model(kind, **fields)
    except Exception as error:
        raise InputError(f"{where}: config.json cannot be used ({brief(error)})") from None
    if config.hidden_size % config.num_attention_heads:
        raise InputError(
            f"{where}: {config.num_attention_heads} heads do not divide the width {config.hidden_size}; "
            "correct config.json"
        )
    if config.pad_token_id is None and family.from_padding:
        raise InputError(f"{where}: config.json has no pad_token_id, from which {kind} counts positions")
    if config.pad_token_id is not None and not 0 <= config.pad_token_id < config.vocab_size:
        raise InputError(f"{where}: pad_token_id {config.pad_token_id} is none of {config.vocab_size} pieces")
    return config


def _harmless(field: str, value) -> bool:
    if value in (None, False, 0, -1, "", [], {}) or not COMPUTES.search(field) or OTHERS.match(field):
        return True
    return (field.endswith("attn_implementation") and value in EXACT) or (
        field == "position_embedding_type" and value == "absolute"
    )


def _check_value(field: str, value, default, where: str) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if field == "pad_token_id" or (default is None and value is None):
        right, wanted = value is None or (number and isinstance(value, int)), "a piece's number"
    elif (default is None and "dropout" not in field) or isinstance(default, list | dict):
        right, wanted = True, "what transformers says when it reads it"
    elif isinstance(default, bool):
        right, wanted = isinstance(value, bool), "true or false"
    elif isinstance(default, int):
        least = min(default, 1)
        right, wanted = number and isinstance(value, int) and least <= value < 2**31, f"a number of at least {least}"
    elif isinstance(default, str):
        right, wanted = isinstance(value, str), "text"
        if right and field in ("hidden_act", "activation", "hidden_activation"):
            right, wanted = value in ACT2FN, f"an activation such as {', '.join(list(ACT2FN)[:4])}"
    else:
        most = 1 if "dropout" in field else math.inf
        right, wanted = number and 0 <= value <= most, f"a number from 0 to {most}"
    if not right:
        raise InputError(f"{where}: config.json says {field} {str(value)[:60]!r}; it takes {wanted}")
