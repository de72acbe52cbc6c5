-- How the large channels do: thirty seconds of bids, told anew every five.
SELECT
  window_end,
  channel,
  COUNT(*) AS bids,
  CAST(AVG(price) AS BIGINT) AS average,
  MAX(price) AS highest
FROM HOP(TABLE bids, DESCRIPTOR(event_time), INTERVAL '5' SECOND, INTERVAL '30' SECOND)
WHERE channel IN ('Apple', 'Google', 'Facebook', 'Baidu')
GROUP BY window_start, window_end, channel;
