/** True for errors of this machine rather than the database: the temporary copy cannot be written (no space, no permission, too many open files). */
export function isLocalFault(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT|EACCES|EPERM|EROFS|EMFILE|ENFILE)$/.test((error as { code?: string }).code ?? '');
}

/** The remedy for a local fault. */
export const localRemedy = 'Free disk space for temporary files, or set TMPDIR to a folder on another disk.';
