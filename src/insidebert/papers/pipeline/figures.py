"""The paper's figures and what later work puts beside them, with what is seen in each."""

from insidebert.papers import artifacts

ARTIFACTS = artifacts("pipeline")
