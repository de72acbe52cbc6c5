-- The auctions with the most bids of each ten seconds, every two seconds: a join of two window aggregations.
CREATE TABLE sink (auction BIGINT, bids BIGINT) WITH (${sink});

CREATE VIEW counted AS
SELECT auction, COUNT(*) AS bids, window_start, window_end
FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
GROUP BY auction, window_start, window_end;

INSERT INTO sink
SELECT c.auction, c.bids
FROM counted AS c
JOIN (
  SELECT MAX(bids) AS most, window_start, window_end FROM counted GROUP BY window_start, window_end
) AS m
ON c.window_start = m.window_start AND c.window_end = m.window_end AND c.bids >= m.most;
