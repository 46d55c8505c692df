"""The one exception that a reader is meant to see."""


class InputError(ValueError):
    """Something that was given cannot be used; the message names it, its place and the way out."""


class NotebookError(RuntimeError):
    """A cell of a notebook failed; the message names notebook, cell and error."""
