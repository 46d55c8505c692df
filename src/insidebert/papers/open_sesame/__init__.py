"""Open Sesame: Getting Inside BERT's Linguistic Knowledge (Lin, Tan and Frank, 2019; arXiv:1906.01698)."""
