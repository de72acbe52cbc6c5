-- The event time through projections: which columns stay event times.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE VIEW v AS SELECT `at` AS a, CAST(`at` AS TIMESTAMP(3)) AS b, `at` + INTERVAL '1' SECOND AS c, `at` AS d FROM bids;
DESCRIBE v;
