"""How any guarded action is planned, gated, run, journalled, resumed and reported."""
