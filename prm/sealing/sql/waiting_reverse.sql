DROP TRIGGER audit_rows_wait_for_their_seal ON audit_auditentry;
DROP FUNCTION sealing_note_rows();
