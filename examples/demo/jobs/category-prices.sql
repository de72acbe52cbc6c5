-- What sellers ask for, by category and minute. Ready to be deployed: it writes files.
INSERT INTO category_prices
SELECT
  window_start,
  category,
  COUNT(*) AS auctions,
  MIN(initial_bid) AS lowest,
  CAST(AVG(initial_bid) AS BIGINT) AS average,
  MAX(initial_bid) AS highest
FROM TUMBLE(TABLE auctions, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, category;
