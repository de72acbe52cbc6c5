-- The winning bid of each auction: the best row of a join.
CREATE TABLE sink (
  id BIGINT, itemName STRING, seller BIGINT, category BIGINT, expires TIMESTAMP(3),
  bidder BIGINT, price BIGINT, bid_time TIMESTAMP(3), bid_extra STRING, PRIMARY KEY (id) NOT ENFORCED
) WITH (${sink});

INSERT INTO sink
SELECT id, itemName, seller, category, expires, bidder, price, bid_time, bid_extra
FROM (
  SELECT
    a.id, a.itemName, a.seller, a.category, a.expires,
    b.bidder, b.price, b.`dateTime` AS bid_time, b.extra AS bid_extra,
    ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC) AS place
  FROM auction AS a, bid AS b
  WHERE a.id = b.auction AND b.`dateTime` BETWEEN a.`dateTime` AND a.expires
)
WHERE place <= 1;
