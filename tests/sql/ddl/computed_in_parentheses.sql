-- Parentheses at the ends of an expression belong to it.
CREATE TABLE bids (
  id INT,
  price DECIMAL(10, 2),
  quantity INT,
  total AS price * (quantity + 1),
  twice AS (quantity + quantity) * 2,
  around AS (quantity),
  pair AS ((id + 1)),
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS (`at` - INTERVAL '1' SECOND)
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');
SHOW CREATE TABLE bids;
SELECT id, total, twice, around, pair FROM bids;
ALTER TABLE bids ADD (more AS (id + 2) * (id + 3));
SELECT more FROM bids WHERE id < 3;
CREATE TABLE late (
  id INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - (INTERVAL '1' SECOND + INTERVAL '2' SECOND)
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');
SHOW CREATE TABLE late;
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
