-- What each bidder does between two pauses of ten seconds.
CREATE TABLE sink (window_start TIMESTAMP(3), window_end TIMESTAMP(3), bidder BIGINT, bids BIGINT, highest BIGINT)
WITH ('connector' = 'blackhole');

INSERT INTO sink
SELECT window_start, window_end, bidder, COUNT(*), MAX(price)
FROM SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, bidder;
