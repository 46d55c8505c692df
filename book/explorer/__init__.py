"""The live explorer: a page that runs the models in the reader's browser, and what it is built from."""
