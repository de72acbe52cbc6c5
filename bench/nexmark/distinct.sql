-- Distinct bidders and auctions of every ten seconds.
CREATE TABLE sink (
  window_start TIMESTAMP(3), window_end TIMESTAMP(3), bids BIGINT, bidders BIGINT, auctions BIGINT
) WITH (${sink});

INSERT INTO sink
SELECT
  window_start, window_end, COUNT(*) AS bids,
  COUNT(DISTINCT bidder) AS bidders, COUNT(DISTINCT auction) AS auctions
FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
