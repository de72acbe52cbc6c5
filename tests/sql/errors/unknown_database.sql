-- A database that is not there.
SELECT * FROM nowhere.t;
