"""Families of joint distributions with known mutual information, and the meta-distributions made of them."""
