-- PI and E.
SELECT PI(), E(), PI, TYPEOF(PI()), TYPEOF(E());
