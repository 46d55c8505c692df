"""One package per paper: its sentences, its measurements, its figures and its claims."""
