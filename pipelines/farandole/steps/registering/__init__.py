"""From a judged model to a registered version, its alias and its report."""
