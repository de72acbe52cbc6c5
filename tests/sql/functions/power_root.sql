-- POWER, SQRT, EXP and the logarithms.
SELECT id, POWER(x, 2) AS p2, POWER(x, 0.5) AS ph, SQRT(x) AS s, EXP(x) AS e, LN(x) AS ln_, LOG10(x) AS l10, LOG2(x) AS l2, LOG(2, x) AS lb, LOG(x) AS l
FROM (VALUES (1, 4.0e0), (2, 1.0e0), (3, 100.0e0), (4, 0.5e0), (5, CAST(NULL AS DOUBLE))) AS t (id, x);
SELECT POWER(2, 10), POWER(2.5, 2), SQRT(2), SQRT(-1), EXP(1), LN(2.5), LOG10(1000), TYPEOF(POWER(2, 2)), POWER(0, 0), POWER(-8, 1.0 / 3);
