"""Listening tests: designed, frozen, rated, joined and reported."""
