-- Sines, cosines and their kin, in radians.
SELECT id, SIN(x) AS s, COS(x) AS c, TAN(x) AS t, COT(x) AS ct, ATAN(x) AS a, SINH(x) AS sh, COSH(x) AS ch, TANH(x) AS th, DEGREES(x) AS deg, RADIANS(x) AS rad
FROM (VALUES (1, 1.0e0), (2, -0.5e0), (3, 3.14159e0), (4, CAST(NULL AS DOUBLE))) AS t (id, x);
SELECT ASIN(1), ACOS(1), ASIN(0.5), ACOS(0.5), ATAN2(1, -1), ATAN2(0, 0), PI(), E(), ASIN(2), SIN(0), COS(0), DEGREES(PI()), RADIANS(180);
