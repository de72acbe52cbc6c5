-- The highest price of every ten seconds (the inner part of the benchmark's query 7).
CREATE TABLE sink (maxprice BIGINT, window_start TIMESTAMP(3), window_end TIMESTAMP(3)) WITH (${sink});

INSERT INTO sink
SELECT MAX(price) AS maxprice, window_start, window_end
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
