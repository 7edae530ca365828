-- Every audit row waits for its seal from the moment it is written, in the writer's own transaction: no number and no
-- transaction id is read later, so a row that commits late is not skipped. Rows of before wait too.
CREATE FUNCTION sealing_note_rows() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO sealing_waiting (entry_id) SELECT id FROM written;
    RETURN NULL;
END
$function$;
CREATE TRIGGER audit_rows_wait_for_their_seal AFTER INSERT ON audit_auditentry
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION sealing_note_rows();
INSERT INTO sealing_waiting (entry_id) SELECT id FROM audit_auditentry;
