/** This machine cannot write the copy: no space, no right, too many open files. */
export function isLocalFault(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT|EACCES|EPERM|EROFS|EMFILE|ENFILE)$/.test((error as { code?: string }).code ?? '');
}

/** What to do about it. */
export const localRemedy = 'Free space for temporary files, or give another folder for them by the variable TMPDIR.';
