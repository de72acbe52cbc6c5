-- The three highest bids on each auction in ten seconds.
CREATE TABLE sink (window_start TIMESTAMP(3), auction BIGINT, bidder BIGINT, price BIGINT, place BIGINT)
WITH ('connector' = 'blackhole');

INSERT INTO sink
SELECT window_start, auction, bidder, price, place
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, auction ORDER BY price DESC) AS place
  FROM TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)
)
WHERE place <= 3;
