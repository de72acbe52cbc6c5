-- How many bids every auction drew in each ten seconds, and the highest, for `oceanus deploy`. The tables are the
-- job's own; `top_auctions` is a folder among the files of the workspace.
CREATE TEMPORARY TABLE top_bids (
  auction BIGINT, price BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'datagen', 'rows-per-second' = '500', 'fields.auction.min' = '1', 'fields.auction.max' = '20');

CREATE TEMPORARY TABLE top_auctions (window_start TIMESTAMP(3), auction BIGINT, bids BIGINT, highest BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'top_auctions', 'format' = 'json');

INSERT INTO top_auctions
SELECT window_start, auction, COUNT(*) AS bids, MAX(price) AS highest
FROM TUMBLE(TABLE top_bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, auction;
