"""One file a step. The newest one's revision stands in ``radloop.store.database.NEWEST``."""
