-- The event time comes out of a nested row.
CREATE TABLE bids (
  id INT, head ROW<key STRING, `at` TIMESTAMP(3)>,
  t AS head.`at`,
  WATERMARK FOR t AS t - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nested_time.json', 'format' = 'json');
SELECT window_start, COUNT(*) AS c, MAX(head.key) AS k
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(t), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
