DROP TRIGGER rebates_serials_mark ON orders_serialmoved;
DROP FUNCTION rebates_mark_of_serials();
