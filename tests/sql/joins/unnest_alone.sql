-- The elements of a collection as a table.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  p AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT y FROM UNNEST(ARRAY[1, 2, 3]) AS u (y);
SELECT y * 2 AS z FROM UNNEST(ARRAY[1, 2, 3]) AS u (y) WHERE y > 1;
SELECT k, v FROM UNNEST(MAP['a', 1, 'b', 2]) AS u (k, v);
SELECT b.id FROM UNNEST(ARRAY[1, 2, 3]) AS u (y) JOIN bids b ON b.id = u.y;
