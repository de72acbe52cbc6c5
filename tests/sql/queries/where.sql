-- WHERE with comparisons, AND, OR, NOT and brackets.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id FROM bids WHERE (auction = 'a' OR auction = 'c') AND NOT quantity > 1;
SELECT id FROM bids WHERE price >= 12 AND price < 20.5;
SELECT id FROM bids WHERE `at` >= TIMESTAMP '2024-03-01 10:00:20' AND `at` < '2024-03-01 10:01:06';
SELECT id FROM bids WHERE FALSE;
SELECT id FROM bids WHERE id = 1 OR TRUE;
