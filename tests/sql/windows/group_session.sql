-- The older SESSION in GROUP BY.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

SELECT
  SESSION_START(`at`, INTERVAL '5' SECOND) AS ws,
  SESSION_END(`at`, INTERVAL '5' SECOND) AS we,
  SESSION_ROWTIME(`at`, INTERVAL '5' SECOND) AS wt,
  `user`,
  COUNT(*) AS clicks
FROM clicks
GROUP BY SESSION(`at`, INTERVAL '5' SECOND), `user`;
