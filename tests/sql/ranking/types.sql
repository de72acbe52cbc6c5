-- Orders by columns of all types.
CREATE TABLE bids (
  id INT,
  auction STRING,
  price DOUBLE,
  quantity SMALLINT,
  `at` TIMESTAMP(6)
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY auction DESC, price) AS rn FROM bids) WHERE rn <= 3;
SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY `at` DESC) AS rn FROM bids) WHERE rn <= 3;
SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY price > 12, quantity DESC, id) AS rn FROM bids) WHERE rn <= 3;
SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY CAST(`at` AS DATE), TRIM(auction) || CAST(10 - quantity AS STRING), id) AS rn FROM bids) WHERE rn <= 3;
SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY quantity, auction ORDER BY -price) AS rn FROM bids) WHERE rn <= 2;
