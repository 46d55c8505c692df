"""insidebert: three papers on what BERT learns, rebuilt figure by figure."""

__version__ = "0.1.0"
