"""Methods under noise and on minibatches: second moments, stability in mean square, ensembles of runs."""
