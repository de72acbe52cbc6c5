-- IS_ALPHA, IS_DIGIT and IS_DECIMAL look at every character.
SELECT id, IS_ALPHA(s) AS a, IS_DIGIT(s) AS d, IS_DECIMAL(s) AS n
FROM (VALUES (1, 'abc'), (2, '123'), (3, '1.5'), (4, '-1.5'), (5, ''), (6, 'a1'), (7, 'é'), (8, '1e5'), (9, CAST(NULL AS STRING)), (10, ' 1')) AS t (id, s);
