-- TRY_CAST of texts to dates, times and timestamps.
CREATE TABLE texts (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/casts.json', 'format' = 'json');
SELECT id, s, TRY_CAST(s AS DATE) AS d, TRY_CAST(s AS TIME) AS t, TRY_CAST(s AS TIMESTAMP(3)) AS ts3, TRY_CAST(s AS TIMESTAMP(9)) AS ts9, TRY_CAST(s AS TIMESTAMP_LTZ(3)) AS z FROM texts;
