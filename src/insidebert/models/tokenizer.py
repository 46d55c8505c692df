"""A checkpoint's tokenizer as its files describe it: nothing is made up, and nothing is left to a default."""

import json
import re
from pathlib import Path

import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from insidebert.errors import InputError
from insidebert.models.families import FAMILIES

SPECIAL = {
    "cls": ("[CLS]", "<s>"),
    "sep": ("[SEP]", "</s>"),
    "pad": ("[PAD]", "<pad>"),
    "mask": ("[MASK]", "<mask>"),
    "unk": ("[UNK]", "<unk>"),
}
"""What a special piece is called where the files do not say."""

CASING = (("do_lower_case", "A", "a"), ("strip_accents", "é", "e"), ("tokenize_chinese_chars", "中", " 中 "))
MARK = re.compile(r"\[.+\]|<.+>")
BYTE_PAIRS = ("roberta", "deberta", "modernbert")
FILE_DECIDES = ("PreTrainedTokenizerFast", "TokenizersBackend")
PROBES = (("The girl's cats, 1999.",), ("中文 naïve ☃",), ("[x] <y> $5",))


def brief(error: BaseException) -> str:
    """What a library's error says, cut to one line of a message."""
    return " ".join(str(error).split())[:100]


def read_object(path: Path) -> dict:
    """A JSON object from a file.

    Raises:
        InputError: it is not UTF-8, not JSON, too deep, or something other than an object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(f"{path} is not JSON ({brief(error)}); save the checkpoint again") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} holds {json.dumps(found)[:20]} and no JSON object; save the checkpoint again")
    return found


def read_tokenizer(folder: Path, config: PreTrainedConfig) -> PreTrainedTokenizerFast:
    """The tokenizer of a checkpoint folder: tokenizer.json as it stands, or what its vocabulary files define.

    Raises:
        InputError: there is none, it is written in Python, its files contradict each other, or it does not fit the
            encoder.
    """
    stated = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        stated |= read_object(folder / name) if (folder / name).is_file() else {}
    _refuse_code(folder, stated)
    if (folder / "tokenizer.json").is_file():
        backend = _guarded(folder / "tokenizer.json", lambda: Tokenizer.from_file(str(folder / "tokenizer.json")))
        if stated.get("tokenizer_class") not in FILE_DECIDES:
            _same_casing(folder, backend, stated)
    elif (folder / "vocab.txt").is_file() and config.model_type not in BYTE_PAIRS:
        backend = _wordpiece(folder / "vocab.txt", stated)
    elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        backend = _guarded(folder / "vocab.json", lambda: _byte_pairs(folder, stated))
    else:
        raise InputError(
            f"{folder} has no tokenizer (tokenizer.json, vocab.txt, or vocab.json and merges.txt); copy those of the "
            "model that was trained, or tokenizer.save_pretrained() them there"
        )
    _same_pieces(folder, backend, stated)
    return fitting(backend, {role: _piece(stated.get(f"{role}_token")) for role in SPECIAL}, config, str(folder))


def fitting(backend: Tokenizer, stated: dict, config: PreTrainedConfig, where: str) -> PreTrainedTokenizerFast:
    """A fast tokenizer for an encoder, which the two are first compared for.

    Args:
        backend: kept, not copied.
        stated: role -> special piece, or None where the files do not say.
        where: a folder or a model's name, for messages.

    Raises:
        InputError: a special piece is missing, a piece has no embedding, or sentences do not begin and end as they
            should.
    """
    vocabulary = backend.get_vocab(with_added_tokens=True)
    beyond = sorted((i, piece) for piece, i in vocabulary.items() if i >= config.vocab_size)
    if beyond:
        raise InputError(
            f"{where}: the tokenizer has {len(beyond)} pieces more than the {config.vocab_size} embeddings "
            f"({beyond[0][1][:40]!r} is number {beyond[0][0]}); call resize_token_embeddings() and save the "
            "model again, or copy the tokenizer that is the model's"
        )
    pieces = {role: stated.get(role) or _present(names, vocabulary) for role, names in SPECIAL.items()}
    for role, piece in pieces.items():
        if piece not in vocabulary and (role != "unk" or not isinstance(backend.model, models.BPE)):
            said = f"{piece} is not in the vocabulary" if piece else f"no {' or '.join(SPECIAL[role])}"
            raise InputError(f"{where}: the tokenizer has no {role} piece ({said}); state it in tokenizer_config.json")
    cls, sep, pad, mask = (vocabulary[pieces[role]] for role in ("cls", "sep", "pad", "mask"))
    if len({cls, sep, pad, mask}) < 4:
        raise InputError(f"{where}: two special pieces of the tokenizer are one ({pieces}); name them apart")
    if FAMILIES[config.model_type].from_padding and pad != config.pad_token_id:
        raise InputError(
            f"{where}: the tokenizer pads with piece {pad}, config.json says pad_token_id {config.pad_token_id}, from "
            "which positions are counted; make them the same"
        )
    backend.no_truncation()
    backend.no_padding()
    backend.encode_special_tokens = True  # a [SEP] that stands in a text is text
    one, two, *_ = _guarded(where, lambda: [backend.encode(*texts).ids for texts in (("a",), ("a", "b"), *PROBES)])
    if (one[0], one[-1], two[0], two[-1]) != (cls, sep, cls, sep) or two.count(sep) < 2:
        raise InputError(
            f"{where}: the tokenizer does not put {pieces['cls']} and {pieces['sep']} round a sentence and between "
            "two; its tokenizer.json lacks the post-processor, save it with the model's own tokenizer class"
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        split_special_tokens=True,
        model_max_length=config.max_position_embeddings,
        **{f"{role}_token": piece for role, piece in pieces.items() if piece in vocabulary},
    )


def blanks_between(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Whether words that come one by one need a blank in front, from the second on, to be cut as in a running text.

    So it is for byte-level pieces whose file has `add_prefix_space: false`.
    """
    backend = tokenizer.backend_tokenizer
    text = backend.encode("a b", add_special_tokens=False).ids
    return text != backend.encode(["a", "b"], is_pretokenized=True, add_special_tokens=False).ids


def _refuse_code(folder: Path, stated: dict) -> None:
    if stated.get("auto_map"):
        raise InputError(f"{folder}/tokenizer_config.json asks to run its own code (auto_map); that is never done here")
    name = stated.get("tokenizer_class")
    known = getattr(transformers, name, None) if isinstance(name, str) else None
    if name is None or name in FILE_DECIDES or (known is not None and issubclass(known, PreTrainedTokenizerFast)):
        return
    raise InputError(
        f"{folder}: its tokenizer {name} is written in Python and cannot tell which piece belongs to which word; "
        "measure a model with a fast tokenizer, or save one for this model as tokenizer.json (PreTrainedTokenizerFast)"
    )


def _same_casing(folder: Path, backend: Tokenizer, stated: dict) -> None:
    for field, probe, changed in CASING:
        does = backend.normalizer is not None and backend.normalizer.normalize_str(probe) == changed
        says = stated.get(field) if isinstance(backend.model, models.WordPiece) else None
        if isinstance(says, bool) and says != does:
            raise InputError(
                f"{folder}: tokenizer_config.json says {field} {says}, tokenizer.json does the opposite; "
                "correct the one that is not how the model was trained"
            )


def _same_pieces(folder: Path, backend: Tokenizer, stated: dict) -> None:
    """Every other file that lists pieces lists the same."""
    listed = read_object(folder / "added_tokens.json") if (folder / "added_tokens.json").is_file() else {}
    more = stated.get("added_tokens_decoder") or {}
    if isinstance(more, dict):
        listed |= {_piece(piece): int(i) for i, piece in more.items() if str(i).isascii() and str(i).isdigit()}
    if (folder / "vocab.txt").is_file():
        listed |= {piece: i for i, piece in enumerate(_lines(folder / "vocab.txt"))}
    for piece, number in listed.items():
        found = backend.token_to_id(piece) if isinstance(piece, str) else None
        if found != number:
            raise InputError(
                f"{folder}: its files disagree about piece {piece!r}: number {number} in one of vocab.txt, "
                f"added_tokens.json and tokenizer_config.json, {found} in the tokenizer; keep what belongs together"
            )


def _wordpiece(path: Path, stated: dict) -> Tokenizer:
    lines = _lines(path)
    vocabulary = {piece: i for i, piece in enumerate(lines)}
    special = {role: _piece(stated.get(f"{role}_token")) or names[0] for role, names in SPECIAL.items()}
    lower = stated.get("do_lower_case")
    if not isinstance(lower, bool):
        capitals = [piece for piece in lines if piece != piece.lower() and not MARK.fullmatch(piece)]
        if capitals:
            raise InputError(
                f"{path} has capital letters ({capitals[0]!r}) and nothing says whether the model was trained on cased "
                'text; write {"do_lower_case": false} or true into tokenizer_config.json beside it'
            )
        lower = True
    if special["unk"] not in vocabulary:
        raise InputError(f"{path} has no {special['unk']} for unknown words; it is not the vocabulary of a BERT")
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token=special["unk"]))
    backend.normalizer = normalizers.BertNormalizer(
        lowercase=lower,
        strip_accents=stated.get("strip_accents"),
        handle_chinese_chars=stated.get("tokenize_chinese_chars", True),
    )
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    if special["cls"] in vocabulary and special["sep"] in vocabulary:
        ends = [(special[role], vocabulary[special[role]]) for role in ("sep", "cls")]
        backend.post_processor = processors.BertProcessing(*ends)
    return _with_added(path.parent, backend)


def _byte_pairs(folder: Path, stated: dict) -> Tokenizer:
    backend = Tokenizer(models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt")))
    prefix = bool(stated.get("add_prefix_space", False))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    backend.decoder = decoders.ByteLevel()
    ends = [(piece, backend.token_to_id(piece) or 0) for piece in ("</s>", "<s>")]
    backend.post_processor = processors.RobertaProcessing(*ends, add_prefix_space=prefix)
    return _with_added(folder, backend)


def _with_added(folder: Path, backend: Tokenizer) -> Tokenizer:
    if (folder / "added_tokens.json").is_file():
        added = read_object(folder / "added_tokens.json")
        backend.add_tokens(sorted((piece for piece in added if isinstance(added[piece], int)), key=added.get))
    return backend


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").rstrip("\n").split("\n")
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path} is not text in UTF-8 ({error}); copy it again") from None


def _piece(stated) -> str | None:
    found = stated.get("content") if isinstance(stated, dict) else stated
    return found if isinstance(found, str) else None


def _present(names: tuple[str, ...], vocabulary: dict) -> str | None:
    return next((name for name in names if name in vocabulary), None)


def _guarded(where, run):
    """What the tokenizer library returns; its errors, which are of no kind of their own, become messages."""
    try:
        return run()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # it panics with something that is no Exception
        raise InputError(f"{where}: this tokenizer cannot be used ({brief(error)}); save it again") from None
