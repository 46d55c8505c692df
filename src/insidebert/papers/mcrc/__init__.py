"""The multiple-choice reading-comprehension paper: stories, questions and what gives the answers away."""
