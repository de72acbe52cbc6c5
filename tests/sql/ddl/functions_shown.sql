-- User functions: SHOW USER FUNCTIONS is empty at first.
SHOW USER FUNCTIONS;
