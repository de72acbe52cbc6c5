-- Every bid of more than ninety million, as it comes. Run it and rows arrive at once.
SELECT event_time, auction, bidder, price, channel
FROM bids
WHERE price > 90000000;
