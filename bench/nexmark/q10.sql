-- Bids to files, in a folder for each minute.
CREATE TABLE sink (
  auction BIGINT, bidder BIGINT, price BIGINT, bid_time TIMESTAMP(3), extra STRING, dt STRING, hm STRING
) PARTITIONED BY (dt, hm) WITH (${files});

INSERT INTO sink
SELECT
  auction, bidder, price, `dateTime`, extra,
  DATE_FORMAT(`dateTime`, 'yyyy-MM-dd'), DATE_FORMAT(`dateTime`, 'HH-mm')
FROM bid;
