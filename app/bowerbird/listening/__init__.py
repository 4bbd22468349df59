"""Listening tests: designed, built, rated, merged, analysed and reported."""
