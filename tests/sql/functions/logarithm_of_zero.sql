-- Logarithms of zero and below.
SELECT id, LN(x) AS ln_, LOG10(x) AS l10, LOG2(x) AS l2 FROM (VALUES (1, 0.0e0), (2, -1.0e0)) AS t (id, x);
