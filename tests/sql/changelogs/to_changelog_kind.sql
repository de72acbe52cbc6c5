-- There are four operations.
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

CREATE VIEW counts AS SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction;
CREATE VIEW c (op, id, name) AS VALUES ('INSERT', 1, 'a'), ('INSERT', 2, 'b'), ('UPDATE_BEFORE', 1, 'a'), ('UPDATE_AFTER', 1, 'aa'), ('DELETE', 2, 'b');
CREATE VIEW d (id, o, name) AS VALUES (1, 'c', 'a'), (2, 'r', 'b'), (1, 'ub', 'a'), (1, 'ua', 'aa'), (2, 'd', 'b');
SELECT * FROM TO_CHANGELOG(input => TABLE counts, op_mapping => MAP['INSRT', 'I']);
