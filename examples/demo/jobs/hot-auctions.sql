-- For every ten seconds the auctions that drew most bids.
--
-- A hundred auctions in a row share one popular one, so a window has twelve of those with some 760 bids each.
-- The list keeps the hottest few of them.
INSERT INTO hot_auctions
SELECT
  window_start,
  auction,
  COUNT(*) AS bids,
  COUNT(DISTINCT bidder) AS bidders,
  MAX(price) AS highest
FROM TUMBLE(TABLE bids, DESCRIPTOR(event_time), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, auction
HAVING COUNT(*) >= 770;
