-- A window over a timestamp without a watermark.
CREATE TABLE t (id INT, `at` TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');
SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
