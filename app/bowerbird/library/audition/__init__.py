"""Use cases of auditioning sounds."""
