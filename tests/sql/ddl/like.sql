-- LIKE copies columns, options, watermarks and keys, and adds to them.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TABLE more (extra STRING, worth AS price * quantity) WITH ('path' = '${data}/more_bids.json') LIKE bids;
SHOW CREATE TABLE more;
SELECT id, extra, worth FROM more;
