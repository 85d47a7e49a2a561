"""The public functions, a file a theme: each takes a method (or its name, or a plain update rule) to the layer that knows."""
