-- A function that is not there.
SELECT FROBNICATE(1);
