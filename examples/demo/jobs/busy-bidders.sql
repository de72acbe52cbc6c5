-- Who bids again and again: a session ends when its bidder pauses for five seconds.
SELECT
  bidder,
  window_start AS began,
  window_end AS ended,
  COUNT(*) AS bids,
  SUM(price) AS offered
FROM SESSION(TABLE bids PARTITION BY bidder, DESCRIPTOR(event_time), INTERVAL '5' SECOND)
GROUP BY bidder, window_start, window_end
HAVING COUNT(*) >= 10;
