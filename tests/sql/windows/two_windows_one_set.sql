-- Two window queries over one source in one statement set.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TABLE tens (ws TIMESTAMP(3), bids BIGINT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/tens', 'format' = 'csv');
CREATE TABLE minutes (ws TIMESTAMP(3), auction STRING, bids BIGINT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/minutes', 'format' = 'csv');
EXECUTE STATEMENT SET
BEGIN
INSERT INTO tens SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
INSERT INTO minutes SELECT window_start, auction, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, auction;
END;
SELECT * FROM tens;
SELECT * FROM minutes;
