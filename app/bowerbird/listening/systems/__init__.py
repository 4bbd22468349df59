"""Systems that a listening test compares: encoders and their variants, imported rankings, random order."""
