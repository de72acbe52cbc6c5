-- A decimal with more digits after the point than in all.
SELECT CAST(1 AS DECIMAL(3, 5));
