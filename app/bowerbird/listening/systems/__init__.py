"""Systems that a listening test compares: encoders and their variants, foreign rankings, chance."""
