-- A table that is not there.
SELECT * FROM nowhere;
