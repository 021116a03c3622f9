# What scripts/build puts into PREFIX.
