"""All artifacts of the paper."""

from insidebert.papers import artifacts

ARTIFACTS = artifacts("qa_layers")
