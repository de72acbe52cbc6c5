-- A CAST whose text is no number fails when the row is computed.
SELECT CAST(s AS INT) FROM (VALUES ('1'), ('abc')) AS t (s);
