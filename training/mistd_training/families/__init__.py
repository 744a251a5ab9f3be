"""Meta-distributions: families of joint distributions whose mutual information is known exactly."""
