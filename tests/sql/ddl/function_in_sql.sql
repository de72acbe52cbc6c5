-- Functions that are written in SQL are ours.
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

CREATE FUNCTION taxed(amount DECIMAL(10, 2), rate INT) RETURNS DECIMAL(10, 2) RETURN CAST(amount * (100 + rate) / 100 AS DECIMAL(10, 2));
CREATE TEMPORARY FUNCTION IF NOT EXISTS label(a STRING, n INT) RETURNS STRING LANGUAGE SQL RETURN UPPER(a) || '-' || CAST(n AS STRING);
CREATE FUNCTION twice(x BIGINT) RETURNS BIGINT RETURN x + x;
CREATE FUNCTION four_times(x BIGINT) RETURNS BIGINT RETURN twice(TWICE(x));
SELECT id, taxed(price, 19) AS t, Label(auction, quantity) AS l, four_times(id) AS f FROM bids WHERE twice(quantity) > 3;
SELECT auction, twice(SUM(quantity)) AS s, twice(NULL) AS n FROM bids GROUP BY auction HAVING four_times(COUNT(*)) > 8;
SELECT id, default_catalog.default_database.twice((SELECT MAX(quantity) FROM bids)) AS m FROM bids WHERE id < 3;
CREATE VIEW v AS SELECT twice(id) AS x FROM bids;
CREATE DATABASE other;
USE other;
SELECT x FROM default_database.v WHERE x > 15;
USE default_database;
SHOW USER FUNCTIONS;
SHOW CREATE FUNCTION four_times;
SHOW CREATE FUNCTION label;
DESCRIBE FUNCTION EXTENDED twice;
DROP FUNCTION four_times;
DROP TEMPORARY FUNCTION label;
SHOW USER FUNCTIONS;
