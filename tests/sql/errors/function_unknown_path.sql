-- Nor by its path.
SELECT default_catalog.default_database.nope(1);
