"""The paper's figures and tables, and what is seen in each."""

from insidebert.papers import artifacts

ARTIFACTS = artifacts("open_sesame")
