-- TRY_CAST of texts to integers: blanks are cut, fractions truncated, overflow and nonsense are NULL.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, s, TRY_CAST(s AS TINYINT) AS t, TRY_CAST(s AS SMALLINT) AS sm, TRY_CAST(s AS INT) AS i, TRY_CAST(s AS BIGINT) AS l FROM texts;
