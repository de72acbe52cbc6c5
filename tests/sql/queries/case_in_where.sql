-- CASE, IN and BETWEEN in WHERE.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id FROM bids WHERE CASE WHEN auction = 'a' THEN price > 12 WHEN auction = 'b' THEN quantity = 2 END;
SELECT id FROM bids WHERE auction IN ('b', 'c') AND quantity BETWEEN 2 AND 3;
