"""Noise in the gradient: minibatches of the data's rows, added noise, and what they do to a method, exactly."""
