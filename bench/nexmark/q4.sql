-- The average of the winning prices of each category: an average of maxima over a join.
CREATE TABLE sink (category BIGINT, average BIGINT, PRIMARY KEY (category) NOT ENFORCED) WITH (${sink});

INSERT INTO sink
SELECT category, AVG(final_price) AS average
FROM (
  SELECT MAX(b.price) AS final_price, a.category
  FROM auction AS a, bid AS b
  WHERE a.id = b.auction AND b.`dateTime` BETWEEN a.`dateTime` AND a.expires
  GROUP BY a.id, a.category
)
GROUP BY category;
