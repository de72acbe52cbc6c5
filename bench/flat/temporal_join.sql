-- Bids with the newest of a thousand offers at their time: a versioned view whose versions follow one another for ever.
CREATE VIEW offer AS
SELECT offer, seller, category, `dateTime`
FROM (
  SELECT
    MOD(id, 1000) AS offer, seller, category, `dateTime`,
    ROW_NUMBER() OVER (PARTITION BY MOD(id, 1000) ORDER BY `dateTime` DESC) AS place
  FROM auction
)
WHERE place = 1;

CREATE TABLE sink (offer BIGINT, price BIGINT, seller BIGINT, category BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO sink
SELECT b.offer, b.price, o.seller, o.category
FROM (SELECT MOD(auction, 1000) AS offer, price, `dateTime` FROM bid) AS b
JOIN offer FOR SYSTEM_TIME AS OF b.`dateTime` AS o ON b.offer = o.offer;
